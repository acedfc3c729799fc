"""Writes sets.json: a few images' conformal sets, and what Python makes of them, for the browser's twin to agree with.

    python tests/data/make_sets.py

tests/evaluate/test_conformal.py sees to it that the file is what Python computes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.conformal import given, packed_sets
from explorer.rules import decide

PATH = Path(__file__).with_name("sets.json")
THRESHOLDS: list[Any] = [0.0, 0.5, 0.83, 1.1, [0.9, 0.2, 1.1], [0.4, 0.95, 0.6]]


def stored() -> dict[str, Any]:
    """Forty images at four exits whose sets shrink with depth; a score is missing."""
    rng = np.random.default_rng(3)
    counts = np.maximum(1, 9 - 2 * np.arange(4) + rng.integers(-2, 3, (40, 4)))
    inside = rng.random((40, 4)) < 0.9
    scores = np.round(rng.random((40, 4)), 3)
    missing = [[None if (i, e) == (4, 0) else v for e, v in enumerate(row)] for i, row in enumerate(scores)]
    return {"packed": packed_sets(counts, inside).tolist(), "scores": missing}


def expected(data: dict[str, Any], thresholds: Any) -> dict[str, Any]:
    """Means over all images, and per exit over those that leave there; None where nobody does."""
    scores = np.array(data["scores"], dtype=float)
    fired = decide(scores, thresholds)
    found = given(np.array(data["packed"]), fired)
    each = [[None if np.isnan(v) else v for v in row.tolist()] for row in (found.sizes, found.coverages)]
    return {
        "thresholds": thresholds,
        "size": found.size,
        "coverage": found.coverage,
        "images": np.bincount(fired, minlength=4).tolist(),
        "sizes": each[0],
        "coverages": each[1],
    }


def main() -> None:
    data = stored()
    cases = [expected(data, thresholds) for thresholds in THRESHOLDS]
    PATH.write_text(json.dumps({**data, "cases": cases}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
