"""Every rule's scores by hand, and the limits where it must be the full network or leave at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.rules import RULES, Seen, Setting, decide, get_rule
from explorer.rules.pcee import PatientAndConfident
from explorer.rules.reading import read_logits, read_summary
from explorer.rules.sorted import Sorted
from explorer.trace import Exit, Trace

nine = arrays(np.float32, (9, 4), elements=st.floats(-9, 9, width=32))


def trace_of(logits) -> Trace:
    logits = np.asarray(logits, np.float32)
    count = logits.shape[-2]
    exits = (*(Exit(b, "linear") for b in range(1, count)), Exit(count, "final"))
    return read_logits(Trace("m", exits, logits, np.zeros(count, np.int64), 0, np.zeros(count), 0.0))


def probable(*rows) -> Trace:
    return trace_of(np.log(rows))


# --- by hand ---


def test_margin_is_the_lead_of_the_best_answer():
    trace = probable([0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2])
    np.testing.assert_allclose(trace.scores["margin"], [0.2, 0.7, 0.0], atol=1e-6)


def test_pabee_counts_confirmations_where_lgvit_counts_answers():
    trace = trace_of(np.eye(3)[[2, 2, 2, 0, 0, 1]])
    assert trace.scores["pabee"].tolist() == [0, 1, 2, 0, 1, 0]
    assert trace.scores["patience"].tolist() == [1, 2, 3, 1, 2, 1]


def test_patient_and_confident_is_the_least_certainty_of_two_exits_in_a_row():
    trace = probable([0.25] * 4, [0.97, 0.01, 0.01, 0.01], [0.5, 0.5, 1e-9, 1e-9], [0.01, 0.97, 0.01, 0.01])
    certain = trace.scores["entropy"]
    expected = [np.nan, certain[0], certain[2], certain[2]]
    np.testing.assert_array_equal(trace.scores["pcee"], expected)
    assert decide(trace.scores["pcee"], 0.0) == 1  # two exits at the least, however low the threshold


def test_the_surest_exit_answers_where_none_fires():
    trace = probable([0.2, 0.5, 0.3], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4])
    under = trace.under("sdn")
    assert trace.predicted.tolist() == [1, 0, 2]
    assert under.predicted.tolist() == [1, 0, 0]  # the last answers what exit 1 did
    assert trace.scores["sdn"].tolist() == trace.scores["confidence"].tolist()
    assert trace.readings["sdn"].looks["surest"].tolist() == trace.scores["confidence"][[0, 1, 1]].tolist()


def test_falling_thresholds_are_the_papers_for_eight_early_exits():
    reader = Sorted(Setting(9, 4))
    asked = [0.95 - reader.lowered(e) for e in range(9)]
    np.testing.assert_allclose(asked, [0.95, 0.95, 0.95, 0.9, 0.9, 0.8, 0.8, 0.7, 0.7])
    np.testing.assert_allclose([Sorted(Setting(3, 4)).lowered(e) for e in range(3)], [0, 0.25, 0.25])
    assert Sorted(Setting(1, 4)).lowered(0) == Sorted(Setting(2, 4)).lowered(1) == 0


def test_consistency_is_how_little_the_probabilities_moved():
    trace = trace_of([[99, 0], [99, 0], [0, 99]])
    np.testing.assert_allclose(trace.scores["deer"], [np.nan, 1, 0], atol=1e-6)
    np.testing.assert_allclose(trace.readings["deer"].looks["change"][2], np.sqrt(2), atol=1e-6)


def saturation(tokens, previous):
    reader = get_rule("mue").reader(Setting(2, 2, tokens=(2, 2), widths=(2, 2)))
    reader.begin(len(tokens))
    logits = np.zeros((len(tokens), 2), np.float32)
    return reader.step(0, Seen(logits, np.float32(tokens), np.float32(previous))).score


def test_saturation_is_the_cosine_of_all_tokens_of_each_image_by_itself():
    tokens = [[[1, 0], [0, 0]], [[3, 0], [0, 4]]]
    previous = [[[1, 0], [1, 0]], [[-6, 0], [0, -8]]]
    np.testing.assert_allclose(saturation(tokens, previous), [1 / np.sqrt(2), -1], atol=1e-7)
    assert np.isnan(saturation(tokens, np.zeros((2, 8)))).all()  # a block that merges tokens
    assert get_rule("mue").reader(Setting(2, 2, tokens=(5, 5), widths=(8, 8))).macs(0) == 120


# --- limits: the full network, or out at the first chance ---

NEVER = {
    "confidence": 1.01,
    "entropy": 1.01,
    "margin": 1.01,
    "pcee": 1.01,
    "deer": 1.01,
    "sorted": 1.26,
    "sdn": 1.01,
}
AT_ONCE = {"confidence": 0.25, "entropy": 0, "margin": 0, "pcee": 0, "deer": 0, "sorted": 0.25, "sdn": 0.25}
FIRST = {"pcee": 1, "deer": 1}  # these need two exits


@given(nine)
@settings(deadline=None, max_examples=25)
def test_beyond_every_score_is_the_full_network_and_below_leaves_at_the_first_chance(logits):
    trace = trace_of(logits)
    for name, threshold in NEVER.items():
        assert decide(trace.scores[name], threshold) == 8, name
    for name, threshold in AT_ONCE.items():
        assert decide(trace.scores[name], threshold) == FIRST.get(name, 0), name


@given(nine)
@settings(deadline=None, max_examples=25)
def test_one_exit_in_a_row_is_entropy_and_a_patience_of_nine_of_eight_never_fires(logits):
    trace = trace_of(logits)
    rule = replace(get_rule("pcee"), name="one", reader=lambda s: PatientAndConfident(s, 1))
    np.testing.assert_array_equal(read_logits(trace, [rule]).scores["one"], trace.scores["entropy"])
    assert decide(trace.scores["patience"], 9) == decide(trace.scores["pabee"], 8) == 8
    assert decide(trace.scores["pabee"], 1) == decide(trace.scores["patience"], 2)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.summary])
@given(logits=arrays(np.float32, (5, 4, 3), elements=st.floats(-9, 9, width=32)))
@settings(deadline=None, max_examples=15)
def test_a_record_gives_the_scores_and_answers_that_the_logits_gave(name, logits):
    trace = trace_of(logits)
    if name not in trace.readings:
        pytest.skip("it has learned parts")
    found = read_summary(
        trace.predicted, trace.scores["confidence"], trace.scores["entropy"], [get_rule(name)]
    )
    np.testing.assert_array_equal(found[name].scores, trace.scores[name])
    if found[name].answers is not None:
        assert found[name].answers.argmax(axis=-1).tolist() == trace.under(name).predicted.tolist()
