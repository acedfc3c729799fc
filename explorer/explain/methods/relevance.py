"""Gradient-weighted attention relevance: rollout for one class at one exit (Chefer, Gur & Wolf 2021)."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.explain.attending import attend_through, is_plain
from explorer.explain.map import Map, Method, Target
from explorer.explain.score import class_score, exit_logits, tokens_before
from explorer.model.multi_exit import MultiExitViT


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """Shares of the relevance that ends at each patch; they sum to 1 minus what ends at the prefix tokens.

    "Generic Attention-model Explainability", arXiv 2103.15679, equations 5 and 6: per block the mean over heads of
    ReLU(gradient * attention) is added to what was gathered, R <- R + A R. Read from [CLS] where the exit reads [CLS]
    alone. Our own extension for exits that read patches too: rows are weighted by the positive part of token *
    gradient at the exit, so that it is read from where the exit found its evidence.

    Raises `ValueError` for a model with other than timm's plain blocks.
    """
    backbone = network.backbone
    if not all(is_plain(layer) for layer in backbone.layers):
        raise ValueError("This method needs plain transformer blocks, and this model has others.")
    kept: list[Tensor] = []

    def watch(block: int, tokens: Tensor) -> Tensor:
        tokens, weights = attend_through(backbone.layers[block - 1], tokens)
        kept.append(weights)
        return tokens

    tokens = tokens_before(network, image, 0).requires_grad_()
    with torch.enable_grad(), network.in_precision():
        behind = network.advance(tokens, 0, network.exits[target.exit].block, watch)
        score = class_score(exit_logits(network, behind, target.exit), target.classes).sum()
        gradients = torch.autograd.grad(score, [*kept, behind])
    row = _read_from((behind * gradients[-1])[0].detach().float())  # (T,)
    # Read backwards, a row times matrices: the same product as gathering R from the first block to the last.
    for weights, gradient in zip(reversed(kept), reversed(gradients[:-1]), strict=True):
        relevance = (weights * gradient)[0].detach().float().relu().mean(dim=0)  # (T, T)
        row = row + row @ relevance
    total = row.sum()
    shares = row / total if total > 0 else row
    values = shares[backbone.prefix :].unflatten(0, backbone.grid)
    return Map(values.cpu().numpy(), False, "share")


def _read_from(evidence: Tensor) -> Tensor:
    """How much of the evidence (T, D) each token brings, (T,); all of it if only one token is read."""
    each = evidence.sum(dim=1)
    read = evidence.abs().sum(dim=1) > 0
    return read.float() if read.sum() == 1 else each.relu()


METHOD = Method(explain, frozenset({"exit", "class"}))
