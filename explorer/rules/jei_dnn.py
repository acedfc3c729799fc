"""JEI-DNN: leave where a learned gate, which looks at four statistics of the probabilities, opens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.pooled import pooled, product, sigmoid
from explorer.rules.rule import FEATURES, TOKENS, Reader, Rule, Seen, Setting, Verdict
from explorer.trace import log_softmax


def statistics(logits: NDArray) -> NDArray[np.float64]:
    """The inputs of a gate, (..., 4), from logits (..., C): the largest probability, the entropy in nats, the margin
    between the two largest, and the entropy of p² / Σ p²."""
    log_p = log_softmax(logits)
    best = np.sort(np.exp(log_p), axis=-1)
    squared = log_softmax(2 * log_p)
    return np.stack([best[..., -1], _nats(log_p), best[..., -1] - best[..., -2], _nats(squared)], axis=-1)


def _nats(log_p: NDArray[np.float64]) -> NDArray[np.float64]:
    return -(np.exp(log_p) * log_p).sum(axis=-1)


class Gates(Reader):
    """Scores the gated probability c of leaving here, given that the image has not left before.

    g = sigmoid(w · statistics + b) of that exit's gate; P = max(0, min(g, 1 - Σ earlier g)), the share of such images
    that leaves here; c = P / Π earlier (1 - c), in [0, 1]. The paper leaves at the first c >= 0.5. The classifiers
    were trained with the gates, so the exits answer with those. Parts, over E - 1 early exits:
    `gates.weight` (E - 1, 4), `gates.bias` (E - 1,), `classifiers.weight` (E - 1, C, D), `classifiers.bias` (E - 1, C).
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        parts, early = setting.parts, setting.exits - 1
        self.gates, self.biases = parts["gates.weight"], parts["gates.bias"]
        self.weight, self.bias = parts["classifiers.weight"], parts["classifiers.bias"]
        fits = self.gates.shape == (early, 4) and self.biases.shape == (early,)
        fits = fits and self.weight.shape[:2] == self.bias.shape == (early, setting.classes)
        if not fits or any(width != self.weight.shape[2] for width in setting.widths):
            raise ValueError("the gates are of other exits or classes.")

    def begin(self, n: int) -> None:
        self.opened = np.zeros(n)  # Σ g so far
        self.inside = np.ones(n)  # Π (1 - c) so far

    def step(self, exit: int, seen: Seen) -> Verdict:
        if exit == self.setting.exits - 1:  # all remaining images leave
            rest = np.maximum(0.0, 1.0 - self.opened)
            return Verdict(np.ones(len(rest)), looks={"gate": np.ones(len(rest)), "share": rest})
        logits = (product(pooled(seen), self.weight[exit].T) + self.bias[exit]).astype(np.float32)
        gate = sigmoid(statistics(logits) @ self.gates[exit].astype(np.float64) + self.biases[exit])
        share = np.maximum(0.0, np.minimum(gate, 1.0 - self.opened))
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = np.where(self.inside > 0, np.clip(share / self.inside, 0.0, 1.0), 1.0)
        self.opened, self.inside = self.opened + gate, self.inside * (1.0 - chance)
        return Verdict(chance, logits, {"gate": gate, "share": share})

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.opened, self.inside = self.opened[mask], self.inside[mask]

    def macs(self, exit: int) -> int:
        return 0 if exit == self.setting.exits - 1 else 4 + self.weight[exit].size


RULE = Rule(
    name="jei-dnn",
    title="JEI-DNN gates",
    family="learned",
    paper="JEI-DNN: Regol, Chataoui, Coates 2024, arXiv 2310.09163",
    says="Leave where the exit's gate opens, which was trained together with the exit's classifier. "
    "It weighs accuracy against cost, as the two were weighed in training.",
    direction="c ≥ τ, c the gated chance of leaving here",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.5,
    reader=Gates,
    needs=frozenset({TOKENS, FEATURES}),
    addon="jei-dnn",
    by_class=True,
)
