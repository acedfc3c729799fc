"""Maps on coarser and finer grids: sums over cells, and values spread evenly over finer cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FINEST = 56  # our own: rows or columns beyond that are summed in pairs or more, so that a map stays a few KB


def cells(values: NDArray[np.float32], most: int = FINEST) -> NDArray[np.float32]:
    """Values per pixel (..., H, W) summed over the smallest equal squares that leave at most `most` rows and columns.

    The sum over the whole map stays what it was. A side that no square divides is left as it is.
    """
    *_, height, width = values.shape
    for side in range(1, max(height, width) + 1):
        if height % side == 0 and width % side == 0 and max(height, width) // side <= most:
            parts = values.reshape(*values.shape[:-2], height // side, side, width // side, side)
            return np.asarray(parts.sum(axis=(-3, -1)), np.float32)
    return values


def on_grid(values: NDArray, grid: Sequence[int] | NDArray) -> NDArray[np.float64]:
    """Values (..., h, w) on another grid (rows, columns) over the same picture; the sum stays what it was.

    Every value is spread evenly over its cell, and each new cell sums the part that lies within it.
    """
    out = values.astype(np.float64)
    for axis, count in ((-2, int(grid[0])), (-1, int(grid[1]))):
        out = np.moveaxis(np.tensordot(_overlap(values.shape[axis], count), out, axes=(1, axis)), 0, axis)
    return out


def _overlap(old: int, new: int) -> NDArray[np.float64]:
    """The share of each of `old` equal parts of a line that lies in each of `new` equal parts, (new, old)."""
    edges_old, edges_new = np.arange(old + 1) / old, np.arange(new + 1) / new
    low = np.maximum(edges_new[:-1, None], edges_old[None, :-1])
    high = np.minimum(edges_new[1:, None], edges_old[None, 1:])
    return np.clip(high - low, 0, None) * old
