"""Conformal sets: instead of one answer, enough classes to contain the true one at a given rate. NumPy only.

Split conformal prediction with the score 1 - p of the true class (Sadinle, Lei, Wasserman 2019, arXiv 1609.00451; as
JEI-DNN uses it, arXiv 2310.09163). Each exit has its own limit, found on the validation images; a set at an exit
contains the classes with at least that probability, and always the answer itself. The guarantee is for all images at
one exit; for those that a rule lets leave there, coverage is measured (`given`), not proven.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COVERAGES = (0.9, 0.95, 0.99)  # how often the true class is to be in the set
FILE, IMAGES_FILE = (
    "conformal.json",
    "conformal.npz",
)  # in a model folder: the guarantees, and each test image

Limits = Mapping[str, Mapping[str, NDArray[np.float64]]]  # by grain and coverage ("0.9"), (E,)


def limits(true: NDArray[np.floating], coverage: float) -> NDArray[np.float64]:
    """The lowest probability (E,) included in a set, from validation images' p of the true class (N, E).

    The ceil((N + 1) coverage)-th largest: at least that share of new images like these has its true class in the set.
    0, so that every class is included, where N is too small for that.
    """
    n = len(true)
    rank = int(np.ceil((n + 1) * coverage - 1e-9))
    if rank > n:
        return np.zeros(true.shape[1])
    return np.sort(true.astype(np.float64), axis=0)[n - rank]


def sizes(probabilities: NDArray[np.floating], limit: NDArray[np.floating]) -> NDArray[np.int64]:
    """How many classes are in the set at each exit, (..., E), for probabilities (..., E, C) and limits (E,)."""
    return np.maximum((probabilities >= limit[:, None]).sum(axis=-1), 1)


class Given(NamedTuple):
    """Set statistics where images leave: over all of them, and (E,) over those that leave at each exit."""

    size: float  # mean, in classes
    coverage: float  # share of images whose true class is in the set
    sizes: NDArray[np.float64]  # NaN where no image leaves
    coverages: NDArray[np.float64]


def given(packed: NDArray[np.integer], fired: NDArray[np.int64]) -> Given:
    """The statistics of images' sets (N, E), as `packed_sets` stores them, at the exit (N,) where each image leaves."""
    own = packed[np.arange(len(fired)), fired].astype(np.int64)
    size, inside = own // 2, own % 2
    exits = packed.shape[1]
    count = np.bincount(fired, minlength=exits).astype(float)
    count[count == 0] = np.nan
    return Given(
        float(size.mean()),
        float(inside.mean()),
        np.bincount(fired, size, exits) / count,
        np.bincount(fired, inside, exits) / count,
    )


def packed_sets(counts: NDArray[np.integer], inside: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """How large each set is and whether the true class is in it, (N, E) both, as one number: 2 size + inside."""
    return (2 * counts + inside).astype(np.uint16)


def read_limits(folder: Path, exits: int) -> tuple[Limits, list[str]]:
    """The limits in a model folder's conformal.json, and a sentence if they are left out; both empty without a file."""
    path = folder / FILE
    if not path.exists():
        return {}, []
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["grains"]
        found = {
            grain: {coverage: np.array(facts["limits"], dtype=np.float64) for coverage, facts in by.items()}
            for grain, by in stored.items()
        }
        limits = [limit for by in found.values() for limit in by.values()]
        fits = all(limit.shape == (exits,) and np.isfinite(limit).all() for limit in limits)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError):
        fits = False
    if not fits:
        return {}, [f"The file {FILE} does not fit the model's exits; its sets are left out."]
    return found, []


def set_sizes(
    probabilities: NDArray[np.floating], limits_of: Mapping[str, NDArray[np.float64]]
) -> dict[str, list[int]]:
    """One image's sets at a grain, (E, C): by coverage, the number of classes in the set at each exit."""
    return {coverage: sizes(probabilities, limit).tolist() for coverage, limit in limits_of.items()}
