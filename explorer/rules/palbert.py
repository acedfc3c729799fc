"""PALBERT: every exit predicts how likely the network is to halt there; leave when the sum passes q (Q-exit)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rules.pooled import linear, normed_state, sigmoid, wide
from explorer.rules.rule import FEATURES, TOKENS, Reader, Rule, Seen, Setting, Verdict


class Pondering(Reader):
    """Scores the probability that a sampling network would have halted by this exit: CDF = 1 - Π (1 - λ), rising.

    All exits share: the pooler h = tanh(W state + b), the classifier that answers on h, and the lambda layers on
    [h ; h of the exit before] (0 before the first), each Linear and tanh but the last, which ends in
    λ = sigmoid. p = λ Π earlier (1 - λ). Parts: `pooler`, `classifier`, `lambda.0` ... `lambda.K`, each with
    `.weight` and `.bias`. Ours: the state is normalised to mean 0 and variance 1 first. As released, the mass left
    after the last exit is assigned to no exit: p may sum to less than 1.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        parts = setting.parts
        self.hidden, width = parts["pooler.weight"].shape
        self.layers = [f"lambda.{i}" for i in range(sum(name.startswith("lambda.") for name in parts) // 2)]
        first = parts["lambda.0.weight"].shape[1]
        if any(w != width for w in setting.widths) or first != 2 * self.hidden:
            raise ValueError(f"the lambda layers read states of {width} channels.")
        if parts["classifier.bias"].shape != (setting.classes,):
            raise ValueError(f"the shared classifier knows {parts['classifier.bias'].size} classes.")
        self.parts = wide(parts)

    def begin(self, n: int) -> None:
        self.inside = np.ones(n)  # Π (1 - λ) so far
        self.before = np.zeros((n, self.hidden))

    def step(self, exit: int, seen: Seen) -> Verdict:
        # Both rules of this addon read the same states.
        key = ("palbert", id(self.setting.parts))
        state, halt, logits = seen.once(key, lambda: self._ponder(seen))
        share = halt * self.inside
        self.inside, self.before = self.inside * (1.0 - halt), state
        return Verdict(1.0 - self.inside, self.answer(share, logits), {"halt": halt, "share": share})

    def _ponder(self, seen: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
        """The pooler's state (n, hidden), λ (n,) and the classifier's logits (n, C) at this exit."""
        state = np.tanh(linear(self.parts, "pooler", normed_state(seen)))
        grown = np.concatenate([state, self.before], axis=-1)
        for layer in self.layers[:-1]:
            grown = np.tanh(linear(self.parts, layer, grown))
        halt = sigmoid(linear(self.parts, self.layers[-1], grown)[:, 0])
        return state, halt, linear(self.parts, "classifier", state).astype(np.float32)

    def answer(self, share: NDArray[np.float64], logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """What images that leave here answer, (n, C): under Q-exit the exit's own logits."""
        return logits

    def keep(self, mask: NDArray[np.bool_]) -> None:
        self.inside, self.before = self.inside[mask], self.before[mask]

    def macs(self, exit: int) -> int:
        return sum(part.size for part in self.setting.parts.values() if part.ndim == 2)


RULE = Rule(
    name="palbert",
    title="PALBERT, Q-exit",
    family="learned",
    paper="PALBERT: Balagansky, Gavrilov 2022, arXiv 2204.03276",
    says="Each exit says how likely it would halt here; leave when it is likelier than q that one so far would have. "
    "A draw of q by chance is PonderNet's sampling.",
    direction="Σ p ≥ q",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.5,
    reader=Pondering,
    needs=frozenset({TOKENS, FEATURES}),
    addon="palbert",
    by_class=True,
)
