"""Thresholds for a goal: one per early exit, from scores on validation images. NumPy only.

Four ways, all tried by `solve`: one threshold for all exits; exponential shares (MSDNet: Huang et al. 2018, arXiv
1703.09844, as DeeR-VLA uses them, arXiv 2411.02359); a coordinate search from both; and one threshold at the
best subset of exits, found by leaving out one after the other (ours). Twins of the last three in JavaScript:
`web/widgets/tune/shares.js` and `search.js`; `tests/data/solving.json` tests both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.rules.decision import decide
from explorer.rules.left_out import macs_saved

_STEEPEST = (
    12.0  # the largest |ln ratio| tried: beyond it all leave at the first exit, or none before the last
)
_HALVINGS = 30
_FLOOR_RATIOS = 121  # ratios tried for an accuracy floor, which does not rise evenly with the ratio
_PRICES, _SWEEPS = 24, 8  # of the coordinate search, as in search.js
WAYS = ("one", "shares", "each", "subset")


@dataclass(frozen=True)
class Problem:
    """Validation results at E exits, including the last allowed one, where all remaining images leave."""

    scores: NDArray[np.float64]  # (N, E), higher = surer
    correct: NDArray[np.bool_]  # (N, E)
    macs: NDArray[np.int64]  # (E,) spent by images that leave there, rising
    grid: NDArray[np.float64]  # thresholds the page's slider can be set to, rising
    # (E - 1,) saved by leaving each early exit out: its head; None where the rule needs every earlier exit
    spared: NDArray[np.int64] | None = None

    def without(self, out: NDArray[np.bool_]) -> Problem:
        """The same where no image leaves at the exits `out`, (E,), and their heads are not run."""
        assert self.spared is not None
        macs = self.macs - macs_saved(self.spared, out)
        return replace(self, scores=np.where(out, np.nan, self.scores), macs=macs)

    def up_to(self, deepest: int) -> Problem:
        """The same with no exit after `deepest`, an index: the limit on any image's cost.

        Raises `ValueError` where some image has no score there and so could not be made to leave.
        """
        if deepest < self.scores.shape[1] - 1 and np.isnan(self.scores[:, deepest]).any():
            raise ValueError("this rule says nothing yet at the deepest exit allowed; allow a deeper one.")
        kept = slice(deepest + 1)
        spared = None if self.spared is None else self.spared[:deepest]
        return Problem(self.scores[:, kept], self.correct[:, kept], self.macs[kept], self.grid, spared)

    def outcome(self, thresholds: NDArray[np.float64]) -> tuple[float, float]:
        """(accuracy, mean MACs)."""
        fired = decide(self.scores, thresholds)
        return float(self.correct[np.arange(len(fired)), fired].mean()), float(self.macs[fired].mean())


@dataclass(frozen=True)
class Solution:
    """Thresholds for a goal, and what they give on the images they were found on."""

    thresholds: NDArray[np.float64]  # (E - 1,)
    way: str  # one of WAYS
    accuracy: float
    macs: float
    reached: bool  # whether the goal was met; if not, this comes nearest
    shares: NDArray[np.float64] | None = None  # (E,) target shares, for exponential shares
    left_out: NDArray[np.bool_] | None = None  # (E,) exits outside the best subset, where that was searched


@dataclass(frozen=True)
class Goal:
    """The most accurate within a `budget` of mean MACs, or the cheapest with at least the accuracy `floor`."""

    budget: float | None = None
    floor: float | None = None

    def __post_init__(self) -> None:
        if (self.budget is None) == (self.floor is None):
            raise ValueError("a goal is a budget of MACs or a floor of accuracy, one of the two.")

    def met(self, accuracy: float, macs: float) -> bool:
        return macs <= self.budget if self.budget is not None else accuracy >= (self.floor or 0.0) - 1e-12

    def worth(self, accuracy: float, macs: float) -> tuple[bool, float, float]:
        """Orders outcomes: those that meet the goal first, then by what the goal wants more of."""
        met = self.met(accuracy, macs)
        if self.budget is not None:
            return (met, accuracy, -macs) if met else (met, -macs, accuracy)
        return (met, -macs, accuracy) if met else (met, accuracy, -macs)


def exponential_shares(ratio: float, exits: int) -> NDArray[np.float64]:
    """The share of images that should leave at each exit, (E,), proportional to ratio^k, k = 1..E; sums to 1."""
    powers = np.arange(1, exits + 1) * np.log(ratio)
    grown = np.exp(powers - powers.max())
    shares: NDArray[np.float64] = grown / grown.sum()
    return shares


def ratio_for(cost: Callable[[float], float], budget: float) -> float:
    """The largest ratio whose `cost`, rising with the ratio, is within the budget, by bisection of its logarithm."""
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(np.exp(middle)) <= budget else (low, middle)
    return float(np.exp(low))


def share_thresholds(scores: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds (E - 1,) by which floor(N q_k) of the images (N, E) leave at exit k, the most confident ones left.

    More leave where scores tie. An exit where none should leave gets a threshold just above its highest score.
    """
    count, exits = scores.shape
    left = np.ones(count, bool)
    found = np.empty(exits - 1)
    for e in range(exits - 1):
        sure = np.sort(scores[left & ~np.isnan(scores[:, e]), e])[::-1]
        many = min(int(np.floor(count * shares[e] + 1e-9)), len(sure))
        if many > 0:
            found[e] = sure[many - 1]
        else:
            highest = np.nanmax(scores[:, e], initial=-np.inf)
            found[e] = np.nextafter(highest, np.inf) if np.isfinite(highest) else 0.0
        left &= ~(scores[:, e] >= found[e])
    return found


