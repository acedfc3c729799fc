"""The one decision: the first exit whose score reaches its threshold fires; the last exit always does."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def early_thresholds(thresholds: ArrayLike, exits: int) -> NDArray[np.float64]:
    """One threshold per early exit, (exits - 1,), from one number for all or one number each.

    Raises `ValueError` when the count fits neither, `TypeError` for non-numbers.
    """
    array = _numbers(thresholds, "a threshold is a number, or a list of one number per early exit")
    if array.ndim == 0:
        return np.full(exits - 1, array)
    if array.shape != (exits - 1,):
        raise ValueError(f"expected one threshold, or {exits - 1} (one per early exit); got {array.size}.")
    return array


def decide(scores: ArrayLike, thresholds: ArrayLike) -> NDArray[np.int64]:
    """Which exit fires, as an index into the exits.

    `scores` is (E,) or (N, E), `thresholds` one number or (E - 1,). Returns a 0-d array or (N,).
    A NaN score never fires. Its twin in JavaScript is `web/widgets/decide.js`; both pass
    `tests/data/decisions.json`. Raises `ValueError` for a wrong number of thresholds, `TypeError` for non-numbers.
    """
    scores = _numbers(scores, "decide takes the scores of one rule, as trace.scores['confidence']")
    if scores.ndim == 0:
        raise TypeError("decide takes the scores of all exits, not a single number.")
    fires = scores[..., :-1] >= early_thresholds(thresholds, scores.shape[-1])
    always = np.ones((*fires.shape[:-1], 1), dtype=bool)
    return np.concatenate([fires, always], axis=-1).argmax(axis=-1)


def _numbers(values: ArrayLike, says: str) -> NDArray[np.float64]:
    """As an array. Raises `TypeError` with the message `says`: text and None do not count as numbers."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64)
    except ValueError:  # lists of different lengths
        pass
    raise TypeError(f"{says}, not a {type(values).__name__}.")
