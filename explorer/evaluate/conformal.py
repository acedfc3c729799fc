"""Conformal sets: instead of one answer, as many classes as it takes to hold the true one so often.

Split conformal prediction with the score 1 - p of the true class (Sadinle, Lei, Wasserman 2019, arXiv 1609.00451; as
JEI-DNN uses it, arXiv 2310.09163). Each exit has a limit of its own, found on the validation images; a set at an exit
holds the classes with at least that probability there, and always the answer itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.grain import CLASSES
from explorer.model.bundle import Model
from explorer.rules.reading import at_grain
from explorer.trace import Trace, softmax

COVERAGES = (0.9, 0.95, 0.99)  # how often the true class is to be in the set


def limits(true: NDArray[np.floating], coverage: float) -> NDArray[np.float64]:
    """The least probability (E,) that belongs to a set, from validation images' p of the true class (N, E).

    The ceil((N + 1) coverage)-th largest: of new images like these, at least that share has its true class in the set.
    0, so that every class is in, where N is too small for that.
    """
    n = len(true)
    rank = int(np.ceil((n + 1) * coverage - 1e-9))
    if rank > n:
        return np.zeros(true.shape[1])
    return np.sort(true.astype(np.float64), axis=0)[n - rank]


def sizes(probabilities: NDArray[np.floating], limit: NDArray[np.floating]) -> NDArray[np.int64]:
    """How many classes are in the set at each exit, (..., E), of probabilities (..., E, C) and limits (E,)."""
    return np.maximum((probabilities >= limit[:, None]).sum(axis=-1), 1)


@dataclass
class Watcher:
    """Collects, while a split runs, what conformal sets need: p of the true class, and how large sets are.

    `known` holds limits (E,) by grain and coverage, none on the split they are yet to be found on.
    """

    model: Model
    known: dict[str, dict[float, NDArray[np.float64]]] = field(default_factory=dict)
    true: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)
    counts: dict[str, dict[float, list[NDArray[np.int64]]]] = field(default_factory=dict)
    inside: dict[str, dict[float, list[NDArray[np.bool_]]]] = field(default_factory=dict)

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
                many = self.counts.setdefault(name, {}).setdefault(coverage, [])
                many.append(sizes(p, limit))
                held = self.inside.setdefault(name, {}).setdefault(coverage, [])
                held.append((true >= limit) | answered)

    def limits(self) -> dict[str, dict[float, NDArray[np.float64]]]:
        """By grain and coverage, found on the images seen."""
        return {
            name: {coverage: limits(np.concatenate(rows), coverage) for coverage in COVERAGES}
            for name, rows in self.true.items()
        }


def conformal_json(validation: Watcher, test: Watcher) -> dict[str, Any]:
    """conformal.json of a model folder, by grain and coverage: limits, and how often and how large on test, (E,)."""
    facts: dict[str, Any] = {}
    for name, by_coverage in test.known.items():
        facts[name] = {
            f"{coverage:g}": {
                "limits": [float(f"{limit:.7g}") for limit in found],
                "coverage": np.concatenate(test.inside[name][coverage]).mean(axis=0).round(5).tolist(),
                "size": np.concatenate(test.counts[name][coverage]).mean(axis=0).round(4).tolist(),
            }
            for coverage, found in by_coverage.items()
        }
    images = {
        split: sum(map(len, watcher.true[CLASSES]))
        for split, watcher in (("validation", validation), ("test", test))
    }
    return {"images": images, "grains": facts}
