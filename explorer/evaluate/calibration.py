"""How far a score can be believed, and what depth did to the answers: calibration and overthinking of a record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.evaluate.record import Record

BINS = 15  # as many as Guo et al. use, "On Calibration of Modern Neural Networks" (ICML 2017)


@dataclass(frozen=True)
class Reliability:
    """Images of one exit, gathered by confidence into `BINS` bins of equal width. An empty bin holds NaN but `share`."""

    share: NDArray[np.float64]  # (BINS,) of all images; sums to 1
    confidence: NDArray[np.float64]  # (BINS,) their mean confidence
    accuracy: NDArray[np.float64]  # (BINS,) the share of them that is right

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean gap between confidence and accuracy, weighted by share."""
        return float(np.nansum(self.share * np.abs(self.confidence - self.accuracy)))


def reliability(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> Reliability:
    """Both (N,). A confidence of 1 belongs to the last bin."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return Reliability(
            share=count / len(bins),
            confidence=np.bincount(bins, confidence, BINS) / count,
            accuracy=np.bincount(bins, correct.astype(float), BINS) / count,
        )


def overthinking(record: Record) -> tuple[float, float]:
    """Kaya, Hong, Dumitras (ICML 2019), as shares of all images: wasteful, destructive.

    Wasteful: an exit before the last was right, and so is the last. Destructive: one was right, and the last is wrong.
    """
    earlier, last = record.correct[:, :-1].any(axis=1), record.correct[:, -1]
    return float((earlier & last).mean()), float((earlier & ~last).mean())
