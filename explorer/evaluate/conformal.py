"""What conformal sets need from a split while it runs, and what a model folder stores; see explorer/conformal.py."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.conformal import COVERAGES, FILE, IMAGES_FILE, Limits, limits, packed_sets, sizes
from explorer.grain import CLASSES
from explorer.model.bundle import Model
from explorer.rules.reading import at_grain
from explorer.trace import Trace, softmax


@dataclass
class Watcher:
    """Collects, while a split runs, what conformal sets need: p of the true class, and every image's set.

    `known` holds the limits; none on the split they will be found on.
    """

    model: Model
    known: Limits = field(default_factory=dict)
    true: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)
    sets: dict[str, dict[str, list[NDArray[np.uint16]]]] = field(default_factory=dict)

    def __call__(self, trace: Trace, labels: NDArray[np.int64]) -> None:
        """One batch of the split, (N, E, C), and its true classes (N,)."""
        readings = [(CLASSES, trace, labels)]
        for grain in self.model.grains:
            read = at_grain(trace, grain, self.model.network.addons)
            readings.append((grain.name, read, grain.groups[labels]))
        for name, read, classes in readings:
            p = softmax(read.logits)
            true = p[np.arange(len(classes)), :, classes]
            self.true.setdefault(name, []).append(true.astype(np.float32))
            answered = read.predicted == classes[:, None]
            for coverage, limit in self.known.get(name, {}).items():
                kept = self.sets.setdefault(name, {}).setdefault(coverage, [])
                kept.append(packed_sets(sizes(p, limit), (true >= limit) | answered))

    def limits(self) -> Limits:
        """Found on the images seen, rounded as they are written: to seven digits."""
        return {
            name: {
                f"{coverage:g}": np.array(
                    [float(f"{limit:.7g}") for limit in limits(np.concatenate(rows), coverage)]
                )
                for coverage in COVERAGES
            }
            for name, rows in self.true.items()
        }

    def packed(self, grain: str, coverage: str) -> NDArray[np.uint16]:
        """Every image's set at every exit, (N, E); see `packed_sets`."""
        return np.concatenate(self.sets[grain][coverage])


def write_conformal(validation: Watcher, test: Watcher, folder: Path) -> None:
    """conformal.json and conformal.npz of a model folder.

    By grain and coverage the limits, and the coverage and set sizes on test, (E,); and for every test image its
    `packed_sets`, as GRAIN@COVERAGE (N, E).
    """
    images = {
        split: sum(map(len, watcher.true[CLASSES]))
        for split, watcher in (("validation", validation), ("test", test))
    }
    grains = {
        name: {c: _facts(limit, test.packed(name, c)) for c, limit in by_coverage.items()}
        for name, by_coverage in test.known.items()
    }
    facts = json.dumps({"images": images, "grains": grains}, separators=(",", ":"))
    arrays = {f"{name}@{c}": test.packed(name, c) for name, by in test.known.items() for c in by}
    np.savez_compressed(folder / IMAGES_FILE, **arrays)  # type: ignore[arg-type]
    # Last: a running page detects changed sets by this file.
    (folder / FILE).write_text(facts + "\n", encoding="utf-8")


def _facts(limit: NDArray[np.float64], packed: NDArray[np.uint16]) -> dict[str, Any]:
    return {
        "limits": limit.tolist(),
        "coverage": (packed % 2).mean(axis=0).round(5).tolist(),
        "size": (packed // 2).mean(axis=0).round(4).tolist(),
    }
