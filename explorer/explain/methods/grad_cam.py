"""Grad-CAM: which patches speak for a class at an exit (Selvaraju et al. 2017, arXiv 1610.02391)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.explain.attending import attend_at, is_plain
from explorer.explain.closed import class_rows, is_closed, places_read, through_aggregation, through_norm
from explorer.explain.map import Map, Method, Target
from explorer.explain.score import class_score, exit_logits, tokens_before
from explorer.model.heads import LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """ReLU(sum over channels of mean gradient * activation) per patch, in logits.

    At a local perception head the activations are the head's own map. Its read-out is linear, so no gradient need be
    computed, and before the ReLU the patches sum up to what the map adds to the logit.

    The other read-outs look at [CLS], or mix all patches, so behind their block there is no map to weigh. There the
    activations are the tokens that enter the exit's block.
    """
    head = network.heads[target.exit] if target.exit < len(network.heads) else None
    if isinstance(head, LocalPerceptionHead):
        return Map(_of_local_head(network, head, image, target), False, "logit")
    return Map(_of_tokens(network, image, target), False, "logit")


@torch.no_grad()
def _of_local_head(
    network: MultiExitViT, head: LocalPerceptionHead, image: Tensor, target: Target
) -> NDArray[np.float32]:
    tokens = tokens_before(network, image, network.exits[target.exit].block)
    with network.in_precision():
        activation = head.local(head.map_of(tokens))[0].float()  # (D, H, W)
    rows = class_rows(network, target.exit, target.classes, tokens)
    row = through_norm(head.classifier.norm, activation.flatten(1).T, rows.sum(dim=0))
    gradient = row / activation[0].numel()
    return torch.einsum("d,dhw->hw", gradient, activation).relu().cpu().numpy()


def _of_tokens(network: MultiExitViT, image: Tensor, target: Target) -> NDArray[np.float32]:
    block = network.exits[target.exit].block
    layer = network.backbone.layers[block - 1]
    read = places_read(network, target.exit) if is_plain(layer) else None
    tokens = tokens_before(network, image, block - 1).requires_grad_()
    with torch.enable_grad(), network.in_precision():
        # Most of the block's work is for tokens that the exit does not read.
        behind = network.advance(tokens, block - 1, block) if read is None else attend_at(layer, tokens, read)
        gradient = _gradient(network, tokens, behind, read, target)
    shape = network.backbone.shape(block - 1)
    patches = slice(shape.prefix, None)
    activation, gradient = tokens.detach()[0, patches].float(), gradient[0, patches].float()
    return (activation @ gradient.mean(dim=0)).relu().unflatten(0, shape.grid).cpu().numpy()


def _gradient(
    network: MultiExitViT, tokens: Tensor, behind: Tensor, read: Tensor | None, target: Target
) -> Tensor:
    """Of the score, with respect to the tokens that gave those behind the exit's block: all, or at the places read."""
    head = network.heads[target.exit] if target.exit < len(network.heads) else None
    if read is None or not is_closed(head):
        score = class_score(exit_logits(network, behind, target.exit), target.classes).sum()
        return torch.autograd.grad(score, tokens)[0]
    # In closed form the head takes half of what autograd takes for it. It asks for all tokens, and reads only some.
    whole = torch.zeros_like(tokens, dtype=behind.dtype).index_copy_(1, read, behind.detach())
    rows = class_rows(network, target.exit, target.classes, whole)
    given = through_aggregation(head, whole, rows).to(behind.dtype)
    return torch.autograd.grad(behind, tokens, given.index_select(1, read))[0]


METHOD = Method(explain, frozenset({"exit", "class"}))
