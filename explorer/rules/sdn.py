"""Shallow-Deep Networks: confidence, but where no exit is sure enough, the most confident exit answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Reader, Rule, Seen, Verdict


class SurestExit(Reader):
    """Scores confidence; the last exit gives the most confident exit's answer, itself included.

    Ties go to the shallower exit. Comparing costs no multiplication.
    """

    def begin(self, n: int) -> None:
        self.most = np.full(n, -np.inf)
        self.answer: NDArray[np.float32] | None = None

    def step(self, exit: int, seen: Seen) -> Verdict:
        surer = seen.confidence > self.most
        self.most = np.where(surer, seen.confidence, self.most)
        before = seen.logits if self.answer is None else self.answer
        self.answer = np.where(surer[:, None], seen.logits, before)
        last = exit == self.setting.exits - 1
        return Verdict(seen.confidence, self.answer if last else None, {"surest": self.most})

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.most = self.most[mask]
        self.answer = None if self.answer is None else self.answer[mask]


RULE = Rule(
    name="sdn",
    title="Surest exit (SDN)",
    family="certainty",
    paper="Shallow-Deep Networks: Kaya et al. 2019, arXiv 1810.07052",
    says="Leave when the largest probability reaches the threshold. "
    "If no exit is that sure, the answer is that of the surest exit, not of the last one.",
    direction="max p ≥ q, else the exit with the largest max p",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.9,
    reader=SurestExit,
    summary=True,
)
