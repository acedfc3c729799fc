"""The trade-off worked out by hand on four images and three exits."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.evaluate.record import Record
from explorer.evaluate.tradeoff import (
    Aim,
    at_threshold,
    candidates,
    cheapest,
    curve,
    most_accurate,
    own_threshold,
)

# Exits behind blocks 4, 8 and 12; the backbone alone costs 90.
RECORD = Record(
    labels=np.array([0, 1, 2, 3]),
    predicted=np.array([[0, 0, 0], [9, 1, 1], [9, 9, 2], [3, 9, 9]]),
    scores={"confidence": np.array([[0.9, 0.9, 1.0], [0.5, 0.7, 0.9], [0.6, 0.4, 0.8], [0.3, 0.2, 0.6]])},
    blocks=np.array([4, 8, 12]),
    macs=np.array([40, 70, 100]),
    macs_full=90,
)
# Threshold: exits fired, right answers, mean MACs.
#   <= .3  0 0 0 0   2 (images 0, 3)   40
#    .4    0 0 0 2   1 (image 0)       55
#    .5    0 0 0 2   1                 55
#    .6    0 1 0 2   2 (0, 1)          62.5
#    .7    0 1 2 2   3 (0, 1, 2)       77.5
#    .9    0 2 2 2   3                 85
#   never  2 2 2 2   3                 100


@pytest.mark.parametrize(
    ("threshold", "accuracy", "macs", "leaving"),
    [
        (0.2, 0.5, 40, [1, 0, 0]),
        (0.4, 0.25, 55, [0.75, 0, 0.25]),
        (0.6, 0.5, 62.5, [0.5, 0.25, 0.25]),
        (0.7, 0.75, 77.5, [0.25, 0.25, 0.5]),
        (0.9, 0.75, 85, [0.25, 0, 0.75]),
        (1.0, 0.75, 100, [0, 0, 1]),
    ],
)
def test_accuracy_and_cost_at_a_threshold(threshold, accuracy, macs, leaving):
    point = at_threshold(RECORD, "confidence", threshold)
    assert point.threshold == threshold
    assert point.accuracy == accuracy
    assert point.macs == macs
    assert point.by_macs == pytest.approx(90 / macs)
    assert point.by_blocks == pytest.approx(12 / np.dot([4, 8, 12], leaving))
    assert point.leaving.tolist() == leaving


def test_candidates_are_the_early_exits_scores_and_never():
    values = candidates(RECORD, "confidence")
    assert values[:-1].tolist() == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9]
    assert values[-1] == np.nextafter(0.9, 1)


def test_many_scores_are_thinned_to_quantiles_that_keep_both_ends():
    scores = np.random.default_rng(0).random((1000, 3))
    record = Record(
        np.zeros(1000, int), np.zeros((1000, 3), int), {"confidence": scores}, RECORD.blocks, RECORD.macs, 90
    )
    values = candidates(record, "confidence", count=50)
    assert len(values) == 51
    assert (np.diff(values) > 0).all()
    assert values[0] == scores[:, :2].min()
    assert values[-2] == scores[:, :2].max()
    assert at_threshold(record, "confidence", values[-1]).leaving.tolist() == [0, 0, 1]


def test_the_curve_runs_from_the_cheapest_to_never_leaving():
    points = curve(RECORD, "confidence")
    assert [p.macs for p in points] == [40, 40, 55, 55, 62.5, 77.5, 85, 100]
    assert [p.accuracy for p in points] == [0.5, 0.5, 0.25, 0.25, 0.5, 0.75, 0.75, 0.75]


@pytest.mark.parametrize(("accuracy", "macs"), [(0, 40), (0.5, 40), (0.51, 77.5), (0.75, 77.5)])
def test_cheapest_is_the_fewest_macs_with_that_accuracy(accuracy, macs):
    assert cheapest(RECORD, "confidence", accuracy).macs == macs


def test_an_accuracy_out_of_reach_is_never_leaving():
    point = cheapest(RECORD, "confidence", 0.76)
    assert point.leaving.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("by_macs", "accuracy", "macs"),
    [(0, 0.75, 77.5), (1.1, 0.75, 77.5), (1.3, 0.5, 40), (2.0, 0.5, 40), (9, 0.5, 40)],
)
def test_most_accurate_is_the_best_within_the_budget_else_the_cheapest(by_macs, accuracy, macs):
    point = most_accurate(RECORD, "confidence", by_macs)
    assert (point.accuracy, point.macs) == (accuracy, macs)


@pytest.mark.parametrize(("by_macs", "threshold"), [(0, 0.605), (1.16, 0.605), (1.3, 0.0), (9, 0.0)])
def test_a_settable_threshold_is_one_the_slider_can_be_set_to(by_macs, threshold):
    assert (
        own_threshold(RECORD, "confidence", Aim(by_macs)) == threshold
    )  # the lowest step above .6, or any below .3


def test_a_default_patience_is_a_whole_number():
    record = replace(RECORD, scores={"patience": np.array([[1, 2, 3], [1, 1, 2], [1, 2, 1], [1, 1, 2]])})
    # At 1 all leave at once, 0 and 3 right. At 2, images 0 and 2 leave at the second exit, 0 and 1 are right.
    assert own_threshold(record, "patience", Aim(2.0)) == 1
    assert at_threshold(record, "patience", 2).accuracy == 0.5
    assert own_threshold(record, "patience", Aim(0)) == 3  # beyond two early exits: the full model, 3 right
