"""The network we train on Fashion-MNIST: a 12-block ViT with a convolutional stem, for two CPU cores."""

from __future__ import annotations

from typing import Any

import torch

from explorer.model.backbone import build_backbone
from explorer.model.multi_exit import MultiExitViT
from explorer.train.recipes import Recipe

BACKBONE: dict[str, Any] = {
    "kind": "vit",
    "img_size": 28,
    "in_chans": 1,
    "num_classes": 10,
    "embed_dim": 64,  # narrow, so that two cores see more pictures
    "depth": 12,
    "num_heads": 2,  # of 32 channels; four of 16 trained more slowly
    "mlp_ratio": 2,  # half the usual, for the same reason as the width
    "weight_init": "jax",  # scaled to a layer's width; timm's default of 0.02 suits wide models
    # 28 -> 14 -> 7 pixels, 49 tokens, each of which has seen most of the garment: convolutions learn early
    # what attention learns late (Xiao et al. 2021, arXiv 2106.14881).
    "stem": {"channels": [16, 32, 48, 64, 64], "kernel_size": 3, "stride": [2, 2, 1, 1, 1]},
}


def new_network(recipe: Recipe, seed: int) -> MultiExitViT:
    """A fresh network with the recipe's exits; the seed decides its initial weights."""
    torch.manual_seed(seed)
    return MultiExitViT(build_backbone(**BACKBONE), recipe.exits(), recipe.name)
