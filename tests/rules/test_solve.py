"""Thresholds for a goal: the shares that are asked for leave, budgets and floors hold, and no exit is passed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.rules import decide
from explorer.rules.solve import (
    Goal,
    Problem,
    exponential_shares,
    ratio_for,
    share_thresholds,
    solve,
)

FIXTURE = json.loads((Path(__file__).parents[1] / "data" / "solving.json").read_text())
MACS = np.array([10, 20, 30, 45])


def with_heads():
    """The fixture's problem, with the price of each early exit's head."""
    scores, right = np.array(FIXTURE["scores"]), np.array(FIXTURE["right"], bool)
    spared = np.array(FIXTURE["spared"])
    return Problem(scores, right, np.array(FIXTURE["macs"]), np.array(FIXTURE["grid"]), spared)


def problem(seed=0, count=400, digits=3):
    """Images whose exits are surer and more often right with depth."""
    rng = np.random.default_rng(seed)
    sure = rng.random((count, 1)) * 0.6 + np.linspace(0.05, 0.4, 4) + 0.05 * rng.standard_normal((count, 4))
    scores = np.round(np.clip(sure, 0, 1), digits)
    return Problem(scores, rng.random((count, 4)) < scores, MACS, np.round(np.linspace(0, 1, 101), 6))


@pytest.mark.parametrize("case", FIXTURE["subset"], ids=lambda case: case["name"])
def test_the_best_subsets_of_exits_are_those_of_the_fixture(case):
    found = solve(with_heads(), Goal(**case["goal"]), case["deepest"], ("subset",))
    assert found.left_out.tolist() == case["left_out"]
    assert (found.thresholds[0], found.macs, found.accuracy, found.reached) == (
        case["threshold"],
        case["macs"],
        case["accuracy"],
        case["reached"],
    )


def test_an_exit_that_hardly_anybody_leaves_at_is_not_worth_its_head():
    rng = np.random.default_rng(1)
    scores = np.where(rng.random((500, 3)) < [0.01, 0.5, 1], 0.9, 0.1)
    given = Problem(
        scores, np.ones((500, 3), bool), np.array([20, 32, 64]), np.linspace(0, 1, 11), np.array([5, 5])
    )
    found = solve(given, Goal(floor=1.0), ways=("subset",))
    # Everybody may leave at once: the first exit alone is the cheapest, and it stays in use.
    assert (found.left_out.tolist(), found.macs) == ([False, False, False], 20)
    right = np.array([scores[:, 0] > 0.5, scores[:, 1] > 0.5, np.ones(500, bool)]).T
    found = solve(replace(given, correct=right), Goal(floor=1.0), ways=("subset",))
    assert found.left_out.tolist() == [True, False, False]
    second = (scores[:, 1] > 0.5).mean()
    assert found.macs == pytest.approx(second * 27 + (1 - second) * 59)


def test_an_exit_where_nobody_can_leave_is_dealt_no_share():
    given = problem(3)
    scores = given.scores.copy()
    scores[:, [0, 2]] = np.nan
    open_exits = Problem(scores[:, [1, 3]], given.correct[:, [1, 3]], MACS[[1, 3]], given.grid)
    found = solve(replace(given, scores=scores), Goal(budget=30.0), ways=("shares",))
    alone = solve(open_exits, Goal(budget=30.0), ways=("shares",))
    assert found.reached
    assert (found.accuracy, found.macs, found.thresholds[1]) == (
        alone.accuracy,
        alone.macs,
        alone.thresholds[0],
    )
    assert found.shares[[0, 2]].tolist() == [0, 0]


def test_where_the_rule_asks_every_exit_there_is_none_to_leave_out():
    with pytest.raises(ValueError, match="saves nothing"):
        solve(problem(), Goal(floor=0.5), ways=("subset",))
    assert solve(problem(), Goal(floor=0.5)).left_out is None


@given(st.floats(-5, 5), st.integers(1, 12))
def test_shares_grow_by_the_ratio_from_exit_to_exit_and_sum_to_one(log_ratio, exits):
    shares = exponential_shares(np.exp(log_ratio), exits)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares[1:], shares[:-1] * np.exp(log_ratio), rtol=1e-6)


@given(st.floats(10.5, 44.5))
def test_the_ratio_that_bisection_finds_costs_the_budget(budget):
    ratio = ratio_for(lambda ratio: float(exponential_shares(ratio, 4) @ MACS), budget)
    assert exponential_shares(ratio, 4) @ MACS == pytest.approx(budget, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-2, 2))
def test_on_its_own_images_the_shares_are_those_asked_for_where_no_scores_tie(seed, log_ratio):
    scores = np.random.default_rng(seed).random((300, 4))
    shares = exponential_shares(np.exp(log_ratio), 4)
    fired = decide(scores, share_thresholds(scores, shares))
    expected = np.floor(300 * shares[:-1] + 1e-9)
    assert np.bincount(fired, minlength=4)[:-1].tolist() == expected.tolist()


def test_of_tied_scores_all_leave_and_a_score_that_is_none_never_does():
    scores = np.array([[0.5, 0.1], [0.5, 0.1], [0.9, 0.1], [np.nan, 0.1]])
    found = share_thresholds(scores, np.array([0.5, 0.5]))  # the second surest ties with the third
    assert found.tolist() == [0.5]
    assert decide(scores, found).tolist() == [0, 0, 0, 1]
    assert share_thresholds(scores, np.array([0.0, 1.0])).item() > 0.9  # nobody is to leave


@pytest.mark.parametrize("way", ["one", "shares", "each"])
@pytest.mark.parametrize("budget", [12.0, 25.0, 40.0])
def test_a_budget_is_kept(way, budget):
    found = solve(problem(), Goal(budget=budget), ways=(way,))
    assert found.reached
    assert found.macs <= budget
    assert problem().outcome(found.thresholds) == (pytest.approx(found.accuracy), pytest.approx(found.macs))


def test_the_best_of_all_ways_is_no_worse_than_each():
    for goal in (Goal(budget=25.0), Goal(floor=0.62)):
        best = solve(problem(), goal)
        for way in ("one", "shares", "each"):
            other = solve(problem(), goal, ways=(way,))
            assert goal.worth(best.accuracy, best.macs) >= goal.worth(other.accuracy, other.macs)


def test_coordinate_search_finds_what_one_threshold_cannot():
    # The first exit is right where it is a little sure; the second is surer and wrong: one threshold lets both go.
    scores = np.array([[0.6, 0.9, 0.9], [0.2, 0.65, 0.9], [0.3, 0.65, 0.9], [0.6, 0.9, 0.9], [0.1, 0.9, 0.9]])
    correct = np.array([[1, 1, 1], [0, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 1]], bool)
    hard = Problem(scores, correct, np.array([1, 2, 3]), np.round(np.linspace(0, 1, 21), 6))
    one = solve(hard, Goal(budget=2.0), ways=("one",))
    each = solve(hard, Goal(budget=2.0), ways=("each",))
    assert (one.accuracy, each.accuracy, each.macs) == (0.6, 1.0, 2.0)


def test_no_image_passes_the_deepest_exit_that_is_allowed():
    found = solve(problem(), Goal(budget=40.0), deepest=2)
    assert found.thresholds.shape == (3,)
    fired = decide(problem().scores, found.thresholds)
    assert fired.max() == 2
    assert MACS[fired].mean() == pytest.approx(found.macs)
    only = solve(problem(), Goal(budget=40.0), deepest=0)
    assert decide(problem().scores, only.thresholds).max() == 0


def test_an_exit_without_scores_cannot_be_the_deepest():
    given_ = problem()
    given_.scores[:, 0] = np.nan
    with pytest.raises(ValueError, match="allow a deeper one"):
        solve(given_, Goal(budget=40.0), deepest=0)


def test_a_floor_that_no_exit_reaches_gives_the_most_accurate_and_says_so():
    found = solve(problem(), Goal(floor=1.0))
    assert not found.reached
    assert found.accuracy >= problem().correct.mean(axis=0).max()


def test_a_goal_is_one_of_the_two():
    for wrong in ({}, {"budget": 1.0, "floor": 0.5}):
        with pytest.raises(ValueError, match="one of the two"):
            Goal(**wrong)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: case["name"])
def test_the_twin_in_javascript_finds_these_thresholds_too(case):
    scores = np.array(FIXTURE["scores"])
    given_ = Problem(
        scores, np.array(FIXTURE["right"], bool), np.array(FIXTURE["macs"]), np.array(FIXTURE["grid"])
    )
    goal = Goal(**case["goal"])
    found = solve(given_, goal, case["deepest"], ("shares",))
    np.testing.assert_allclose(found.thresholds, case["thresholds"], atol=1e-9)
    assert found.macs == pytest.approx(case["macs"])
    assert found.accuracy == pytest.approx(case["accuracy"])
