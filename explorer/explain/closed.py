"""Gradients of exit heads in closed form: what a class's logit owes to each token, without autograd."""

from __future__ import annotations

from typing import Any, TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.explain.score import exit_logits
from explorer.model.heads import GlobalAggregationHead, LinearHead, SharedHead
from explorer.model.multi_exit import MultiExitViT


@torch.no_grad()
def class_rows(network: MultiExitViT, exit_index: int, classes: tuple[int, ...], tokens: Tensor) -> Tensor:
    """The gradient of `class_score` with respect to what each of a head's linear layers reads, (layers, D).

    It is a row of the layer's weights over the exit's temperature; of a group, the rows of its classes by their
    shares of the group's probability, which hang on the tokens (1, T, D) behind the exit's block.
    """
    linears: Any = network.heads[exit_index].classifier.linears  # type: ignore[union-attr]
    divisor = len(linears) * network.temperatures[exit_index]
    if len(classes) == 1:
        return torch.stack([linear.weight[classes[0]] for linear in linears]).float() / divisor
    members = list(classes)
    with network.in_precision():
        share = exit_logits(network, tokens, exit_index)[0, members].softmax(dim=0)
    return torch.stack([share @ linear.weight[members].float() for linear in linears]) / divisor


def through_norm(norm: nn.Module, features: Tensor, row: Tensor) -> Tensor:
    """The mean gradient (D,) of features (P, D) of which a read-out has the mean, times `row`.

    It is `row` itself, but for LGViT's read-out on Swin, which normalises each feature first.
    """
    if isinstance(norm, nn.Identity):
        return row
    features = features.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(norm(features) @ row, features, torch.ones(len(features)).to(row))[0].mean(
            dim=0
        )


def is_closed(head: nn.Module | None) -> TypeGuard[GlobalAggregationHead]:
    """Whether `through_aggregation` holds for that head: one on Swin normalises before its linear layer."""
    return isinstance(head, GlobalAggregationHead) and isinstance(head.classifier.norm, nn.Identity)


def places_read(network: MultiExitViT, exit_index: int) -> Tensor | None:
    """Which tokens behind its block an exit reads, class tokens first; None for one that reads all, or others' way."""
    head = network.heads[exit_index] if exit_index < len(network.heads) else None
    count = network.backbone.class_tokens
    class_tokens = torch.arange(count, device=network.device)
    if is_closed(head):
        return torch.cat([class_tokens, head.places])
    if isinstance(head, LinearHead):
        alone = True
    else:
        alone = (head is None or isinstance(head, SharedHead)) and network.backbone.reads_class_tokens_alone
    return class_tokens if alone and count > 0 else None


@torch.no_grad()
def through_aggregation(head: GlobalAggregationHead, tokens: Tensor, rows: Tensor) -> Tensor:
    """The gradient with respect to the tokens (1, T, D) that a global aggregation head reads, from `class_rows`.

    With A the weights of one of its attention heads, (kept, kept), and s the pull of each value, the score gains
    A s averaged over the rows of A; so the weights' softmax passes on A * (s - A s).
    """
    x = head.kept(tokens)[0].float()  # (kept, D)
    kept, heads, prefix = len(x), head.ATTENTION_HEADS, head.classifier.class_tokens
    query, key, value = F.linear(x, head.qkv.weight.float()).view(kept, 3, heads, -1).permute(1, 2, 0, 3)
    weights = (query @ key.mT).mul_(query.shape[-1] ** -0.5).softmax(dim=-1)  # (heads, kept, kept)
    pull = (rows.sum(dim=0) @ head.project.weight.float()).view(heads, 1, -1) / kept
    pulled = value @ pull.mT  # (heads, kept, 1): s
    scores = (pulled.mT - weights @ pulled).mul_(weights).mul_(query.shape[-1] ** -0.5)
    parts = torch.stack([scores @ key, scores.mT @ query, weights.sum(dim=1)[..., None] * pull])
    gradient = torch.zeros_like(tokens, dtype=torch.float32)
    gradient[0, head.places] = parts.permute(2, 0, 1, 3).reshape(kept, -1) @ head.qkv.weight.float()
    gradient[0, :prefix] = rows[:prefix]
    return gradient
