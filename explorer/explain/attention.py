"""Where the class token looks: its attention to every patch, at every block and head."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from timm.layers import Attention
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT


@torch.no_grad()
def cls_attention(network: MultiExitViT, image: Tensor) -> NDArray[np.float32]:
    """Attention weights from [CLS] to the patches, (blocks, heads, grid rows, grid columns), each in [0, 1].

    `image` is one normalised image (1, channels, height, width). The softmax runs over all tokens, so a
    head's weights sum to 1 minus what [CLS] gives to itself and the other prefix tokens ([DIST], registers).

    Fused attention never shows its weights, and a hook would be state on a model that other visitors share.
    So the blocks run as they are, and beside each one the [CLS] row is computed again as timm's `Attention`
    does it.

    Raises `ValueError` for a model without a class token or with a block other than timm's plain one, and for
    more than one image; `RuntimeError` in training mode.
    """
    if network.training:
        raise RuntimeError("the network is in training mode; call eval() before asking for its attention.")
    if len(image) != 1:
        raise ValueError(f"attention is read from one image at a time, got {len(image)}.")
    backbone = network.backbone
    if backbone.class_tokens == 0:
        raise ValueError("this model has no class token, so there is no [CLS] attention to show.")
    rows = []
    with network.in_precision():
        tokens = backbone.embed(image.to(network.device))
        for index, block in enumerate(backbone.vit.blocks):
            if index:
                tokens = backbone.block(index, tokens)  # blocks count from 1: this is the one before `block`
            rows.append(_class_row(block, tokens)[:, backbone.prefix :])
    weights = torch.stack(rows)  # (blocks, heads, patches)
    return weights.unflatten(-1, backbone.grid).float().cpu().numpy()


def _class_row(block: nn.Module, tokens: Tensor) -> Tensor:
    """What the first token gives every token inside that block, (heads, tokens), from the tokens it reads."""
    # Other blocks of timm (post-norm, parallel, differential) attend to something else than norm1's output.
    if not (isinstance(block, Block) and isinstance(block.attn, Attention)):
        raise ValueError(f"attention can be read from timm's plain Block, not from {type(block).__name__}.")
    attn = block.attn
    qkv = attn.qkv(block.norm1(tokens)).unflatten(-1, (3, attn.num_heads, attn.head_dim))
    query, key, _ = qkv[0].permute(1, 2, 0, 3)  # (heads, tokens, head_dim) each
    query, key = attn.q_norm(query[:, :1]), attn.k_norm(key)
    scores = (query * attn.scale) @ key.transpose(-2, -1)  # (heads, 1, tokens)
    return scores.softmax(dim=-1)[:, 0]
