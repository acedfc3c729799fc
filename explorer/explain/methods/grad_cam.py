"""Grad-CAM: which patches support a class at an exit (Selvaraju et al. 2017, arXiv 1610.02391)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.explain.block_gradient import is_closed_block, run_at
from explorer.explain.closed import class_rows, is_closed, places_read, through_aggregation, through_norm
from explorer.explain.map import Map, Method, Target
from explorer.explain.score import class_score, exit_logits
from explorer.model.heads import LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """ReLU(sum over channels of mean gradient * activation) per patch, in logits.

    At a local perception head the activations are the head's own map. Its read-out is linear, so no gradient need be
    computed, and before the ReLU the patches sum up to what the map adds to the logit.

    The other read-outs look at [CLS], or mix all patches, so after their block there is no map to weigh. There the
    activations are the tokens that enter the exit's block.
    """
    head = network.heads[target.exit] if target.exit < len(network.heads) else None
    if isinstance(head, LocalPerceptionHead):
        return Map(_of_local_head(network, head, image, target), False, "logit")
    return Map(_of_tokens(network, image, target), False, "logit")


@torch.inference_mode()
def _of_local_head(
    network: MultiExitViT, head: LocalPerceptionHead, image: Tensor, target: Target
) -> NDArray[np.float32]:
    with network.in_precision():
        tokens = network.advance(network.backbone.embed(image), 0, network.exits[target.exit].block)
        activation = head.local(head.map_of(tokens))[0].float()  # (D, H, W)
    norm, prefix = head.classifier.norm, head.classifier.class_tokens
    places = activation.flatten(1).T

    def reads() -> Tensor:
        mean = norm(places).mean(dim=0, keepdim=True)
        return mean + tokens[0, :prefix] if prefix else mean

    rows = class_rows(network, target.exit, target.classes, reads)
    gradient = through_norm(norm, places, rows.sum(dim=0)) / len(places)
    return torch.einsum("d,dhw->hw", gradient, activation).relu().cpu().numpy()


@torch.inference_mode()
def _of_tokens(network: MultiExitViT, image: Tensor, target: Target) -> NDArray[np.float32]:
    block = network.exits[target.exit].block
    layer = network.backbone.layers[block - 1]
    with network.in_precision():
        tokens = network.advance(network.backbone.embed(image), 0, block - 1)[0].float()  # (T, D)
        if is_closed_block(layer):
            # Most of the block's work is for tokens that the exit does not read.
            behind, backward = run_at(layer, tokens, places_read(network, target.exit))
            gradient = backward(_of_read_out(network, behind, target))
        else:
            gradient = _by_autograd(network, tokens, target)
    shape = network.backbone.shape(block - 1)
    patches = slice(shape.prefix, None)
    return (tokens[patches] @ gradient[patches].mean(dim=0)).relu().unflatten(0, shape.grid).cpu().numpy()


def _of_read_out(network: MultiExitViT, behind: Tensor, target: Target) -> Tensor:
    """The gradient (P, D) of the score with respect to the tokens after the exit's block that the exit reads."""
    head = network.heads[target.exit] if target.exit < len(network.heads) else None
    if is_closed(head):
        return through_aggregation(network, target.exit, target.classes, behind)
    return _by_autograd(network, behind, target, through_block=False)


@torch.inference_mode(False)
def _by_autograd(network: MultiExitViT, tokens: Tensor, target: Target, through_block: bool = True) -> Tensor:
    """The gradient of the score with respect to tokens (T, D) before the exit's block, or else after it."""
    block = network.exits[target.exit].block
    tokens = tokens.clone()[None].requires_grad_()
    with torch.enable_grad():
        behind = network.advance(tokens, block - 1, block) if through_block else tokens
        score = class_score(exit_logits(network, behind, target.exit), target.classes).sum()
        return torch.autograd.grad(score, tokens)[0][0].float()


METHOD = Method(explain, frozenset({"exit", "class"}))
