"""DeeR: leave when the prediction has stopped changing from one exit to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Reader, Rule, Seen, Verdict


class Consistency(Reader):
    """Scores 1 - |p_k - p_(k-1)| / sqrt(2), in [0, 1]: no class's probability moved, or all of it did.

    DeeR compares robot actions by their root mean square and leaves below eta; using class probabilities instead
    is ours. There is nothing before the first exit, so it never fires there.
    """

    def begin(self, n: int) -> None:
        self.before: NDArray[np.float64] | None = None

    def step(self, exit: int, seen: Seen) -> Verdict:
        before, self.before = self.before, seen.probabilities
        if before is None:
            nothing = np.full(len(seen.logits), np.nan)
            return Verdict(nothing, looks={"change": nothing})
        change = np.linalg.norm(seen.probabilities - before, axis=-1)
        return Verdict(np.clip(1 - change / np.sqrt(2), 0.0, 1.0), looks={"change": change})

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.before = None if self.before is None else self.before[mask]


RULE = Rule(
    name="deer",
    title="Consistency (DeeR)",
    family="change",
    paper="DeeR-VLA: Yue et al. 2024, arXiv 2411.02359; class probabilities in place of robot actions are ours",
    says="Leave when the probabilities have hardly changed since the exit before. "
    "It needs two exits to compare, so none leaves at the first.",
    direction="‖pₖ − pₖ₋₁‖₂ ≤ η, τ = 1 − η / √2",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.9,
    reader=Consistency,
)
