"""Every rule at the same savings: ECE is of the answers that are given, whoever gives them."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.data.fashion import Split
from explorer.evaluate import matched as module
from explorer.evaluate.calibration import reliability_of
from explorer.evaluate.matched import matched, matched_table
from explorer.evaluate.record import Record, evaluate, load_records, save_records
from explorer.evaluate.report import markdown
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import find_model
from explorer.rules import RULES, decide
from explorer.trace import softmax


def record(**more) -> Record:
    """Four images at two exits, at 10 and 20 MACs of 20."""
    sure = np.array([[0.9, 0.8], [0.6, 0.7], [0.8, 0.9], [0.4, 0.6]])
    return Record(
        labels=np.array([0, 1, 2, 3]),
        predicted=np.array([[0, 0], [1, 1], [0, 2], [0, 3]]),
        scores={"confidence": sure, "entropy": sure, "jei-dnn": np.array([[1.0, 1], [1, 1], [0, 1], [0, 1]])},
        blocks=np.array([1, 2]),
        macs=np.array([10, 20]),
        macs_full=20,
        **more,
    )


def first(record: Record, count: int) -> Record:
    """The record of its first images alone."""
    parts = {
        name: {rule: values[:count] for rule, values in getattr(record, name).items()}
        for name in ("scores", "answers", "sure")
    }
    grains = {name: first(coarse, count) for name, coarse in record.grains.items()}
    labels, predicted = record.labels[:count], record.predicted[:count]
    return replace(record, labels=labels, predicted=predicted, grains=grains, **parts)


def row(rows, rule, saving=1.25):
    return next(row for row in rows if (row.rule, row.saving) == (rule, saving))


def test_a_rule_that_answers_otherwise_is_calibrated_by_how_sure_its_own_answers_are():
    answers = {"jei-dnn": np.array([[0, 0], [0, 1], [0, 2], [0, 3]])}
    sure = {"jei-dnn": np.array([[0.75, 1], [0.75, 1], [0, 1], [0, 1]])}
    found = record(answers=answers, sure=sure)
    given = row(matched({"validation": found, "test": found}), "jei-dnn")
    # Images 0 and 1 leave at the first exit, 0.75 sure and half of them right; 2 and 3 at the last, sure and right.
    assert given.accuracy == 0.75
    assert given.ece == pytest.approx(0.25 / 2)
    without = row(matched({"validation": found, "test": record(answers=answers)}), "jei-dnn")
    assert without.ece is None  # an evaluation that is older than what is kept of such answers
    assert row(matched({"validation": found, "test": found}), "confidence").ece is not None


def test_what_rules_answer_is_kept_of_the_test_images_and_follows_where_it_can(tmp_path):
    model = load_model_folder(find_model("fashion"))
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (12, 28, 28), dtype=np.uint8), rng.integers(0, 10, 12))
    traces = []
    *_, ran = evaluate(model, split, watch=lambda trace, _: traces.append(trace))
    save_records({"validation": ran, "test": ran}, tmp_path / "evaluation.npz")
    loaded = load_records(tmp_path / "evaluation.npz")
    own = {name for name, reading in traces[0].readings.items() if reading.answers is not None}
    assert own == {"sdn", "jei-dnn", "palbert", "palbert-mixed"}
    for name in own:
        expected = softmax(traces[0].under(name).logits).max(axis=-1)
        np.testing.assert_allclose(loaded["test"].confidence_under(name), expected, atol=1e-6)
        coarse = loaded["test"].at("kinds").confidence_under(name)
        assert (coarse >= expected - 1e-6).all()  # a group is at least as probable as its class
    assert loaded["validation"].confidence_under("palbert") is None
    np.testing.assert_array_equal(
        loaded["test"].confidence_under("deer"), loaded["test"].scores["confidence"]
    )


def test_every_rule_of_the_shipped_evaluation_has_a_calibration_error_at_every_grain(monkeypatch):
    whole = load_records(find_model("fashion") / "evaluation.npz")
    records = {split: first(record, 200) for split, record in whole.items()}
    monkeypatch.setattr(module, "SAVINGS", (1.5,))
    rows = matched(records)
    assert len(rows) == 2 * len(RULES)
    assert {row.rule for row in rows} == set(RULES)
    assert all(0 <= row.ece < 0.2 for row in rows)
    test, given = records["test"], row(rows, "palbert", 1.5)
    fired = decide(test.scores["palbert"], given.threshold)
    places = np.arange(len(fired))
    right = test.answers["palbert"][places, fired] == test.labels
    assert given.ece == reliability_of(test.sure["palbert"][places, fired], right).ece
    assert "–" not in markdown(next(matched_table(rows, "LGViT"))).replace(
        "| – | – |", ""
    )  # but times, not taken
