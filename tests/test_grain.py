"""Coarser readings of the classes: merging by hand, what holds for any logits, and what a folder may say."""

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.data.fashion import LABELS, Split
from explorer.data.grains import fashion_grains
from explorer.data.imagenet_grains import imagenet_grains
from explorer.data.wordnet import DEBIAN
from explorer.evaluate.record import evaluate, load_records, save_records
from explorer.grain import Grain, choose_grain, read_grains, write_grains
from explorer.model.bundle import load_model_folder, read_config
from explorer.model.catalog import SHIPPED
from explorer.rules import RULES, decide
from explorer.rules.reading import at_grain, read_logits
from explorer.trace import Exit, Trace, merged_logits, softmax

PAIRS = np.array([1, 0, 1, 0])  # classes 1 and 3 are group 0
any_logits = arrays(np.float32, (3, 4), elements=st.floats(-300, 300, width=32))


def trace_of(logits) -> Trace:
    logits = np.asarray(logits, np.float32)
    count = logits.shape[-2]
    exits = (*(Exit(b, "linear") for b in range(1, count)), Exit(count, "final"))
    return read_logits(Trace("m", exits, logits, np.arange(count), 9, np.zeros(count), 0.0))


def test_probabilities_of_a_group_are_summed():
    merged = trace_of(np.log([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]])).merged(PAIRS)
    np.testing.assert_allclose(merged.probabilities, [[0.6, 0.4], [0.2, 0.8]], atol=1e-7)
    assert merged.predicted.tolist() == [0, 1]
    assert merged.macs.tolist() == [0, 1]


def test_a_group_of_impossible_classes_keeps_its_logarithm():
    merged = merged_logits(np.array([0, -2000.0, 0, -2001.0]), PAIRS)
    np.testing.assert_allclose(merged[0] - merged[1], -2000 + np.log1p(np.exp(-1)) - np.log(2), rtol=1e-6)
    assert np.isfinite(merged).all()


@given(any_logits)
@settings(deadline=None, max_examples=40)
def test_merging_is_summing_and_every_class_its_own_group_changes_nothing(logits):
    p = softmax(logits)
    merged = softmax(merged_logits(logits, PAIRS))
    np.testing.assert_allclose(merged, np.stack([p[:, 1] + p[:, 3], p[:, 0] + p[:, 2]], axis=1), atol=1e-6)
    np.testing.assert_allclose(softmax(merged_logits(logits, np.arange(4))), p, atol=1e-6)
    assert (merged.max(axis=1) >= p.max(axis=1) - 1e-6).all()  # a coarser answer is never less sure


def test_temperatures_of_a_grain_divide_its_merged_logits():
    grain = Grain("pairs", "2 pairs", ("a", "b"), PAIRS, temperatures=(2.0, 1.0))
    trace = trace_of(np.log([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]]))
    warm, plain = at_grain(trace, grain), trace.merged(PAIRS)
    np.testing.assert_allclose(warm.logits, plain.logits / [[2], [1]], rtol=1e-6)
    np.testing.assert_allclose(warm.scores["confidence"][0], 0.6**0.5 / (0.6**0.5 + 0.4**0.5), atol=1e-6)


@pytest.fixture(scope="module")
def model(tiny_model_folder, tmp_path_factory):
    folder = shutil.copytree(tiny_model_folder, tmp_path_factory.mktemp("grains") / "tiny")
    write_grains(folder, fashion_grains())
    config = json.loads((folder / "config.json").read_text())
    config["grains"] = {"kinds": {"temperatures": [2, 1.5, 1, 0.5, 0.8], "thresholds": {"confidence": 0.9}}}
    (folder / "config.json").write_text(json.dumps(config))
    return load_model_folder(folder)


