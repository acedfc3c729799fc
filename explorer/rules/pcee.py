"""Patient and confident: leave when several exits in a row were certain, whatever they answered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Reader, Rule, Seen, Setting, Verdict

IN_A_ROW = 2  # as in LGViT


class PatientAndConfident(Reader):
    """Scores the lowest certainty of the last `count` exits; NaN until there are that many.

    So a threshold t on it is certainty >= t at each of them: PCEE-BERT's H / ln C < 1 - t, that many times in a row.
    """

    def __init__(self, setting: Setting, count: int = IN_A_ROW) -> None:
        super().__init__(setting)
        self.count = count

    def begin(self, n: int) -> None:
        self.last = np.full((n, self.count), np.nan)  # certainties of the last exits, the newest at the end

    def step(self, exit: int, seen: Seen) -> Verdict:
        self.last = np.column_stack([self.last[:, 1:], seen.certainty])
        return Verdict(self.last.min(axis=1), looks={"certainty": seen.certainty})  # min propagates NaN

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.last = self.last[mask]


RULE = Rule(
    name="pcee",
    title="Patient and confident",
    family="agreement",
    paper="PCEE-BERT: Zhang et al., Findings of NAACL 2022",
    says="Leave when two exits in a row were at least this certain. They need not give the same answer.",
    direction="H / ln C ≤ 1 − τ at two exits in a row",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.6,
    reader=PatientAndConfident,
    summary=True,
)
