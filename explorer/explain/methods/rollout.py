"""Attention rollout: where what a token holds came from, through all blocks below (Abnar & Zuidema 2020)."""

from __future__ import annotations

from torch import Tensor

from explorer.explain.map import Map, Method, Target
from explorer.explain.methods.attention import attentions
from explorer.model.multi_exit import MultiExitViT


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """Shares in [0, 1] of what the token holds after every block, with the axis block (see `Attentions.rollout`)."""
    return Map(attentions(network, image, target.patch).rollout[0], False, "share", ("block",))


METHOD = Method(explain, frozenset({"patch"}))