def solve(problem: Problem, goal: Goal, deepest: int | None = None, ways: tuple[str, ...] = WAYS) -> Solution:
    """The best thresholds that those ways find, (E - 1,) for all exits; no exit after `deepest` is reached.

    Raises `ValueError` for a `deepest` exit where the rule cannot stop every image, and if only a subset of exits
    is searched for under a rule that reads every exit anyway.
    """
    if problem.spared is None:
        ways = tuple(way for way in ways if way != "subset")
    if not ways:
        raise ValueError("this rule reads every exit on the way, so leaving one out saves nothing.")
    whole = problem.scores.shape[1]
    part = problem if deepest is None else problem.up_to(deepest)
    exits = part.scores.shape[1]
    if exits == 1:
        accuracy, macs = float(part.correct.mean()), float(part.macs[0])
        best = Solution(np.empty(0), "one", accuracy, macs, goal.met(accuracy, macs))
    else:
        found = [_WAYS[way](part, goal) for way in ways]
        best = max(found, key=lambda one: goal.worth(one.accuracy, one.macs))
    lowest = min(float(problem.grid[0]), float(np.nanmin(problem.scores)))
    everybody = np.full(whole - 1 - len(best.thresholds), lowest)
    shares = None if best.shares is None else np.append(best.shares, np.zeros(whole - exits))
    left_out = None if best.left_out is None else np.append(best.left_out, np.zeros(whole - exits, bool))
    return replace(best, thresholds=np.append(best.thresholds, everybody), shares=shares, left_out=left_out)


def _solution(
    part: Problem, goal: Goal, thresholds: NDArray, way: str, shares: NDArray | None = None
) -> Solution:
    accuracy, macs = part.outcome(thresholds)
    return Solution(thresholds, way, accuracy, macs, goal.met(accuracy, macs), shares)


def _one(part: Problem, goal: Goal) -> Solution:
    """One threshold for all exits, from the slider's steps."""
    early = part.scores.shape[1] - 1
    tried = [_solution(part, goal, np.full(early, t), "one") for t in part.grid]
    return max(tried, key=lambda one: goal.worth(one.accuracy, one.macs))


def _shares(part: Problem, goal: Goal) -> Solution:
    """Exponential shares: the largest ratio within the budget, or the best of many ratios for a floor.

    Exits where no image can leave, such as those left out, get no share.
    """
    opened: NDArray[np.bool_] = np.append(~np.isnan(part.scores[:, :-1]).all(axis=0), True)

    def at(ratio: float) -> Solution:
        shares = np.zeros(len(part.macs))
        shares[opened] = exponential_shares(ratio, int(opened.sum()))
        return _solution(part, goal, share_thresholds(part.scores, shares), "shares", shares)

    if goal.budget is not None:
        return at(ratio_for(lambda ratio: at(ratio).macs, goal.budget))
    ratios = np.exp(np.linspace(-_STEEPEST, _STEEPEST, _FLOOR_RATIOS))
    return max(map(at, ratios), key=lambda one: goal.worth(one.accuracy, one.macs))


