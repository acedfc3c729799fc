"""Calibration: whether an exit that is 80 % sure is right in 80 of 100 cases.

Its twin in JavaScript is `web/widgets/tune/calibration.js`; both pass `tests/data/tuning.json`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.evaluate.record import Record

BINS = 15  # equal in width, as in Guo et al. 2017 (arXiv 1706.04599)


@dataclass(frozen=True)
class Reliability:
    """One exit's answers, binned by confidence: bin b holds those in (b / 15, (b + 1) / 15]."""

    count: NDArray[np.int64]  # (15,)
    confidence: NDArray[np.float64]  # (15,) mean in the bin; NaN where it is empty
    accuracy: NDArray[np.float64]  # (15,) share right in the bin; NaN where it is empty
    ece: float  # expected calibration error: mean over images of |accuracy - confidence| of their bin, in [0, 1]


def reliability(record: Record, exit_index: int) -> Reliability:
    """How far an exit's confidence can be believed, over all images, wherever they would have left.

    Raises `KeyError` for a record without confidence.
    """
    confidence = record.scores["confidence"][:, exit_index]
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    sure = np.bincount(bins, confidence, BINS)
    right = np.bincount(bins, record.correct[:, exit_index], BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        return Reliability(
            count, sure / count, right / count, float(np.abs(right - sure).sum() / count.sum())
        )
