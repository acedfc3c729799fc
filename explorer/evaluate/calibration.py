"""Calibration: whether an exit that is 80 % sure is right in 80 of 100 cases, and the temperature that fixes it.

Reliability's twin in JavaScript is `web/widgets/tune/calibration.js`; both pass `tests/data/tuning.json`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.evaluate.record import Record

BINS = (
    15  # equal in width, as in Guo et al. 2017, "On calibration of modern neural networks", arXiv 1706.04599
)
_LOWEST, _HIGHEST = 0.05, 20.0  # range of temperatures searched
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Reliability:
    """One exit's answers, binned by confidence: bin b holds those in (b / 15, (b + 1) / 15]."""

    count: NDArray[np.int64]  # (15,)
    confidence: NDArray[np.float64]  # (15,) mean in the bin; NaN where it is empty
    accuracy: NDArray[np.float64]  # (15,) share right in the bin; NaN where it is empty
    ece: float  # expected calibration error: mean over images of |accuracy - confidence| of their bin, in [0, 1]


def reliability(record: Record, exit_index: int) -> Reliability:
    """How reliable an exit's confidence is, over all images, wherever they would have left.

    Raises `KeyError` for a record without confidence.
    """
    return reliability_of(record.scores["confidence"][:, exit_index], record.correct[:, exit_index])


def reliability_of(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> Reliability:
    """The same for any answers' confidence and correctness, each (N,)."""
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    sure = np.bincount(bins, confidence, BINS)
    right = np.bincount(bins, correct, BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0 in an empty bin
        return Reliability(
            count, sure / count, right / count, float(np.abs(right - sure).sum() / count.sum())
        )


def ece_by_chance(confidence: NDArray[np.floating], draws: int = 200) -> float:
    """The expected calibration error of a perfectly calibrated model with confidences (N,), for finite N: the mean
    over draws, each answer right independently with its confidence as probability; dependence makes it larger.
    """
    rng = np.random.default_rng(0)
    right = rng.random((draws, len(confidence))) < confidence
    return float(np.mean([reliability_of(confidence, row).ece for row in right]))


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """The temperature that makes the labels (N,) most likely under logits (N, C) / temperature, in [0.05, 20].

    The negative log-likelihood has a single minimum over the temperature, so a golden-section search finds it.
    """
    if len(logits) == 0:
        raise ValueError("a temperature needs at least one picture to be fitted on.")
    shifted = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float64)
    right = shifted[np.arange(len(labels)), labels]

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        return float((np.log(np.exp(shifted * scale).sum(axis=-1)) - right * scale).mean())

    low, high = math.log(_LOWEST), math.log(_HIGHEST)
    while high - low > 1e-3:
        left, mid = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, mid) if loss(left) < loss(mid) else (left, high)
    return math.exp((low + high) / 2)
