"""Entropy: leave when the probabilities are concentrated enough."""

from __future__ import annotations

from explorer.rules.rule import Reader, Rule, Seen, Verdict


class Entropy(Reader):
    """Scores the certainty 1 - H / ln C, in [0, 1].

    The normalised entropy of PCEE-BERT turned so that higher = surer: a threshold of t nats on H, as DeeBERT and
    LGViT use it, is the threshold 1 - t / ln C here. A class whose probability underflows adds nothing, where
    LGViT's published code gives NaN.
    """

    def step(self, exit: int, seen: Seen) -> Verdict:
        return Verdict(seen.certainty)


RULE = Rule(
    name="entropy",
    title="Entropy",
    family="certainty",
    paper="DeeBERT: Xin et al. 2020, arXiv 2004.12993",
    says="Leave when the certainty 1 − H / ln C reaches the threshold. "
    "It looks at all probabilities, not at the largest alone.",
    direction="H ≤ (1 − τ) ln C nats",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.75,
    reader=Entropy,
    alone=True,
)
