"""The network that learns: LGViT's exits on a ViT-S/14, at any size of input."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from timm.layers import resample_abs_pos_embed
from torch import Tensor, nn

from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.heads import GlobalAggregationHead, LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT

MEAN = (0.485, 0.456, 0.406)  # DINOv2's, which are ImageNet's
STD = (0.229, 0.224, 0.225)
SIZE = 224
BACKBONE: dict[str, Any] = {
    "kind": "vit",
    "img_size": SIZE,
    "patch_size": 14,
    "num_classes": 1000,
    "embed_dim": 384,
    "depth": 12,
    "num_heads": 6,
    "init_values": 1e-5,  # LayerScale, as DINOv2 has
    "class_and_mean": True,
    "weight_init": "skip",  # weights are loaded anyway
}
_POSITIONS = "backbone.vit.pos_embed"


def new_student(weights: Path | None, size: int, backbone: dict[str, Any] = BACKBONE) -> MultiExitViT:
    """A fresh LGViT on a backbone from a safetensors file with timm's names, made for `size` pixels.

    Its heads must be initialised by `start_heads`. Without a file the caller must load the weights.
    Raises `FileNotFoundError`.
    """
    network = MultiExitViT(build_backbone(**backbone | {"img_size": size}), lgvit_exits(), "photos")
    if weights is not None:
        if not weights.is_file():
            raise FileNotFoundError(
                f"there is no model, run or backbone in {weights}; name a model folder or a ViT-S/14's weights."
            )
        state = {f"backbone.vit.{name}": tensor.float() for name, tensor in load_file(weights).items()}
        state[_POSITIONS] = _resampled(state[_POSITIONS], network)
        network.load_state_dict(network.state_dict() | state)
    plain_attention(network)
    return network


def at_size(network: MultiExitViT, size: int) -> MultiExitViT:
    """A copy made for pictures of `size` pixels; only its position embedding is interpolated."""
    vit = deepcopy(network.backbone.vit)
    vit.set_input_size(img_size=(size, size))
    resized = MultiExitViT(Backbone(vit), network.specs, network.name, network.temperatures)
    resized.heads.load_state_dict(network.heads.state_dict())
    resized.precision = network.precision
    plain_attention(resized)
    return resized.train(network.training)


@torch.no_grad()
def start_heads(network: MultiExitViT, seed: int) -> None:
    """Restart every head, as the seed decides, as one that passes its tokens on, so that its read-out can be solved.

    A local head leaves them as they are: its branch adds nothing yet (its last norm at zero, Goyal et al. 2017, arXiv
    1706.02677). A global head gives averages of them, by its attention: its values and projection are the identity.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for head in network.heads:
            for layer in head.modules():
                if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.Linear):
                    layer.reset_parameters()
            if isinstance(head, LocalPerceptionHead):
                nn.init.zeros_(head.local.project[-1].weight)  # type: ignore[arg-type]
            else:
                assert isinstance(head, GlobalAggregationHead)
                nn.init.eye_(head.qkv.weight[-head.project.in_features :])
                nn.init.eye_(head.project.weight)
                nn.init.zeros_(head.project.bias)
    network.eval()  # folds the local heads again


def plain_attention(network: MultiExitViT) -> None:
    """Attention as two matrix products: on a CPU, torch's fused kernel made training steps a third slower."""
    blocks: Any = network.backbone.vit.blocks
    for block in blocks:
        block.attn.fused_attn = False


def _resampled(positions: Tensor, network: MultiExitViT) -> Tensor:
    """A position embedding (1, prefix + places, D) of a square grid, interpolated to the network's grid."""
    return resample_abs_pos_embed(
        positions, list(network.backbone.grid), num_prefix_tokens=network.backbone.prefix
    )


def seen_by(views: Tensor, size: int) -> Tensor:
    """Views (N, 3, H, W), float32 in [0, 1] or uint8, as the student's input (N, 3, size, size), normalised float32."""
    images = views if views.is_floating_point() else views.float() / 255
    if images.shape[-1] != size:
        images = F.interpolate(
            images, size=(size, size), mode="bicubic", antialias=True, align_corners=False
        ).clamp(0, 1)
    mean, std = (torch.tensor(values, device=views.device).view(3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std
