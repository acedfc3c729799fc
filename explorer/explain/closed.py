"""Gradients of exit heads in closed form: how each token contributes to a class's logit, without autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.heads import GlobalAggregationHead, LinearHead, SharedHead
from explorer.model.multi_exit import MultiExitViT


@torch.no_grad()
def class_rows(
    network: MultiExitViT, exit_index: int, classes: tuple[int, ...], reads: Callable[[], Tensor]
) -> Tensor:
    """The gradient of `class_score` with respect to what each of a head's linear layers reads, (layers, D).

    It is a row of the layer's weights over the exit's temperature; for a group, its classes' rows weighted by their
    shares of the group's probability. These depend on what the layers read: `reads()`, (layers, D), called only then.
    """
    linears: Any = network.heads[exit_index].classifier.linears  # type: ignore[union-attr]
    divisor = len(linears) * network.temperatures[exit_index]
    if len(classes) == 1:
        return torch.stack([linear.weight[classes[0]] for linear in linears]).float() / divisor
    members = list(classes)
    rows = torch.stack([linear.weight[members].float() for linear in linears])  # (layers, members, D)
    bias = sum(linear.bias[members].float() for linear in linears)
    logits = (torch.einsum("lmd,ld->m", rows, reads().float()) + bias) / divisor
    return torch.einsum("m,lmd->ld", logits.softmax(dim=0), rows) / divisor


def through_norm(norm: nn.Module, features: Tensor, row: Tensor) -> Tensor:
    """The mean gradient (D,) of features (P, D) of which a read-out has the mean, times `row`.

    It is `row` itself, except for LGViT's read-out on Swin, which normalises each feature first.
    """
    if isinstance(norm, nn.Identity):
        return row
    with torch.inference_mode(False), torch.enable_grad():
        features, row = features.clone().requires_grad_(), row.clone()
        return torch.autograd.grad(norm(features) @ row, features, torch.ones(len(features)).to(row))[0].mean(
            dim=0
        )


def is_closed(head: nn.Module | None) -> TypeGuard[GlobalAggregationHead]:
    """Whether `through_aggregation` holds for that head: one on Swin normalises before its linear layer."""
    return isinstance(head, GlobalAggregationHead) and isinstance(head.classifier.norm, nn.Identity)


def places_read(network: MultiExitViT, exit_index: int) -> Tensor | None:
    """Which tokens after its block an exit reads, class tokens first; None if it reads all, or reads differently."""
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
def through_aggregation(
    network: MultiExitViT, exit_index: int, classes: tuple[int, ...], read: Tensor
) -> Tensor:
    """The gradient of `class_score` with respect to the tokens (P, D) that a global aggregation head reads.

    They are those at `places_read`. With A the weights of one of its attention heads, (kept, kept), and s the pull of
    each value, the score gains A s averaged over the rows of A; so the weights' softmax passes on A * (s - A s).
    """
    head = network.heads[exit_index]
    assert is_closed(head)
    heads, prefix = head.ATTENTION_HEADS, head.classifier.class_tokens
    x = read[prefix:]  # (kept, D)
    kept = len(x)
    qkv = F.linear(x, head.qkv.weight).view(kept, 3, heads, -1).permute(1, 2, 0, 3).float()
    query, key, value = qkv  # (heads, kept, D / heads) each
    scale = query.shape[-1] ** -0.5
    weights = ((query @ key.mT).float() * scale).softmax(dim=-1)  # (heads, kept, kept)
    looked_at = weights.mean(dim=1, keepdim=True)  # (heads, 1, kept)

    def reads() -> Tensor:
        mean = head.project((looked_at @ value).flatten())  # of the head's output tokens, (D,)
        return mean + read[:prefix] if prefix else mean[None]

    rows = class_rows(network, exit_index, classes, reads)
    pull = (rows.sum(dim=0) @ head.project.weight).view(heads, 1, -1).float()
    pulled = (value @ pull.mT).float()  # (heads, kept, 1): s
    scores = (pulled.mT - (weights @ pulled).float()).mul_(weights).mul_(scale / kept)
    parts = torch.stack([scores @ key, scores.mT @ query, looked_at.mT * pull])
    of_kept = parts.permute(2, 0, 1, 3).reshape(kept, -1) @ head.qkv.weight
    return torch.cat([rows[:prefix], of_kept.float()])
