"""Confidence: leave when the largest probability is large enough."""

from __future__ import annotations

from explorer.rules.rule import Reader, Rule, Seen, Verdict


class Confidence(Reader):
    """Scores the largest probability, in [1/C, 1]."""

    def step(self, exit: int, seen: Seen) -> Verdict:
        return Verdict(seen.confidence)


RULE = Rule(
    name="confidence",
    title="Confidence",
    family="certainty",
    paper="BranchyNet's idea with the largest softmax, as LGViT is evaluated: Xu et al. 2023, arXiv 2308.00255",
    says="Leave when the largest probability reaches the threshold. It trusts what the exit says of itself.",
    direction="max p ≥ τ",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.8,  # the threshold LGViT is evaluated at
    reader=Confidence,
    alone=True,
)
