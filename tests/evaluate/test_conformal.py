"""Conformal sets: the limit is a rank, coverage holds on exchangeable images, an answer is in its own set."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from explorer.conformal import given, limits, packed_sets, read_limits, set_sizes, sizes
from explorer.evaluate.conformal import Watcher, write_conformal
from explorer.grain import Grain
from explorer.rules.reading import read_logits
from explorer.trace import Exit, Trace
from tests.data.make_sets import PATH, expected, stored


def test_the_limit_is_the_ceiling_rank_of_n_plus_one():
    true = np.linspace(0.1, 0.9, 9)[:, None]  # N = 9: ceil(10 * 0.9) = 9, the smallest of nine
    assert limits(true, 0.9).tolist() == [pytest.approx(0.1)]
    assert limits(true, 0.8).tolist() == [pytest.approx(0.2)]
    assert limits(true, 0.95).tolist() == [0.0]  # too few images for it: every class is in


def test_new_images_like_those_have_their_class_in_the_set_that_often():
    rng = np.random.default_rng(0)

    def draw(count):
        p = rng.dirichlet(np.full(5, 0.5), count)
        labels = np.array([rng.choice(5, p=row) for row in p])
        return p, labels

    p, labels = draw(2000)
    limit = limits(p[np.arange(2000), labels][:, None], 0.9)
    p, labels = draw(4000)
    held = p[np.arange(4000), labels] >= limit[0]
    assert held.mean() == pytest.approx(0.9, abs=0.02)


def test_a_set_holds_the_answer_itself_even_below_the_limit():
    p = np.array([[[0.4, 0.35, 0.25], [0.9, 0.08, 0.02]]])
    assert sizes(p, np.array([0.5, 0.05])).tolist() == [[1, 2]]
    assert set_sizes(p[0], {"0.9": np.array([0.5, 0.05])}) == {"0.9": [1, 2]}


def test_sets_given_where_images_leave_by_hand():
    packed = packed_sets(np.array([[3, 1], [2, 1], [4, 2]]), np.array([[1, 0], [1, 1], [0, 1]], bool))
    assert packed.tolist() == [[7, 2], [5, 3], [8, 5]]
    found = given(packed, np.array([0, 1, 0]))
    assert (found.size, found.coverage) == (pytest.approx(8 / 3), pytest.approx(2 / 3))
    assert found.sizes.tolist() == [3.5, 1]
    assert found.coverages.tolist() == [0.5, 1]
    assert np.isnan(given(packed, np.array([0, 0, 0])).sizes[1])


def test_the_twin_in_javascript_is_held_to_what_python_computes():
    kept = json.loads(PATH.read_text(encoding="utf-8"))
    assert {key: kept[key] for key in ("packed", "scores")} == stored()
    assert len(kept["cases"]) == 6
    for case in kept["cases"]:
        assert case == expected(stored(), case["thresholds"])


def trace_of(logits) -> Trace:
    exits = (Exit(1, "linear"), Exit(2, "final"))
    zeros = np.zeros(2, np.int64)
    return read_logits(Trace("m", exits, np.float32(logits), zeros, 0, np.zeros(2), 0.0))


def test_what_is_written_is_what_is_read_and_counts_every_test_image(tmp_path):
    grain = Grain("halves", "2 halves", ("low", "high"), np.array([0, 0, 1, 1]))
    model = SimpleNamespace(grains=(grain,), network=SimpleNamespace(addons={}))
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 300)
    logits = rng.normal(0, 1, (300, 2, 4)) + 2 * np.eye(4)[labels][:, None]
    validation = Watcher(model)
    validation(trace_of(logits[:100]), labels[:100])
    test = Watcher(model, validation.limits())
    for start in (100, 200):
        test(trace_of(logits[start : start + 100]), labels[start : start + 100])
    write_conformal(validation, test, tmp_path)

    found, notes = read_limits(tmp_path, 2)
    assert notes == []
    assert found.keys() == {"classes", "halves"}
    facts = json.loads((tmp_path / "conformal.json").read_text())
    assert facts["images"] == {"validation": 100, "test": 200}
    p = np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    true = p[np.arange(300), :, labels]
    with np.load(tmp_path / "conformal.npz") as arrays:
        for coverage, limit in found["classes"].items():
            np.testing.assert_allclose(limit, limits(true[:100], float(coverage)), rtol=1e-5)
            packed = arrays[f"classes@{coverage}"]
            size = np.maximum((p[100:] >= limit[:, None]).sum(axis=-1), 1)
            assert (packed // 2 != size).mean() < 0.01  # a float32's rounding beside a limit
            level = facts["grains"]["classes"][coverage]
            assert level["size"] == pytest.approx((packed // 2).mean(axis=0).tolist(), abs=1e-4)
            assert level["coverage"] == pytest.approx((packed % 2).mean(axis=0).tolist(), abs=1e-5)
            assert min(level["coverage"]) > float(coverage) - 0.08
        assert arrays["halves@0.9"].max() <= 5  # two groups at most


@pytest.mark.parametrize("text", ["{", "[]", '{"grains": {"classes": {"0.9": {"limits": [0.1]}}}}'])
def test_a_file_that_does_not_fit_leaves_the_layer_out_with_a_note(tmp_path, text):
    assert read_limits(tmp_path, 2) == ({}, [])
    (tmp_path / "conformal.json").write_text(text)
    found, notes = read_limits(tmp_path, 2)
    assert found == {}
    assert notes == ["The file conformal.json does not fit the model's exits; its sets are left out."]
