"""Runs a transformer block so that its attention weights can be read, and records them for one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from timm.layers import Attention
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from explorer.model.backbone import Backbone


def is_plain(block: nn.Module) -> bool:
    """Whether `attend` can run that block. timm's others (post-norm, parallel, differential) attend differently."""
    return type(block) is Block and type(block.attn) is Attention


def attend(block: nn.Module, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A timm `Block` in eval mode: tokens (N, T, D) after it, and its queries and keys (N, heads, T, head_dim).

    The tokens are bit for bit those of `block(tokens)`; `weights_of` turns queries and keys into the weights, which
    fused attention never forms. Raises `ValueError` for any other kind of block.
    """
    query, key, value, gate = _project(block, tokens)
    attn = block.attn
    if attn.fused_attn:  # type: ignore[union-attr]
        mixed = F.scaled_dot_product_attention(query, key, value)
    else:
        mixed = weights_of(query * attn.scale, key, 1.0) @ value  # type: ignore[operator, union-attr]
    return _behind(block, tokens, mixed, gate), query, key


def attend_through(block: nn.Module, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """As `attend`, but the tokens depend on the weights (N, heads, T, T) that are returned: gradients reach them."""
    query, key, value, gate = _project(block, tokens)
    weights = weights_of(query, key)
    return _behind(block, tokens, weights @ value, gate), weights


def weights_of(query: Tensor, key: Tensor, scale: float | None = None) -> Tensor:
    """Attention weights (N, heads, T, T): row i is what token i takes from every token, and sums to 1."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return ((query * scale) @ key.transpose(-2, -1)).softmax(dim=-1)


def _project(block: nn.Module, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Queries, keys and values (N, heads, T, head_dim) as timm's `Attention.forward` makes them, and its gate."""
    if not is_plain(block):
        raise ValueError(f"Attention can be read from timm's plain Block, not from {type(block).__name__}.")
    attn: Any = block.attn
    x = block.norm1(tokens)  # type: ignore[operator]
    gate = attn.gate(x).sigmoid() if attn.gate is not None else None
    qkv = attn.qkv(x).unflatten(-1, (3, attn.num_heads, attn.head_dim)).permute(2, 0, 3, 1, 4)
    query, key, value = qkv.unbind(0)
    return attn.q_norm(query), attn.k_norm(key), value, gate


def _behind(block: Any, tokens: Tensor, mixed: Tensor, gate: Tensor | None) -> Tensor:
    """The rest of the block: what attention mixed, (N, heads, T, head_dim), to the tokens after it."""
    attn = block.attn
    mixed = attn.norm(mixed.transpose(1, 2).flatten(2))
    tokens = tokens + block.ls1(attn.proj(mixed if gate is None else mixed * gate))
    return tokens + block.ls2(block.mlp(block.norm2(tokens)))


class AttentionRecorder:
    """Records what attention maps are made of during an analysis: `analyse(images, recorder)`.

    Belongs to one pass, not to the model: the model knows nothing of it, and any number can run at once. Only
    queries and keys are kept, so that the pass takes no longer; maps are computed on request.
    The map of a token is its row of weights. `token` is which: 0 is [CLS], a patch is `prefix` + its number. None
    takes the mean over all patches, as a read-out that averages them does.
    """

    def __init__(self, backbone: Backbone, token: int | None = 0) -> None:
        self.backbone, self.prefix, self.grid, self.token = backbone, backbone.prefix, backbone.grid, token
        # Per block, its queries and keys; for non-plain blocks, the tokens they read.
        self._seen: list[tuple[Tensor, Tensor] | Tensor] = []

    @classmethod
    def of(cls, backbone: Backbone) -> AttentionRecorder | None:
        """A recorder of what the read-out looks at: [CLS], or all patches without one. None if no block can be read."""
        return cls(backbone, 0 if backbone.class_tokens else None) if can_read(backbone) else None

    def __call__(self, block: int, tokens: Tensor) -> Tensor:
        """Runs a block (from 1) in place of the backbone: tokens (N, T, D) before it to those after it."""
        layer = self.backbone.layers[block - 1]
        if is_plain(layer):
            behind, query, key = attend(layer, tokens)
            self._seen.append((query, key))
            return behind
        self._seen.append(tokens)
        return self.backbone.block(block, tokens)

    @torch.inference_mode()
    def read(self, image: int | None = None) -> Attentions:
        """The maps of the pass, of all its images or of one; then their first axis has length 1."""
        weights = self._weights(slice(None) if image is None else slice(image, image + 1))
        patches = weights[..., self.prefix :, self.prefix :]
        reach = (patches * _distances(self.backbone).to(patches)).sum(-1) / patches.sum(-1).clamp_min(1e-12)
        mixed = 0.5 * weights.mean(dim=2) + 0.5 * torch.eye(weights.shape[-1], device=weights.device)
        # From the last block down to the first, the rows of all blocks above at once: vectors times matrices.
        rows = self._row(mixed[-1])[:, None]  # (N, depths, T)
        for matrix in reversed(mixed[:-1]):
            rows = torch.cat([self._row(matrix)[:, None], rows @ matrix], dim=1)
        return Attentions(
            self._on_patches(self._row(weights).transpose(0, 1)),
            self._on_patches(rows),
            reach.mean(dim=-1).transpose(0, 1).cpu().numpy(),
        )

    def _weights(self, images: slice) -> Tensor:
        """Attention weights of those images, (blocks, N, heads, T, T)."""
        plain = [seen for seen in self._seen if isinstance(seen, tuple)]
        if len(plain) == len(self._seen):
            queries, keys = (torch.stack([seen[i][images] for seen in plain]).float() for i in (0, 1))
            return weights_of(queries, keys)
        found = []
        for block, seen in enumerate(self._seen, start=1):
            if isinstance(seen, tuple):
                query, key = seen
                found.append(weights_of(query[images].float(), key[images].float()))
            else:
                found.append(self.backbone.attention(block, seen[images].float()))
        return torch.stack(found)

    def _row(self, weights: Tensor) -> Tensor:
        """The token's row (..., T) of weights (..., T, T)."""
        if self.token is None:
            return weights[..., self.prefix :, :].mean(dim=-2)
        return weights[..., self.token, :]

    def _on_patches(self, rows: Tensor) -> NDArray[np.float32]:
        return rows[..., self.prefix :].unflatten(-1, self.grid).cpu().numpy()


@dataclass(frozen=True)
class Attentions:
    """Attention maps of one token and N images."""

    # The token's attention to the patches in every block and head, (N, blocks, heads, rows, columns), in [0, 1]. A
    # head's weights sum to 1 minus what goes to [CLS] and the other prefix tokens ([DIST], registers).
    attention: NDArray[np.float32]
    # Attention rollout from the token after every block down to the patches, (N, blocks, rows, columns), in [0, 1].
    # Abnar & Zuidema 2020, arXiv 2005.00928: heads averaged, mixed half and half with the identity for the residual
    # connection (rows over keys still sum to 1), multiplied from the last block to the first. Prefix tokens pass on
    # what they gathered like any other token; only their own share of the result is not shown.
    rollout: NDArray[np.float32]
    # Mean attention distance in pixels of the network's input, (N, blocks, heads): from each patch to the patches it
    # looks at, weighted by its attention among them, averaged over the patches (Dosovitskiy et al. 2021, arXiv
    # 2010.11929, figure 7).
    distance: NDArray[np.float32]


def can_read(backbone: Backbone) -> bool:
    """Whether its blocks have an attention matrix over all tokens that can be read."""
    if all(is_plain(layer) for layer in backbone.layers):
        return True
    shape = backbone.shape(0)
    nothing = torch.zeros(1, shape.count, shape.width, device=next(backbone.parameters()).device)
    try:
        with torch.inference_mode():
            for block in (1, backbone.blocks):
                backbone.attention(block, nothing)
    except ValueError:
        return False
    return True


def _distances(backbone: Backbone) -> Tensor:
    """Pixels between the centres of any two patches, (patches, patches)."""
    (rows, columns), (height, width) = backbone.grid, backbone.input_size
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    centres = torch.stack([y.flatten() * height / rows, x.flatten() * width / columns], dim=1)
    return torch.cdist(centres, centres)