def images(count: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", RULES)
@given(data=st.data(), count=st.integers(1, 9), coarse=st.booleans())
@settings(deadline=None, max_examples=12)
def test_infer_does_what_analyse_and_decide_say_at_any_grain_threshold_and_batch(
    model, name, data, count, coarse
):
    grain = model.grains[0] if coarse else None
    if name not in (trace := at_grain(model.network.analyse(images(count)), grain)).scores:
        pytest.skip("it has learned parts that this model lacks")
    scores = trace.scores[name]
    values = np.unique(scores[:, :-1][~np.isnan(scores[:, :-1])])
    gaps = np.diff(values) > 1e-4  # none so near to a score that rounding decides
    between = [values[0] - 1, *((values[1:] + values[:-1]) / 2)[gaps], values[-1] + 1]
    limits = data.draw(st.lists(st.sampled_from(between), min_size=4, max_size=4))
    left = model.network.infer(images(count), RULES[name], limits, grain)
    fired = decide(scores, limits)
    assert left.exit.tolist() == fired.tolist()
    under, each = trace.under(name), np.arange(count)
    np.testing.assert_allclose(softmax(left.logits), under.probabilities[each, fired], atol=1e-4)
    assert left.macs.tolist() == under.macs[fired].tolist()


def test_a_model_has_its_grains_with_settings_of_their_own(model):
    (kinds,) = model.grains
    assert kinds.labels == ("top", "trousers", "dress", "shoe", "bag")
    assert [kinds.labels[g] for g in kinds.groups[[0, 5, 7, 8, 9]]] == ["top", "shoe", "shoe", "bag", "shoe"]
    assert kinds.temperatures == (2, 1.5, 1, 0.5, 0.8)
    assert choose_grain(model.grains, "kinds") is kinds
    assert choose_grain(model.grains, "classes") is None
    with pytest.raises(ValueError, match="no grain 'genera'; choose one of classes, kinds"):
        choose_grain(model.grains, "genera")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "The file grains.json is not JSON; its grains are left out."),
        ('[{"name": "kinds"}]', "A grain in grains.json does not fit the model's classes; it is left out."),
        (
            json.dumps([{"name": "k", "title": "t", "labels": ["a", "b"], "groups": [0] * 10}]),
            "A grain in grains.json does not fit the model's classes; it is left out.",
        ),
        ("[]", "There is no grain 'kinds' in grains.json; its settings are left out."),
    ],
)
def test_a_grain_that_cannot_be_is_left_out_with_a_note(model, tmp_path, text, sentence):
    folder = shutil.copytree(model.folder, tmp_path / "odd")
    (folder / "grains.json").write_text(text)
    odd = load_model_folder(folder)
    assert odd.grains == ()
    assert sentence in odd.notes


def test_a_record_holds_every_grain_and_comes_back_with_what_follows_from_it(model, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (9, 28, 28), dtype=np.uint8), rng.integers(0, 10, 9))
    record = list(evaluate(model, split, batch=4))[-1]
    save_records({"validation": record, "test": record}, tmp_path / "evaluation.npz")
    (kinds,) = model.grains
    loaded = load_records(tmp_path / "evaluation.npz")["test"]
    for read in (record, loaded):
        coarse = read.at("kinds")
        assert coarse.labels.tolist() == kinds.groups[split.labels].tolist()
        assert coarse.accuracy[-1] >= read.accuracy[-1]
        assert coarse.scores.keys() == record.scores.keys()
    for name in record.scores:
        for grain in ("classes", "kinds"):
            np.testing.assert_allclose(
                loaded.at(grain).scores[name], record.at(grain).scores[name], rtol=1e-6, atol=1e-6
            )
            under = [one.at(grain).under(name).predicted.tolist() for one in (loaded, record)]
            assert under[0] == under[1]
    with np.load(tmp_path / "evaluation.npz") as stored:
        assert "test_patience" not in stored
        assert "test@kinds_confidence" in stored
    with pytest.raises(ValueError, match="no grain 'genera'; choose one of classes, kinds, or evaluate"):
        loaded.at("genera")


# --- the grains that ship ---


def test_fashion_ships_the_kinds_of_its_garments():
    for name in ("fashion", "fashion-sdn"):
        grains, notes = read_grains(SHIPPED / name, read_config(SHIPPED / name))
        assert notes == []
        assert grains[0].groups.tolist() == fashion_grains()[0].groups.tolist()
        assert len(grains[0].groups) == len(LABELS)


@pytest.mark.skipif(not DEBIAN.exists(), reason="needs Debian's package wordnet-base")
def test_imagenets_grains_are_what_wordnet_and_the_table_give():
    shipped, _ = read_grains(SHIPPED / "photos", read_config(SHIPPED / "photos"))
    for mine, theirs in zip(shipped, imagenet_grains(), strict=True):
        assert (mine.name, mine.title, mine.labels) == (theirs.name, theirs.title, theirs.labels)
        assert mine.groups.tolist() == theirs.groups.tolist()


def test_imagenets_kinds_are_about_a_hundred_in_about_eighteen_groups_and_each_in_one():
    kinds, groups = read_grains(SHIPPED / "photos", read_config(SHIPPED / "photos"))[0]
    assert (len(kinds.labels), len(groups.labels)) == (100, 19)
    labels = (SHIPPED / "photos" / "labels.txt").read_text().splitlines()
    for kind in range(100):
        assert len(set(groups.groups[kinds.groups == kind])) == 1
    for label, kind, group in (
        ("Labrador retriever", "spaniel, retriever or other gun dog", "dog or wild dog"),
        ("tabby", "house cat", "cat or wild cat"),
        ("great white shark", "shark or ray", "fish"),
        ("sports car", "car", "vehicle"),
        ("soccer ball", "ball", "sports or game equipment"),
        ("pop bottle", "bottle or jug", "kitchenware, bottle or box"),
    ):
        index = next(i for i, name in enumerate(labels) if name.split(",")[0] == label)
        assert kinds.labels[kinds.groups[index]] == kind
        assert groups.labels[groups.groups[index]] == group
