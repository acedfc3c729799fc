"""Attention and saliency as small JSON for the page: bytes in base64, and the peak that scales them back."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Our own. A Grad-CAM value is in logits (see `saliency.grad_cam`), and float32 cannot resolve a logit near 10
# any finer than 1e-6. A map that stays below that is rounding noise; in full colour it would look like more.
FLAT = 1e-6


def pack_attention(weights: NDArray[np.float32]) -> dict[str, Any]:
    """Attention weights (blocks, heads, rows, columns), all >= 0, as plain JSON types.

    `data` is base64 of one byte per weight in that order, round(255 * weight / peak). `peak[block][head]` is
    the greatest weight of that head's map, so byte / 255 * peak is the weight again, to within peak / 255. A
    head of zeros has peak 0.
    """
    blocks, heads, rows, columns = weights.shape
    peaks = weights.max(axis=(2, 3), keepdims=True)
    return {
        "grid": [rows, columns],
        "blocks": blocks,
        "heads": heads,
        "peak": [[_six_digits(peak) for peak in row] for row in peaks[..., 0, 0]],
        "data": _bytes(weights, peaks),
    }


def pack_saliency(exit_index: int, target_class: int, saliency: NDArray[np.float32]) -> dict[str, Any]:
    """A saliency map (rows, columns), all >= 0, as plain JSON types; bytes and peak as in `pack_attention`.

    A flat map, nowhere above `FLAT`, has peak 0.0 and zeros, and the page says so instead of drawing it.
    """
    peak = saliency.max()
    if peak < FLAT:
        saliency, peak = np.zeros_like(saliency), np.zeros_like(peak)
    return {
        "exit": int(exit_index),
        "class": int(target_class),
        "grid": list(saliency.shape),
        "peak": _six_digits(peak),
        "data": _bytes(saliency, peak),
    }


def _six_digits(value: np.floating) -> float:
    """Rounded to six significant digits: what a float32 holds, without the tail it gets as a Python float."""
    return float(f"{value:.6g}")


def _bytes(values: NDArray[np.float32], peaks: NDArray[np.float32] | np.floating) -> str:
    """Base64 of round(255 * value / peak), row by row; zeros where the peak is 0."""
    scaled = 255 * values.astype(np.float64) / np.where(peaks > 0, peaks, 1)
    return b64encode(np.rint(scaled).astype(np.uint8).tobytes()).decode("ascii")
