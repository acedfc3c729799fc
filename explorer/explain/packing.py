"""Any map as small JSON for the page: bytes in base64, and the peak that scales them back."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.explain.map import Map


def pack(found: Map) -> dict[str, Any]:
    """A map as plain JSON types.

    `grid` is rows and columns, `axes` the length of each leading axis by name. `data` is base64 of one byte per value
    in the map's own order: round(255 * value / peak), or 128 + round(127 * value / peak) if `signed`. `peak` is the
    greatest absolute value of each single map, nested as the axes are, so that a value comes back to within one step.
    `evidence` is None, or why there is nothing to see: "flat" or "broken"; such a map has no peak above 0 and no data.
    """
    facts = {
        "grid": list(found.values.shape[-2:]),
        "axes": dict(zip(found.axes, found.values.shape, strict=False)),
        "signed": found.signed,
        "units": found.units,
        "evidence": found.evidence,
    }
    if found.evidence is not None:
        return {**facts, "peak": np.zeros(found.values.shape[:-2]).tolist(), "data": ""}
    peaks = np.abs(found.values).max(axis=(-2, -1), keepdims=True)
    rounded = np.vectorize(_six_digits, otypes=[float])(peaks[..., 0, 0])
    return {**facts, "peak": rounded.tolist(), "data": _bytes(found, peaks)}


def _six_digits(value: float) -> float:
    """Rounded to six significant digits: what a float32 holds, without the tail it gets as a Python float."""
    return float(f"{value:.6g}")


def _bytes(found: Map, peaks: NDArray[np.float32]) -> str:
    """The values in base64, zeros where the peak is 0."""
    shares = found.values.astype(np.float64) / np.where(peaks > 0, peaks, 1)
    scaled = 128 + np.rint(127 * shares) if found.signed else np.rint(255 * shares)
    return b64encode(scaled.astype(np.uint8).tobytes()).decode("ascii")
