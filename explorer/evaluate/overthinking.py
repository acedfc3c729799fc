"""Overthinking (Kaya, Hong, Dumitras 2019, arXiv 1810.07052): when going deeper wasted work, or lost the answer.

Its twin in JavaScript is part of `web/widgets/tune/tally.js`; both pass `tests/data/tuning.json`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.evaluate.record import Record


@dataclass(frozen=True)
class Overthinking:
    """Shares of all images, in [0, 1], and what was spent beyond the first exit that was right."""

    wasteful: float  # right, but an earlier exit was right already
    destructive: float  # wrong, though an earlier exit was right
    too_early: float  # wrong, though the final exit is right. Our own counterpart: the price of leaving early
    some_exit_right: float  # at least one exit is right: what an oracle rule would reach
    wasted_macs: (
        float  # mean over the wasteful images of MACs spent after their first right exit; 0 without any
    )


def overthinking(record: Record, fired: NDArray[np.int64] | None = None) -> Overthinking:
    """For images that left at `fired`, (N,); without it, for images that all went to the end, as in the paper."""
    last = len(record.blocks) - 1
    fired = np.full(len(record.labels), last) if fired is None else fired
    correct = record.correct
    right = correct[np.arange(len(fired)), fired]
    first = np.where(correct.any(axis=1), correct.argmax(axis=1), last + 1)
    wasteful = right & (first < fired)
    wasted = (record.macs[fired] - record.macs[np.minimum(first, last)])[wasteful]
    return Overthinking(
        wasteful=float(wasteful.mean()),
        destructive=float((~right & (first < fired)).mean()),
        too_early=float((~right & correct[:, last]).mean()),
        some_exit_right=float((first <= last).mean()),
        wasted_macs=float(wasted.mean()) if wasteful.any() else 0.0,
    )
