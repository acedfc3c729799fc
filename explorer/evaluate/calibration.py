"""Is a confidence of 80 % right eight times in ten? The error, and the temperature that mends it. NumPy only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

BINS = 15  # as Guo et al. 2017, "On calibration of modern neural networks", arXiv 1706.04599
_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures looked among
_GOLDEN = (math.sqrt(5) - 1) / 2


def calibration_error(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Expected calibration error in [0, 1]: mean |accuracy - confidence| over equal bins of confidence, by count.

    `confidence` and `correct` are (N,); a confidence on the border of two bins belongs to the lower one.
    """
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(which, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


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
