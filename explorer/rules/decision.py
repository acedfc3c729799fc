"""The one decision: the first exit whose score reaches its threshold fires; the last exit always does."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def early_thresholds(thresholds: ArrayLike, exits: int) -> NDArray[np.float64]:
    """One threshold per early exit, (exits - 1,), from one number for all or one number each.

    Raises `ValueError` when the count fits neither.
    """
    array = np.asarray(thresholds, dtype=np.float64)
    if array.ndim == 0:
        return np.full(exits - 1, array)
    if array.shape != (exits - 1,):
        raise ValueError(f"expected one threshold, or {exits - 1} (one per early exit); got {array.size}.")
    return array


def decide(scores: ArrayLike, thresholds: ArrayLike) -> NDArray[np.int64]:
    """Which exit fires, as an index into the exits.

    `scores` is (E,) or (N, E), `thresholds` one number or (E - 1,). Returns a 0-d array or (N,).
    A NaN score never fires. Its twin in JavaScript is `web/widgets/decide.js`; both pass
    `tests/data/decisions.json`.
    """
    scores = np.asarray(scores, dtype=np.float64)
    fires = scores[..., :-1] >= early_thresholds(thresholds, scores.shape[-1])
    always = np.ones((*fires.shape[:-1], 1), dtype=bool)
    return np.concatenate([fires, always], axis=-1).argmax(axis=-1)
