"""The one decision: the first exit whose score reaches its threshold, else the last."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.rules import decide

CASES = json.loads((Path(__file__).parents[1] / "data" / "decisions.json").read_text())
numbers = st.floats(-2, 12, allow_nan=False).map(lambda x: round(x, 1))  # few values, so that ties happen


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_cases_shared_with_the_browser(case):
    scores = [float("nan") if s is None else s for s in case["scores"]]
    assert decide(scores, case["thresholds"]) == case["exit"]


@st.composite
def decisions(draw):
    exits = draw(st.integers(1, 7))
    scores = draw(st.lists(numbers | st.just(float("nan")), min_size=exits, max_size=exits))
    return scores, draw(st.lists(numbers, min_size=exits - 1, max_size=exits - 1))


@given(decisions())
@settings(deadline=None)
def test_the_first_exit_that_reaches_its_threshold_fires(case):
    scores, thresholds = case
    fired = int(decide(scores, thresholds))
    assert all(not s >= t for s, t in zip(scores[:fired], thresholds[:fired], strict=True))
    if fired < len(scores) - 1:
        assert scores[fired] >= thresholds[fired]


@given(decisions(), st.integers(0, 6), st.floats(0, 5))
@settings(deadline=None)
def test_raising_a_threshold_never_makes_the_exit_earlier(case, which, by):
    scores, thresholds = case
    raised = [t + by if i == which else t for i, t in enumerate(thresholds)]
    assert decide(scores, raised) >= decide(scores, thresholds)


@given(decisions(), numbers)
@settings(deadline=None)
def test_one_threshold_is_the_same_threshold_everywhere(case, threshold):
    scores, thresholds = case
    assert decide(scores, threshold) == decide(scores, [threshold] * len(thresholds))


@given(st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=5), numbers)
@settings(deadline=None)
def test_a_batch_is_decided_row_by_row(rows, threshold):
    fired = decide(rows, threshold)
    assert fired.shape == (len(rows),)
    assert fired.tolist() == [int(decide(row, threshold)) for row in rows]


def test_a_score_equal_to_its_threshold_fires():
    assert decide([0.5, 0.8, 0.9], 0.8) == 1
    assert decide([0.5, np.nextafter(0.8, 0), 0.9], 0.8) == 2


def test_nan_and_infinity():
    nan, inf = float("nan"), float("inf")
    assert decide([nan, nan, nan], -inf) == 2
    assert decide([0.0, 1.0, 2.0], [nan, 0.5]) == 1
    assert decide([0.0, 1.0, 2.0], inf) == 2
    assert decide([0.0, 1.0, 2.0], -inf) == 0


@pytest.mark.parametrize("thresholds", [[], [0.5], [0.5, 0.5, 0.5], [[0.5, 0.5]]])
def test_a_wrong_number_of_thresholds_is_refused(thresholds):
    with pytest.raises(ValueError, match=r"expected one threshold, or 2 \(one per early exit\)"):
        decide([0.1, 0.2, 0.3], thresholds)
