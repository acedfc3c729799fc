"""The rules' scores, by hand, and what must hold at the ends of every threshold's range."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from explorer.rules import RULES, Seen, Setting, decide, get_rule
from explorer.rules.reading import read_logits
from explorer.trace import Exit, Trace

some_logits = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=7),
    elements=st.floats(-9, 9, width=32),
)

BY_LOGITS = [name for name, rule in RULES.items() if not rule.needs and rule.addon is None]


def trace_of(logits) -> Trace:
    logits = np.asarray(logits, np.float32)
    count = logits.shape[-2]
    exits = (*(Exit(b, "linear") for b in range(1, count)), Exit(count, "final"))
    return Trace("m", exits, logits, np.zeros(count, np.int64), 0, np.zeros(count), 0.0)


def answers(*classes: int) -> Trace:
    """A trace whose exits answer these classes."""
    return trace_of(np.eye(max(classes) + 1)[list(classes)])


def score(name, trace):
    return read_logits(trace, [get_rule(name)]).scores[name]


# --- by hand ---


def test_confidence_is_the_largest_probability():
    trace = trace_of(np.log([[1, 2, 3, 4], [7, 1, 1, 1], [1, 1, 1, 1]]))
    np.testing.assert_allclose(score("confidence", trace), [0.4, 0.7, 0.25], atol=1e-7)


def test_certainty_is_0_for_uniform_and_1_for_one_hot_logits():
    trace = trace_of([[5.0] * 4, [1e4, 0, 0, 0], [0, 0, -3e38, 3e38]])
    assert score("entropy", trace).tolist() == [0, 1, 1]  # where the published code gives NaN


def test_certainty_of_two_equal_classes_among_four_is_a_half():
    trace = trace_of([[0, 0, -1e3, -1e3]])  # H = ln 2, and ln C = 2 ln 2
    np.testing.assert_allclose(score("entropy", trace), [0.5], atol=1e-12)


def test_patience_counts_the_streak_that_ends_at_each_exit():
    assert score("patience", answers(2, 2, 2, 0, 0, 2, 1, 1, 1)).tolist() == [1, 2, 3, 1, 2, 1, 1, 2, 3]


def test_a_batch_is_scored_image_by_image():
    logits = np.random.default_rng(0).normal(size=(5, 4, 3))
    for name in BY_LOGITS:
        batch = score(name, trace_of(logits))
        assert batch.shape == (5, 4)
        np.testing.assert_array_equal(batch, [score(name, trace_of(row)) for row in logits])


# --- what holds for any logits ---


@pytest.mark.parametrize("name", BY_LOGITS)
@given(logits=some_logits, exit_index=st.integers(0, 6))
@settings(deadline=None, max_examples=25)
def test_a_score_depends_on_no_later_exit(name, logits, exit_index):
    e = min(exit_index, len(logits) - 1)
    other = logits.copy()
    other[e + 1 :] = -other[e + 1 :][:, ::-1]
    np.testing.assert_array_equal(
        score(name, trace_of(other))[: e + 1], score(name, trace_of(logits))[: e + 1]
    )


@given(some_logits)
@settings(deadline=None, max_examples=40)
def test_scores_stay_in_their_ranges(logits):
    trace, (exits, classes) = trace_of(logits), logits.shape
    assert (score("confidence", trace) >= 1 / classes).all()
    assert (score("confidence", trace) <= 1).all()
    assert (score("entropy", trace) >= 0).all()
    assert (score("entropy", trace) <= 1).all()
    assert (score("patience", trace) >= 1).all()
    assert (score("patience", trace) <= np.arange(1, exits + 1)).all()


@given(some_logits, st.floats(0, 2.5))
@settings(deadline=None, max_examples=60)
def test_lgvits_entropy_threshold_in_nats_is_one_of_certainty(logits, nats):
    p = np.exp(logits.astype(np.float64))
    p /= p.sum(axis=-1, keepdims=True)
    entropies = -(p * np.log(p)).sum(axis=-1)
    assume(np.abs(entropies - nats).min() > 1e-9)
    theirs = next((e for e, h in enumerate(entropies[:-1]) if h < nats), len(logits) - 1)
    assert decide(score("entropy", trace_of(logits)), 1 - nats / np.log(logits.shape[-1])) == theirs


@given(st.lists(st.integers(0, 2), min_size=2, max_size=9), st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_patience_leaves_after_t_equal_answers_in_a_row(classes, t):
    runs = [e for e in range(t - 1, len(classes) - 1) if len(set(classes[e - t + 1 : e + 1])) == 1]
    expected = runs[0] if runs else len(classes) - 1
    assert decide(score("patience", answers(*classes)), t) == expected


# --- the ends of the range: the full model, or the first exit ---


@given(some_logits)
@settings(deadline=None, max_examples=40)
def test_a_threshold_no_score_can_reach_is_the_full_model(logits):
    trace, last = trace_of(logits), len(logits) - 1
    assert decide(score("confidence", trace), np.nextafter(1, 2)) == last
    assert decide(score("entropy", trace), np.nextafter(1, 2)) == last
    assert decide(score("patience", trace), len(logits)) == last  # t beyond the early exits never fires early


@given(some_logits)
@settings(deadline=None, max_examples=40)
def test_a_threshold_every_score_reaches_leaves_at_the_first_exit(logits):
    trace, classes = trace_of(logits), logits.shape[-1]
    assert decide(score("confidence", trace), 1 / classes) == 0
    assert decide(score("entropy", trace), 0.0) == 0
    assert decide(score("entropy", trace), 1 - 2 * np.log(classes) / np.log(classes)) == 0  # S > ln C nats
    assert decide(score("patience", trace), 1) == 0


def test_eight_exits_and_patience_above_eight_never_leave_early():
    trace = answers(*[1] * 9)  # eight early exits that all agree, and the final one
    assert decide(score("patience", trace), 8) == 7
    assert decide(score("patience", trace), 9) == 8


# --- the registry ---


def test_an_unknown_rule_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="there is no exit rule 'luck'; choose one of confidence"):
        get_rule("luck")


@pytest.mark.parametrize("name", RULES)
def test_a_rule_describes_itself_in_plain_json(name):
    rule = RULES[name]
    for exits in (2, 9):
        facts = json.loads(json.dumps(rule.describe(exits)))
        assert set(facts) == {
            "title", "family", "paper", "says", "direction", "min", "max", "step", "default", "alone",
        }  # fmt: skip
        assert facts["min"] <= facts["default"] <= facts["max"]
        assert facts["max"] == (exits if rule.high is None else rule.high)
        assert facts["alone"] == rule.alone
    assert rule.says.count(". ") == 1  # two sentences
    assert rule.says.endswith(".")


@pytest.mark.parametrize(
    "name", [name for name in RULES if not RULES[name].needs and RULES[name].addon is None]
)
def test_a_rule_that_scores_exits_alone_does_not_care_what_came_before_and_the_others_do(name):
    rng = np.random.default_rng(4)
    logits = rng.standard_normal((40, 5, 3)).astype(np.float32) * 2

    def scored(rows):
        reader = RULES[name].reader(Setting(5, 3))
        reader.begin(40)
        return [reader.step(e, Seen(rows[:, e])) for e in range(5)]

    other = logits.copy()
    other[:, :3] = rng.standard_normal((40, 3, 3))
    pairs = list(zip(scored(logits), scored(other), strict=True))[3:]
    same = all(np.array_equal(a.score, b.score) for a, b in pairs)
    same = same and all(a.answer is None or np.array_equal(a.answer, b.answer) for a, b in pairs)
    assert same == RULES[name].alone
