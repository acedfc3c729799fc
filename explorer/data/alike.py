"""Pictures that are nearly the same, such as smaller or recompressed copies, found by small fingerprints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 16  # a fingerprint has SIDE * SIDE bits
ALIKE = 12  # bits in which copies may differ; unrelated photographs differ in about half of the 256
ROWS = 256  # compared at once, to limit memory


def fingerprint(image: Image.Image) -> NDArray[np.uint64]:
    """A difference hash (4,): whether each of 16 x 16 places is darker than its right neighbour.

    It survives a change of size, quality or brightness; a crop or a mirror image changes it.
    """
    small = image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BICUBIC)
    grey = np.asarray(small, np.int16)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).view(np.uint64)


def nearest(prints: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Bits in which each fingerprint (N, 4) differs from the most similar of `others` (M, 4): (N,); 256 without any."""
    least = np.full(len(prints), SIDE * SIDE, np.int64)
    if len(others):
        for start in range(0, len(prints), ROWS):
            some = prints[start : start + ROWS, None]
            least[start : start + ROWS] = (
                np.bitwise_count(some ^ others).sum(axis=-1, dtype=np.int64).min(axis=1)
            )
    return least
