"""Accuracy against cost as thresholds move, and the threshold that meets a goal.

Its twin in JavaScript is `web/widgets/tune/tally.js` and `tradeoff.js`; both pass `tests/data/tuning.json`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.evaluate.record import Record
from explorer.rules import RULES, decide


@dataclass(frozen=True)
class Outcome:
    """Results on a split once every image has left."""

    accuracy: float  # in [0, 1]
    macs: float  # mean spent per image
    by_macs: float  # the full backbone's MACs / those spent: more than 1 saves
    by_blocks: float  # blocks of the backbone / mean exit block: LGViT's "speed-up", which ignores the heads
    leaving: NDArray[np.float64]  # (E,) share of images leaving at each exit
    right: NDArray[np.float64]  # (E,) accuracy of those that leave there; NaN where none does


@dataclass(frozen=True)
class Point(Outcome):
    """What one threshold gives on a split."""

    threshold: float


def at_thresholds(record: Record, rule: str, thresholds: ArrayLike) -> Outcome:
    """Accuracy and cost with one threshold for every early exit, or (E - 1,) of them, one each."""
    fired, under = decide(record.scores[rule], thresholds), record.under(rule)
    macs = float(under.macs[fired].mean())
    exits = len(record.blocks)
    correct = under.correct[np.arange(len(fired)), fired]
    counts = np.bincount(fired, minlength=exits)
    with np.errstate(invalid="ignore"):  # 0 / 0 where no image leaves
        right = np.bincount(fired, correct, exits) / counts
    return Outcome(
        accuracy=float(correct.mean()),
        macs=macs,
        by_macs=record.macs_full / macs,
        by_blocks=float(record.blocks[-1] / record.blocks[fired].mean()),
        leaving=counts / len(fired),
        right=right,
    )


def at_threshold(record: Record, rule: str, threshold: float) -> Point:
    """Accuracy and cost when every early exit has that threshold."""
    return Point(**vars(at_thresholds(record, rule, threshold)), threshold=float(threshold))


def candidates(record: Record, rule: str, count: int = 400) -> NDArray[np.float64]:
    """Thresholds worth trying, rising: the scores, or quantiles where there are many; last, "never"."""
    scores = record.scores[rule][:, :-1]
    scores = scores[~np.isnan(scores)]  # which never fires
    values = np.unique(scores)
    if len(values) > count:
        values = np.unique(np.quantile(scores, np.linspace(0, 1, count)))
    return np.append(values, np.nextafter(values[-1], np.inf) if len(values) else np.inf)


def curve(record: Record, rule: str) -> list[Point]:
    """The whole trade-off, from the lowest threshold to never leaving early."""
    return [at_threshold(record, rule, t) for t in candidates(record, rule)]


def cheapest(record: Record, rule: str, accuracy: float) -> Point:
    """The point with the fewest MACs whose accuracy is at least that; never leaving early if none is."""
    points = curve(record, rule)
    return min((p for p in points if p.accuracy >= accuracy), key=lambda p: p.macs, default=points[-1])


def most_accurate(record: Record, rule: str, by_macs: float) -> Point:
    """The most accurate point that saves at least that factor in MACs; the cheapest point if none does."""
    return _most_accurate(curve(record, rule), by_macs)


def settable(record: Record, rule: str) -> list[Point]:
    """The points that the page's slider can be set to, from the lowest threshold up."""
    facts = RULES[rule]
    steps = round((facts.top(len(record.blocks)) - facts.low) / facts.step)
    return [at_threshold(record, rule, round(facts.low + i * facts.step, 6)) for i in range(steps + 1)]


@dataclass(frozen=True)
class Aim:
    """What a model's own thresholds are chosen for, on validation."""

    saving: float = 1.5  # how many times fewer MACs they must use at least, heads included
    lost: float | None = (
        None  # how much accuracy they may lose at most; None: the most accurate that save enough
    )


def own_threshold(record: Record, rule: str, aim: Aim) -> float:
    """A model's own threshold, among those that the page's slider can be set to.

    If the aim limits the loss, the cheapest within that. If it does not, or where even that saves too
    little to see an early exit, the most accurate that saves enough.
    """
    points = settable(record, rule)
    if aim.lost is not None:
        enough = [p for p in points if p.accuracy >= record.accuracy[-1] - aim.lost]
        cheap = min(enough or points[-1:], key=lambda p: p.macs)
        if cheap.by_macs >= aim.saving:
            return cheap.threshold
    return _most_accurate(points, aim.saving).threshold


def own_thresholds(record: Record, aim: Aim) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """A model's own threshold of every rule: for the classes, and per grain."""
    chosen = {rule: own_threshold(record, rule, aim) for rule in record.scores}
    return chosen, {name: own_thresholds(reading, aim)[0] for name, reading in record.grains.items()}


def _most_accurate(points: list[Point], by_macs: float) -> Point:
    within = [p for p in points if p.by_macs >= by_macs]
    return max(within, key=lambda p: p.accuracy) if within else min(points, key=lambda p: p.macs)
