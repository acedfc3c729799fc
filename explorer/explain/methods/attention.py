"""Attention of one token, [CLS] or a patch, to every patch: at every block and head."""

from __future__ import annotations

from torch import Tensor

from explorer.explain.attending import AttentionRecorder, Attentions, can_read
from explorer.explain.map import Map, Method, Target
from explorer.model.multi_exit import MultiExitViT


def attentions(network: MultiExitViT, image: Tensor, patch: int | None) -> Attentions:
    """All attention maps of [CLS] (of all patches together in a model without one), or of a patch; in one pass.

    Raises `ValueError` for a model whose attention cannot be read.
    """
    backbone = network.backbone
    if not can_read(backbone):
        raise ValueError("The attention of this model's blocks cannot be read.")
    resting = 0 if backbone.class_tokens else None
    recorder = AttentionRecorder(backbone, resting if patch is None else backbone.prefix + patch)
    network.analyse(image, recorder)
    return recorder.read()


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """Attention weights in [0, 1], with the axes block and head; the softmax runs over prefix tokens too."""
    return Map(attentions(network, image, target.patch).attention[0], False, "attention", ("block", "head"))


METHOD = Method(explain, frozenset({"patch"}))
