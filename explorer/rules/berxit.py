"""BERxiT's learning to exit: leave when a small learned probe expects this exit to be right."""

from __future__ import annotations

from explorer.rules.pooled import linear, normed_state, sigmoid
from explorer.rules.rule import FEATURES, TOKENS, Reader, Rule, Seen, Setting, Verdict


class LearnedToExit(Reader):
    """Scores 1 - u, where u = sigmoid(w · state + b) is the error that the probe expects of this exit, in [0, 1].

    One linear probe serves all exits. BERxiT leaves where u < θ, that is where the score here exceeds 1 - θ. Parts:
    `probe.weight` (1, D) and `probe.bias` (1,). Ours: the state is normalised to mean 0 and variance 1 first.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.width = setting.parts["probe.weight"].shape[1]
        if any(width != self.width for width in setting.widths):
            raise ValueError(f"the probe reads states of {self.width} channels.")

    def step(self, exit: int, seen: Seen) -> Verdict:
        grown = linear(self.setting.parts, "probe", normed_state(seen))[:, 0]
        return Verdict(sigmoid(-grown), looks={"error": sigmoid(grown)})

    def macs(self, exit: int) -> int:
        return self.width


RULE = Rule(
    name="berxit",
    title="Learned to exit",
    family="learned",
    paper="BERxiT: Xin et al. 2021, aclanthology.org/2021.eacl-main.8",
    says="Leave when a small probe, trained for it, expects the exit to be right. "
    "It reads the exit's features, not its probabilities.",
    direction="u ≤ 1 − τ, u the error expected",
    low=0.0,
    high=1.0,
    step=0.005,
    default=0.9,
    reader=LearnedToExit,
    alone=True,
    needs=frozenset({TOKENS, FEATURES}),
    addon="berxit",
    by_class=True,
)
