"""Margin: leave when the best answer is far enough ahead of the second."""

from __future__ import annotations

import numpy as np

from explorer.rules.rule import Reader, Rule, Seen, Verdict


class Margin(Reader):
    """Scores the difference of the two largest probabilities, in [0, 1]."""

    def step(self, exit: int, seen: Seen) -> Verdict:
        best = np.partition(seen.probabilities, -2, axis=-1)
        return Verdict(best[:, -1] - best[:, -2], looks={"first": best[:, -1], "second": best[:, -2]})


RULE = Rule(
    name="margin",
    title="Margin",
    family="certainty",
    paper="one of JEI-DNN's gate inputs: Regol et al. 2024, arXiv 2310.09163; as a rule of its own, ours",
    says="Leave when the best answer is this much more probable than the second best. "
    "Two classes that are hard to tell apart keep the image inside.",
    direction="p₁ − p₂ ≥ τ",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.7,
    reader=Margin,
    alone=True,
)
