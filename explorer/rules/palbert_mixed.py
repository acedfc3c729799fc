"""PALBERT's expectation: the answers of the exits so far, mixed by how likely each would have halted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.rules.palbert import RULE as Q_EXIT
from explorer.rules.palbert import Pondering
from explorer.trace import softmax

_SMALLEST = 1e-30  # a class below it cannot win anyway, and log 0 is undefined


class Mixed(Pondering):
    """As Q-exit, but images leaving answer Σ p_j softmax_j / Σ p_j over the exits j so far (as log-probabilities)."""

    def begin(self, n: int) -> None:
        super().begin(n)
        self.mixed = np.zeros((n, self.setting.classes))

    def answer(self, share: NDArray[np.float64], logits: NDArray[np.float32]) -> NDArray[np.float32]:
        self.mixed = self.mixed + share[:, None] * softmax(logits)
        halted = np.maximum(1.0 - self.inside, _SMALLEST)[:, None]
        return np.log(np.maximum(self.mixed / halted, _SMALLEST)).astype(np.float32)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        super().keep(mask)
        self.mixed = self.mixed[mask]


RULE = replace(
    Q_EXIT,
    name="palbert-mixed",
    title="PALBERT, mixed",
    says="As PALBERT's Q-exit, but the answers of all exits so far are mixed, each by how likely it would have halted. "
    "At q = 1 that is the expectation over all depths.",
    reader=Mixed,
)
