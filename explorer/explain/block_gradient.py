"""Runs a transformer block for some tokens only, with the gradient of what is read there in closed form.

Autograd would record and reverse each of a block's many small steps; in a small network that costs more than the block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers import Mlp
from timm.models.vision_transformer import LayerScale
from torch import Tensor, nn

from explorer.explain.attending import is_plain

# Takes the gradient (P, D) with respect to the tokens after the block; gives that of the tokens before it, (T, D).
Backward = Callable[[Tensor], Tensor]


def is_closed_block(block: nn.Module) -> bool:
    """Whether `run_at` holds for a block: one of timm's plain ones, without norms or gates inside its attention."""
    if not is_plain(block):
        return False
    parts: Any = block
    attn, mlp = parts.attn, parts.mlp
    inside = (attn.q_norm, attn.k_norm, attn.norm)
    scales = (parts.ls1, parts.ls2)
    return (
        attn.gate is None
        and all(isinstance(part, nn.Identity) for part in inside)
        and all(isinstance(part, nn.Identity | LayerScale) for part in scales)
        and all(
            isinstance(norm, nn.LayerNorm) and norm.weight is not None for norm in (parts.norm1, parts.norm2)
        )
        and type(mlp) is Mlp
        and type(mlp.act) is nn.GELU
        and isinstance(mlp.norm, nn.Identity)
        and isinstance(mlp.fc1, nn.Linear)
    )


def run_at(block: Any, tokens: Tensor, places: Tensor | None = None) -> tuple[Tensor, Backward]:
    """One image's tokens (T, D) through a block, at `places` (P,) alone or all: (P, D), and the backward function.

    Every token is attended to, but only those at `places` are mixed and go through the MLP. Valid for blocks that
    `is_closed_block` accepts, in eval mode; nothing is recorded for autograd.
    """
    attn, mlp = block.attn, block.mlp
    heads, width = attn.num_heads, attn.attn_dim
    normed, *statistics = _norm(block.norm1, tokens)
    at, before = (
        (normed, tokens)
        if places is None
        else (normed.index_select(0, places), tokens.index_select(0, places))
    )
    to_query, to_rest = attn.qkv.weight.split([width, 2 * width])
    query_bias, rest_bias = (None, None) if attn.qkv.bias is None else attn.qkv.bias.split([width, 2 * width])
    query = F.linear(at, to_query, query_bias).unflatten(1, (heads, -1)).transpose(0, 1).float()
    key, value = F.linear(normed, to_rest, rest_bias).unflatten(1, (2, heads, -1)).permute(1, 2, 0, 3).float()
    query = query * attn.scale
    weights = (query @ key.mT).float().softmax(dim=-1)  # (heads, P, T)
    attended = before + block.ls1(attn.proj((weights @ value).transpose(0, 1).flatten(1)))
    again, *statistics_again = _norm(block.norm2, attended)
    hidden = mlp.fc1(again)
    behind = attended + block.ls2(mlp.fc2(mlp.act(hidden)))

    def backward(given: Tensor) -> Tensor:
        inner = _scaled(block.ls2, given) @ mlp.fc2.weight
        inner = torch.ops.aten.gelu_backward(inner.to(hidden.dtype), hidden, approximate=mlp.act.approximate)
        given = given + _through_norm(block.norm2, inner @ mlp.fc1.weight, attended, statistics_again)
        mixed = (
            (_scaled(block.ls1, given) @ attn.proj.weight).unflatten(1, (heads, -1)).transpose(0, 1).float()
        )
        scores = torch.ops.aten._softmax_backward_data((mixed @ value.mT).float(), weights, -1, weights.dtype)
        rest = torch.stack([scores.mT @ query, weights.mT @ mixed])  # (2, heads, T, head_dim): keys, values
        of_query = (scores @ key).mul_(attn.scale).transpose(0, 1).flatten(1) @ to_query
        owed = (rest.permute(2, 0, 1, 3).flatten(1) @ to_rest).float()
        owed = owed + of_query if places is None else owed.index_add_(0, places, of_query.float())
        owed = _through_norm(block.norm1, owed, tokens, statistics)
        return owed + given if places is None else owed.index_add_(0, places, given)

    return behind, backward


def _norm(norm: nn.LayerNorm, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Normalised tokens (T, D), and of each its mean and the inverse of its deviation."""
    return torch.native_layer_norm(tokens, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _through_norm(norm: nn.LayerNorm, given: Tensor, tokens: Tensor, statistics: list[Tensor]) -> Tensor:
    mask, shape = [True, False, False], norm.normalized_shape
    given = given.to(tokens.dtype)
    return torch.ops.aten.native_layer_norm_backward(
        given, tokens, shape, *statistics, norm.weight, norm.bias, mask
    )[0]


def _scaled(scale: nn.Module, given: Tensor) -> Tensor:
    return given * scale.gamma if isinstance(scale, LayerScale) else given
