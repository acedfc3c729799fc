"""Patience: leave when enough exits in a row gave the same answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Reader, Rule, Seen, Setting, Verdict


class Patience(Reader):
    """Counts how many exits in a row, including this one, gave the same answer: `first`, then one more each time."""

    def __init__(self, setting: Setting, first: int = 1) -> None:
        super().__init__(setting)
        self.first = first

    def begin(self, n: int) -> None:
        self.answer = np.full(n, -1)  # no class
        self.streak = np.zeros(n)

    def step(self, exit: int, seen: Seen) -> Verdict:
        same = seen.predicted == self.answer
        self.streak = np.where(same, self.streak + 1, self.first)
        self.answer = seen.predicted
        return Verdict(self.streak)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.answer, self.streak = self.answer[mask], self.streak[mask]


RULE = Rule(
    name="patience",
    title="Patience",
    family="agreement",
    paper="PABEE: Zhou et al. 2020, arXiv 2006.04152; counted from 1, as LGViT counts",
    says="Leave when this many exits in a row gave the same answer. It does not ask how sure any of them was.",
    direction="equal answers in a row ≥ t",
    low=1,
    high=None,
    step=1,
    default=3,
    reader=Patience,
    summary=True,
)
