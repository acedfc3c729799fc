"""The number a map explains: an exit's logit for a class, or for a group of classes, with its gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.model.multi_exit import MultiExitViT, Watch


def tokens_before(network: MultiExitViT, image: Tensor, block: int, watch: Watch | None = None) -> Tensor:
    """Tokens after block `block` (0: block 1's input), detached, but ready for gradients with respect to them."""
    with torch.inference_mode(), network.in_precision():  # a tenth faster than no_grad on a small network
        tokens = network.advance(network.backbone.embed(image), 0, block, watch)
    with torch.inference_mode(False):
        return tokens.clone()


def exit_logits(network: MultiExitViT, tokens: Tensor, exit_index: int) -> Tensor:
    """The exit's logits (N, C) over its temperature, from the tokens after its block."""
    if exit_index == len(network.heads):
        logits = network.backbone.readout(tokens)
    else:
        logits = network.heads[exit_index](tokens)[0]
    return logits.float() / network.temperatures[exit_index]


def logits_of(network: MultiExitViT, images: Tensor, exit_index: int) -> Tensor:
    """The exit's logits (N, C) for images, run to its block and no further."""
    with network.in_precision():
        tokens = network.advance(network.backbone.embed(images), 0, network.exits[exit_index].block)
        return exit_logits(network, tokens, exit_index)


def class_score(logits: Tensor, classes: tuple[int, ...]) -> Tensor:
    """The logit (N,) of a class, or of a group: log-sum-exp of its members', since softmax adds their probabilities."""
    return logits[:, list(classes)].logsumexp(dim=1)


def class_probability(logits: Tensor, classes: tuple[int, ...]) -> Tensor:
    """The probability (N,) of the class, or of any of the group."""
    return logits.softmax(dim=1)[:, list(classes)].sum(dim=1)
