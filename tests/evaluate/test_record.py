"""Records of a split: what they hold, and that they come back from evaluation.npz."""

import numpy as np
import pytest
import torch

from explorer.data.fashion import Split
from explorer.evaluate.record import Record, evaluate, load_records, save_records
from explorer.evaluate.tradeoff import curve
from explorer.model.bundle import load_model_folder
from explorer.pipeline import to_tensor
from explorer.rules import RULES, decide, rules_with


@pytest.fixture(scope="module")
def model(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (7, 28, 28), dtype=np.uint8), rng.integers(0, 10, 7))


@pytest.fixture(scope="module")
def record(model, split):
    return list(evaluate(model, split, batch=3))[-1]


def same(a: Record, b: Record, atol=0.0):
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_array_equal(a.predicted, b.predicted)
    np.testing.assert_array_equal(a.blocks, b.blocks)
    np.testing.assert_array_equal(a.macs, b.macs)
    assert a.macs_full == b.macs_full
    assert a.scores.keys() == b.scores.keys()
    for rule in a.scores:
        np.testing.assert_allclose(a.scores[rule], b.scores[rule], rtol=0, atol=atol)


def test_a_record_holds_what_analyse_says_of_each_image(model, split, record):
    assert record.labels.tolist() == split.labels.tolist()
    assert record.blocks.tolist() == [2, 3, 4, 5, 6]
    assert record.macs.tolist() == model.network.macs.tolist()
    assert record.macs_full == model.network.macs_full
    assert set(record.scores) == set(rules_with(()))
    for i, image in enumerate(split.images):
        trace = model.network.analyse(to_tensor(model, image))[0]
        assert record.predicted[i].tolist() == trace.predicted.tolist()
        for name in rules_with(()):
            np.testing.assert_allclose(record.scores[name][i], trace.scores[name], atol=1e-4)


def test_evaluate_yields_the_record_so_far(model, split, record):
    parts = list(evaluate(model, split, batch=3))
    assert [len(p.labels) for p in parts] == [3, 6, 7]
    same(Record(record.labels[:3], record.predicted[:3], {r: s[:3] for r, s in record.scores.items()},
                record.blocks, record.macs, record.macs_full), parts[0])  # fmt: skip


def test_correct_and_accuracy_by_hand():
    record = Record(np.array([1, 2]), np.array([[1, 0, 1], [2, 2, 0]]), {}, np.arange(3), np.arange(3), 1)
    assert record.correct.tolist() == [[True, False, True], [True, True, False]]
    assert record.accuracy.tolist() == [1, 0.5, 0.5]


def test_records_come_back_from_the_file(record, tmp_path):
    other = Record(record.labels[:2], record.predicted[:2], {r: s[:2] for r, s in record.scores.items()},
                   record.blocks, record.macs, record.macs_full)  # fmt: skip
    save_records({"validation": other, "test": record}, tmp_path / "evaluation.npz")
    loaded = load_records(tmp_path / "evaluation.npz")
    assert list(loaded) == ["validation", "test"]
    same(loaded["test"], record, atol=1e-6)
    same(loaded["validation"], other, atol=1e-6)
    assert loaded["test"].labels.dtype == loaded["test"].predicted.dtype == np.int64
    same(loaded["test"], load_records(tmp_path / "evaluation.npz")["test"])


def test_the_file_holds_small_types(record, tmp_path):
    save_records({"validation": record, "test": record}, tmp_path / "evaluation.npz")
    with np.load(tmp_path / "evaluation.npz") as arrays:
        types = {name: array.dtype.name for name, array in arrays.items()}
    for split in ("validation", "test"):
        assert types[f"{split}_labels"] == types[f"{split}_predicted"] == "uint16"
        stored = [
            rule for rule in record.scores if not RULES[rule].summary or rule in ("confidence", "entropy")
        ]
        assert {types[f"{split}_{rule}"] for rule in stored} == {"float32"}
    assert {"blocks", "macs", "macs_full"} < set(types)


@pytest.mark.parametrize("rule", ["confidence", "mue", "patience", "sdn"])
def test_a_record_without_some_exits_is_what_the_network_gives_that_does_not_ask_there(
    model, split, record, rule
):
    without = record.without([2, 4], model.network.head_macs)
    limit = float(np.median(record.scores[rule][:, :-1]))
    inputs = torch.cat([to_tensor(model, image) for image in split.images])
    left = model.network.infer(inputs, RULES[rule], limit, left_out=[2, 4])
    fired = decide(without.scores[rule], limit)
    assert fired.tolist() == left.exit.tolist()
    under = without.under(rule)
    assert under.macs[fired].tolist() == left.macs.tolist()
    assert under.predicted[np.arange(7), fired].tolist() == left.logits.argmax(axis=1).tolist()
    assert record.without([], model.network.head_macs) is record


def test_where_no_early_exit_is_asked_there_is_one_threshold_to_try(model, record):
    without = record.without([2, 3, 4, 5], model.network.head_macs)
    (only,) = curve(without, "confidence")
    assert (only.macs, only.accuracy) == (model.network.macs_full, record.accuracy[-1])