def _subset(part: Problem, goal: Goal) -> Solution:
    """One threshold, with exits left out one by one, each time the one that gains most, until none gains."""

    def at(out: NDArray[np.bool_]) -> Solution:
        return replace(_one(part.without(out), goal), way="subset", left_out=out)

    best = at(np.zeros(len(part.macs), bool))
    while True:
        assert best.left_out is not None
        places = np.flatnonzero(~best.left_out[:-1])
        tried = [at(best.left_out | (np.arange(len(part.macs)) == place)) for place in places]
        better = max(tried, key=lambda one: goal.worth(one.accuracy, one.macs), default=best)
        if not goal.worth(better.accuracy, better.macs) > goal.worth(best.accuracy, best.macs):
            return best
        best = better


def _each(part: Problem, goal: Goal) -> Solution:
    """Coordinate search over every exit's threshold, at a price per MAC found by bisection so that the goal is met."""
    start = _one(part, goal)
    if not start.reached:
        return start
    climber = _Climber(part)
    steps = climber.at(start.thresholds)
    best = start
    low = np.log(1e-3 / (part.macs[-1] * len(part.scores)))
    high = np.log(2 / max(1, np.diff(part.macs).min()))
    for _ in range(_PRICES):
        price = float(np.exp((low + high) / 2))
        found = climber.climb(steps.copy(), lambda right, spent, price=price: right - price * spent)
        tried = _solution(part, goal, part.grid[found], "each")
        best = max(best, tried, key=lambda one: goal.worth(one.accuracy, one.macs))
        dearer = not tried.reached if goal.budget is not None else tried.reached
        low, high = ((low + high) / 2, high) if dearer else (low, (low + high) / 2)
    count, dearest = len(part.scores), float(part.macs[-1]) * len(part.scores)

    def worth(right: NDArray, spent: NDArray) -> NDArray:
        if goal.budget is not None:
            return np.where(spent <= goal.budget * count, right - spent / (2 * dearest), -np.inf)
        return np.where(right >= (goal.floor or 0.0) * count - 1e-9, -spent, -np.inf)

    for begin in (best, _shares(part, goal)):
        last = climber.climb(climber.at(begin.thresholds), worth)
        tried = _solution(part, goal, part.grid[last], "each")
        best = max(best, tried, key=lambda one: goal.worth(one.accuracy, one.macs))
    return best


class _Climber:
    """Coordinate ascent over the grid's steps at every early exit; (right answers, MACs) are totals."""

    def __init__(self, part: Problem) -> None:
        self.part = part
        self.early = part.scores.shape[1] - 1
        scores = part.scores[:, : self.early]
        # An image leaves at an exit whose step is below its level there; NaN has none.
        level = np.searchsorted(part.grid, scores, side="right")
        self.level = np.where(np.isnan(scores), 0, level)

    def at(self, thresholds: NDArray) -> NDArray[np.int64]:
        steps = np.searchsorted(self.part.grid, thresholds, side="right") - 1
        return np.clip(steps, 0, len(self.part.grid) - 1)

    def climb(self, steps: NDArray[np.int64], worth: object) -> NDArray[np.int64]:
        """Moves `steps` uphill in `worth(right, spent)` until a whole round changes nothing; returns them."""
        for _ in range(_SWEEPS):
            moved = [self._improve(steps, e, worth) for e in reversed(range(self.early))]
            if not any(moved):
                break
        return steps

    def _improve(self, steps: NDArray[np.int64], exit: int, worth: object) -> bool:
        part, count, many = self.part, len(self.part.scores), len(self.part.grid)
        leaves = np.concatenate([steps < self.level, np.ones((count, 1), bool)], axis=1)
        before = leaves[:, :exit].any(axis=1)
        leaves[:, exit] = False
        other = leaves.argmax(axis=1)
        rows = np.arange(count)
        right_there, right_other = (
            part.correct[:, exit].astype(float),
            part.correct[rows, other].astype(float),
        )
        reaches = ~before
        level = self.level[reaches, exit]
        hits = np.bincount(level, (right_there - right_other)[reaches], many + 1)
        spent = np.bincount(level, (part.macs[exit] - part.macs[other]).astype(float)[reaches], many + 1)
        # At step s, images whose level is above s leave.
        gained, paid = (np.cumsum(x[::-1])[::-1][1:] for x in (hits, spent))
        values = worth(right_other.sum() + gained, part.macs[other].sum() + paid)  # type: ignore[operator]
        best = many - 1 - int(np.argmax(values[::-1]))  # on a tie the highest step, as in search.js
        if not values[best] > values[steps[exit]]:
            return False
        steps[exit] = best
        return True


_WAYS = {"one": _one, "shares": _shares, "each": _each, "subset": _subset}
