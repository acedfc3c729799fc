"""The trace: probabilities of any logits, indexing a batch, and what the page is sent."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from explorer.rules.reading import read_logits
from explorer.trace import Exit, Reading, Trace, trace_json

EXITS = (Exit(4, "lph-dw"), Exit(8, "gah"), Exit(12, "final"))
any_logits = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=3, max_side=9),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


def trace_of(logits, exits=EXITS) -> Trace:
    logits = np.asarray(logits, np.float32)
    count = logits.shape[-2]
    return Trace(
        "m", exits[-count:], logits, np.arange(1, count + 1) * 100, 270, np.arange(count) + 0.12345, 1.98765
    )


def test_probabilities_are_the_softmax():
    trace = trace_of(np.log([[1, 2, 3, 4], [5, 5, 5, 5]]))
    np.testing.assert_allclose(trace.probabilities, [[0.1, 0.2, 0.3, 0.4], [0.25] * 4], atol=1e-7)
    np.testing.assert_allclose(trace.log_probabilities[0], np.log([0.1, 0.2, 0.3, 0.4]), atol=1e-7)
    assert trace.probabilities.dtype == np.float64
    assert trace.predicted.tolist() == [3, 0]


def test_extreme_logits_give_numbers_not_nan():
    trace = trace_of([[1e4, -1e4, 0], [3e38, -3e38, 0]])
    assert trace.probabilities.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert trace.log_probabilities[0].tolist() == [0, -2e4, -1e4]
    assert np.isfinite(trace.log_probabilities).all()


@given(any_logits)
@settings(deadline=None, max_examples=60)
def test_any_finite_logits_give_probabilities_that_sum_to_one(logits):
    trace = trace_of(logits, tuple(Exit(b, "linear") for b in range(1, 13)))
    probabilities = trace.probabilities
    assert np.isfinite(trace.log_probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(np.exp(trace.log_probabilities), probabilities, atol=1e-12)
    assert (probabilities.max(axis=-1) >= 1 / logits.shape[-1]).all()


def test_a_batch_is_indexed_by_image():
    logits = np.arange(24).reshape(4, 3, 2)
    batch = trace_of(logits)
    assert len(batch) == 4
    one = batch[2]
    assert one.logits.tolist() == logits[2].tolist()
    assert one.macs is batch.macs
    assert [t.logits[0, 0] for t in batch] == [0, 6, 12, 18]
    with pytest.raises(IndexError):
        batch[4]


def test_a_trace_of_one_image_has_no_length_and_no_index():
    one = trace_of(np.zeros((3, 2)))
    with pytest.raises(TypeError, match="one image"):
        len(one)
    with pytest.raises(TypeError, match="one image"):
        one[0]


def test_blocks_are_those_of_the_final_exit_and_families_follow_the_head():
    trace = trace_of(np.zeros((3, 2)))
    assert trace.blocks == 12
    kinds = ("lph-dw", "lph-pw", "gah", "linear", "final")
    assert [Exit(1, k).family for k in kinds] == ["local", "local", "global", "linear", "final"]


# --- what the page reads ---

LABELS = ["a", "b", "c", "d", '<img src=x onerror="alert(1)"> & co', "f", "g"]
PROBABILITIES = [
    [0.02, 0.60, 0.05, 0.03, 0.10, 0.12, 0.08],
    [0.01, 0.30, 0.04, 0.05, 0.45, 0.10, 0.05],
    [0.90, 0.01, 0.02, 0.03, 0.02, 0.01, 0.01],
]


def test_the_page_gets_every_exits_best_classes_surest_first():
    facts = trace_json(trace_of(np.log(PROBABILITIES)), LABELS, top=2)
    # Best two: exit 0: 1, 5; exit 1: 4, 1; exit 2: 0, 3. Greatest anywhere: 0 .9, 1 .6, 4 .45, 5 .12, 3 .05
    assert [c["index"] for c in facts["classes"]] == [0, 1, 4, 5, 3]
    assert [c["label"] for c in facts["classes"]] == ["a", "b", LABELS[4], "f", "d"]
    assert facts["class_count"] == 7
    assert facts["predicted"] == [1, 2, 0]  # positions in classes: b, <img, a
    np.testing.assert_allclose(facts["probabilities"], np.array(PROBABILITIES)[:, [0, 1, 4, 5, 3]], atol=1e-6)


def test_the_page_gets_plain_json():
    facts = trace_json(read_logits(trace_of(np.log(PROBABILITIES))), LABELS)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["model"] == "m"
    assert facts["blocks"] == 12
    assert facts["exits"] == [
        {"block": 4, "kind": "lph-dw", "family": "local"},
        {"block": 8, "kind": "gah", "family": "global"},
        {"block": 12, "kind": "final", "family": "final"},
    ]
    assert facts["macs"] == [100, 200, 300]
    assert facts["macs_full"] == 270
    assert facts["ms"] == [0.123, 1.123, 2.123]
    assert facts["ms_full"] == 1.988
    assert len(facts["classes"]) == 7  # the five best of three exits name them all
    assert {c["label"] for c in facts["classes"]} == set(LABELS)  # as they are; escaping is the page's


def test_scores_reach_the_page_to_the_last_digit():
    score = np.nextafter(0.8, 0)  # rounded to six digits it would reach a threshold of 0.8
    reading = Reading(np.array([score, np.nan, score]), np.zeros(3, np.int64))
    facts = trace_json(trace_of(np.zeros((3, 2))).with_readings({"luck": reading}), ["a", "b"])
    assert json.loads(json.dumps(facts, allow_nan=False))["scores"] == {"luck": [score, None, score]}
    assert facts["rules"] == {}  # it answers, costs and looks at nothing of its own
    assert score < 0.8


@given(arrays(np.float32, (3, 9), elements=st.sampled_from([0, 1e-20, 2e-20, 1.0])))
@settings(deadline=None, max_examples=60)
def test_the_predicted_class_is_among_the_classes_even_when_probabilities_tie(logits):
    trace = trace_of(logits)
    facts = trace_json(trace, [str(c) for c in range(9)], top=2)
    named = [facts["classes"][p]["index"] for p in facts["predicted"]]
    assert named == trace.predicted.tolist()


def test_a_rules_own_answers_cost_and_looks_reach_the_page_and_make_the_trace_under_it():
    answers = np.log(PROBABILITIES)[[0, 0, 1]].astype(np.float32)  # the last exit answers 4, not 0
    looks = {"cosine": np.array([0.5, 0.75, np.nan])}
    reading = Reading(np.array([0.1, 0.2, 0.3]), np.array([5, 10, 15]), answers, looks)
    trace = trace_of(np.log(PROBABILITIES)).with_readings({"luck": reading})
    under = trace.under("luck")
    assert under.predicted.tolist() == [1, 1, 4]
    assert trace.predicted.tolist() == [1, 4, 0]
    assert under.macs.tolist() == [105, 210, 315]
    facts = trace_json(trace, LABELS, top=2)["rules"]["luck"]
    assert facts["macs"] == [5, 10, 15]
    assert facts["answers"].keys() == {"1", "2"}  # the first exit's are its own
    assert facts["answers"]["2"]["predicted"] == 2  # positions in classes 0, 1, 4, 5, 3
    np.testing.assert_allclose(
        facts["answers"]["2"]["probabilities"], np.array(PROBABILITIES)[1, [0, 1, 4, 5, 3]], atol=1e-6
    )
    assert facts["looks"] == {"cosine": [0.5, 0.75, None]}


def test_an_image_of_a_batch_keeps_its_own_readings():
    batch = read_logits(trace_of(np.random.default_rng(1).normal(size=(3, 3, 4))))
    for i, one in enumerate(batch):
        for name, scores in one.scores.items():
            np.testing.assert_array_equal(scores, batch.scores[name][i])
