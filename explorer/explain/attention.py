"""Where the class token looks: its attention to every patch, at every block and head."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.model.multi_exit import MultiExitViT


@torch.no_grad()
def cls_attention(network: MultiExitViT, image: Tensor) -> NDArray[np.float32]:
    """Attention weights from [CLS] to the patches, (blocks, heads, grid rows, grid columns), each in [0, 1].

    `image` is one normalised image (1, channels, height, width). The softmax runs over all tokens, so a
    head's weights sum to 1 minus what [CLS] gives to itself and the other prefix tokens ([DIST], registers).

    Fused attention never shows its weights, and a hook would be state on a model that other visitors share.
    So the blocks run as they are, and beside each one the [CLS] row is computed again (`Backbone.attention`).

    Raises `ValueError` for a model without a class token or with a block whose attention cannot be read, and for
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
        for block in range(1, backbone.blocks + 1):
            weights = backbone.attention(block, tokens, queries=slice(0, 1))  # (1, heads, 1, tokens)
            rows.append(weights[0, :, 0, backbone.prefix :])
            if block < backbone.blocks:
                tokens = backbone.block(block, tokens)
    # (blocks, heads, rows, columns)
    return torch.stack(rows).unflatten(-1, backbone.grid).float().cpu().numpy()
