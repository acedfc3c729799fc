"""Performance control: leave when images as sure as this one were right often enough at this exit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Reader, Rule, Seen, Verdict

BINS = 20  # per exit, each with equally many validation images; ours


class Performance(Reader):
    """Scores the share of right answers among the validation images whose confidence at this exit was like this one's.

    Parts, for each grain that was evaluated: `GRAIN.edges` (E, BINS - 1), the boundaries of an exit's confidence
    bins, rising; `GRAIN.accuracy` (E, BINS), the share right in each. NaN, and so no exit, at another grain.
    """

    def step(self, exit: int, seen: Seen) -> Verdict:
        parts, grain = self.setting.parts, self.setting.grain
        if f"{grain}.edges" not in parts:
            nothing = np.full(len(seen.logits), np.nan)
            return Verdict(nothing, looks={"confidence": seen.confidence})
        edges, accuracy = parts[f"{grain}.edges"][exit], parts[f"{grain}.accuracy"][exit]
        place = np.searchsorted(edges, seen.confidence.astype(np.float32), side="right")
        return Verdict(accuracy[place].astype(np.float64), looks={"confidence": seen.confidence})


def reliability_bins(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = BINS
) -> dict[str, NDArray[np.float32]]:
    """The reader's parts for one grain, `edges` and `accuracy`, from validation images, both (N, E).

    Bins of equal counts, not of equal width as in a reliability diagram: a good network is so sure of most images that
    one wide bin would hold them all. Neighbouring bins where accuracy falls as confidence rises are averaged
    (pool adjacent violators), so that the score rises with confidence.
    """
    exits = confidence.shape[1]
    sure = confidence.astype(np.float32)
    edges = np.quantile(sure, np.arange(1, bins) / bins, axis=0).T.astype(np.float32)  # (E, bins - 1)
    accuracy = np.empty((exits, bins), np.float32)
    for e in range(exits):
        place = np.searchsorted(edges[e], sure[:, e], side="right")
        count = np.bincount(place, minlength=bins).astype(float)
        accuracy[e] = _rising(np.bincount(place, correct[:, e], bins), count)
    return {"edges": edges, "accuracy": accuracy}


def _rising(right: NDArray, count: NDArray) -> NDArray[np.float64]:
    """Shares right / count, pooled with their neighbours until they never fall; an empty bin gets its neighbour's."""
    pools: list[list[float]] = []  # [right, count, how many bins]
    for r, c in zip(right, count, strict=True):
        pools.append([r, c, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            r, c, k = pools.pop()
            pools[-1] = [pools[-1][0] + r, pools[-1][1] + c, pools[-1][2] + k]
    return np.concatenate([np.full(int(k), r / max(c, 1)) for r, c, k in pools])


RULE = Rule(
    name="performance",
    title="Performance control",
    family="certainty",
    paper="Performance Control in Early Exiting: Mofakhami et al. 2024, arXiv 2412.19325; the bins are ours",
    says="Leave when validation images as sure as this one were right this often at this exit. "
    "The threshold is the accuracy you ask for, not a confidence.",
    direction="accuracy of the confidence's bin ≥ δ",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.9,
    reader=Performance,
    alone=True,
    addon="performance",
    summary=True,
)
