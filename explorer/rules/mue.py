"""MuE: leave when the tokens have stopped changing from one block to the next."""

from __future__ import annotations

import numpy as np

from explorer.rules.rule import PREVIOUS, TOKENS, Reader, Rule, Seen, Verdict


class Saturation(Reader):
    """Scores the cosine similarity of all tokens after this block and the one before, each as one vector, in [-1, 1].

    The published code flattens the batch too and so works for one image only; here every image has its own. NaN, and
    so no exit, if a block changes the shape of its tokens, as a merging block of Swin does.
    """

    def step(self, exit: int, seen: Seen) -> Verdict:
        assert seen.tokens is not None
        assert seen.previous is not None
        n = len(seen.tokens)
        now, before = (x.reshape(n, -1).astype(np.float64) for x in (seen.tokens, seen.previous))
        if now.shape != before.shape:
            nothing = np.full(n, np.nan)
            return Verdict(nothing, looks={"cosine": nothing})
        lengths = np.linalg.norm(now, axis=1) * np.linalg.norm(before, axis=1)
        cosine = np.clip((now * before).sum(axis=1) / np.maximum(lengths, 1e-30), -1.0, 1.0)
        return Verdict(cosine, looks={"cosine": cosine})

    def macs(self, exit: int) -> int:
        return 3 * self.setting.tokens[exit] * self.setting.widths[exit]  # one dot product and two norms


RULE = Rule(
    name="mue",
    title="Saturation (MuE)",
    family="change",
    paper="MuE: Tang et al. 2023, arXiv 2211.11152; looked at behind exit blocks only",
    says="Leave when the last block hardly changed the tokens: their cosine with those before it is high enough. "
    "It never looks at an answer, so it knows that the features stand still, not that they are right.",
    direction="cos(Xₗ, Xₗ₋₁) ≥ θ",
    low=-1.0,
    high=1.0,
    step=0.001,
    default=0.97,
    reader=Saturation,
    alone=True,
    needs=frozenset({TOKENS, PREVIOUS}),
    by_class=True,
)
