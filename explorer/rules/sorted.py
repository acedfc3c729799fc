"""Sorted (SoFT): confidence against thresholds that fall with depth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from explorer.rules.rule import Reader, Rule, Seen, Verdict

# How far the threshold of each early exit lies below the first one's. The paper's seven sub-models have .95 .95 .90 .90
# .80 .80 .70 (Kavehzadeh et al. 2023, arXiv 2309.08968, appendix A.1); the eighth, for eight exits, is ours.
STEPS = (0.0, 0.0, 0.0, 0.05, 0.05, 0.15, 0.15, 0.25)


class Sorted(Reader):
    """Scores confidence plus how far this exit's threshold lies below the first exit's.

    The steps are spread over as many exits as there are; the threshold is then the first exit's own.
    """

    def step(self, exit: int, seen: Seen) -> Verdict:
        return Verdict(seen.confidence + self.lowered(exit), looks={"confidence": seen.confidence})

    def lowered(self, exit: int) -> float:
        """How much less confidence this exit requires than the first; the final one as the exit before it."""
        return _lowered(exit, self.setting.exits - 1)


@lru_cache(maxsize=256)
def _lowered(exit: int, early: int) -> float:
    if early < 2:
        return 0.0
    return float(np.interp(min(exit, early - 1), np.linspace(0, early - 1, len(STEPS)), STEPS))


RULE = Rule(
    name="sorted",
    title="Falling thresholds (Sorted)",
    family="certainty",
    paper="Sorted LLaMA: Kavehzadeh et al. 2023, arXiv 2309.08968",
    says="Leave when the largest probability reaches a threshold that falls with depth. "
    "The one you set is the first exit's; the later ones ask for up to 0.25 less.",
    direction="max p at exit k ≥ τₖ, τ falling: .95 .95 .95 .90 .90 .80 .80 .70",
    low=0.0,
    high=1.25,
    step=0.005,
    default=0.95,
    reader=Sorted,
    alone=True,
    summary=True,
)
