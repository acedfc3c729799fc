"""The network that learns: LGViT's exits on a ViT-S/14, at any size of input, its read-outs started by regression."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from timm.layers import resample_abs_pos_embed
from torch import Tensor, nn

from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.model.precision import quick_precision

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
# Of the ridge regression. With a tenth of it, read-outs follow the few pictures too closely: on the validation photos
# they had the teacher's answer less often among their five best, and no more often first.
PENALTY = 0.1
# Where a read-out imitates the final one, which is smoother than the teacher: on the validation photos block 11 gives
# 72 % of its answers so, and 65 % with the penalty above.
IMITATING = 0.01


def new_student(weights: Path, size: int, backbone: dict[str, Any] = BACKBONE) -> MultiExitViT:
    """A fresh LGViT on a backbone from a safetensors file with timm's names, made for `size` pixels.

    Its heads are to be started by `conditioning.start_heads`. Raises `FileNotFoundError`.
    """
    if not weights.exists():
        raise FileNotFoundError(f"there is no {weights}; --backbone needs a ViT-S/14's weights.")
    network = MultiExitViT(build_backbone(**backbone | {"img_size": size}), lgvit_exits(), "photos")
    state = {f"backbone.vit.{name}": tensor.float() for name, tensor in load_file(weights).items()}
    state[_POSITIONS] = _resampled(state[_POSITIONS], network)
    network.load_state_dict(network.state_dict() | state)
    network.precision = quick_precision(network.backbone.width, network.device)
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


def read_outs(network: MultiExitViT) -> list[nn.Linear]:
    """The linear classifier of every exit, and last the final one."""
    early = [head.classifier.linears[0] for head in network.heads]  # type: ignore[union-attr,index]
    return [*early, network.backbone.vit.head]


def seen_by(crops: Tensor, size: int) -> Tensor:
    """Crops (N, 3, H, W) uint8 as the student's input (N, 3, size, size), normalised float32."""
    images = crops.float() / 255
    if images.shape[-1] != size:
        images = nn.functional.interpolate(
            images, size=(size, size), mode="bicubic", antialias=True, align_corners=False
        )
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std


@torch.no_grad()
def read(network: MultiExitViT, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], Tensor]:
    """What every read-out reads, the final one last (N, D) each, and the answers (N, C), of all batches together.

    `batches` are pairs of network input and answers. Leaves the network in eval mode.
    """
    linears = read_outs(network)
    inputs: list[list[Tensor]] = [[] for _ in linears]
    hooks = [
        linear.register_forward_pre_hook(lambda _, args, kept=kept: kept.append(args[0].float()))
        for linear, kept in zip(linears, inputs, strict=True)
    ]
    answers = []
    network.eval()
    try:
        for images, logits in batches:
            with network.in_precision():
                network(images)
            answers.append(logits)
    finally:
        for hook in hooks:
            hook.remove()
    return [torch.cat(kept) for kept in inputs], torch.cat(answers)


@torch.no_grad()
def solve(linear: nn.Linear, inputs: Tensor, answers: Tensor, penalty: float = PENALTY) -> None:
    """Set a read-out by ridge regression of answers (N, C) on inputs (N, D), few thousand pictures in all.

    Inputs are standardised first: a ViT's residual stream has a few channels far larger than all others.
    """
    x, y = inputs.double(), answers.double()
    mean, std = x.mean(dim=0), x.std(dim=0) + 1e-6
    x = (x - mean) / std
    gram = x.T @ x + penalty * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
    weight = torch.linalg.solve(gram, x.T @ (y - y.mean(dim=0))) / std[:, None]  # (D, C)
    linear.weight.copy_(weight.T)
    linear.bias.copy_(y.mean(dim=0) - mean @ weight)
