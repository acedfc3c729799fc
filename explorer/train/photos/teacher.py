"""The teachers: frozen timm classifiers for ImageNet-1k that say what they see in a view. They are not shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

DEFAULT = "tf_efficientnet_lite0"


@dataclass(frozen=True)
class TeacherSpec:
    """A timm model and the safetensors file of its weights, with timm's names."""

    name: str
    weights: Path


def parse_teacher(text: str) -> TeacherSpec:
    """`FILE`, of an EfficientNet-lite0, or `TIMM_NAME=FILE`."""
    name, equals, path = text.partition("=")
    return TeacherSpec(name, Path(path)) if equals else TeacherSpec(DEFAULT, Path(text))


class Teacher(nn.Module):
    """One classifier, or several whose logits are averaged."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        for network in networks:
            network.requires_grad_(False).eval()
            fold_norms(network)
        self.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def forward(self, views: Tensor) -> Tensor:
        """Views (N, 3, H, W) in [0, 1] to logits (N, C) in float32."""
        answers = [network(_normalised(network, views)).float() for network in self.networks]
        return torch.stack(answers).mean(dim=0)


def _normalised(network: nn.Module, views: Tensor) -> Tensor:
    config: Any = getattr(network, "pretrained_cfg", {})
    mean, std = (
        torch.tensor(config.get(key) or (0.5,) * 3, device=views.device).view(3, 1, 1)
        for key in ("mean", "std")
    )
    return ((views - mean) / std).contiguous(memory_format=torch.channels_last)


def fold_norms(network: nn.Module) -> None:
    """Fold every batch norm that directly follows a convolution into it, in place; the network is in eval mode."""
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (conv_name, conv), (norm_name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm))
                # timm's norms carry the activation that follows them
                setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))


def load_teacher(specs: Sequence[TeacherSpec]) -> Teacher:
    """The teacher of these files. Raises `FileNotFoundError`, or `ValueError` where weights and name don't fit."""
    return Teacher([_load(spec) for spec in specs])


def _load(spec: TeacherSpec) -> nn.Module:
    if not spec.weights.exists():
        raise FileNotFoundError(f"there is no {spec.weights}; --teacher needs a timm classifier's weights.")
    try:
        network: nn.Module = timm.create_model(spec.name)
        state = {name: tensor.float() for name, tensor in load_file(spec.weights).items()}
        missing, unknown = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ValueError(
            f"{spec.weights} does not fit timm's {spec.name}; name the model it is of: --teacher NAME=FILE."
        ) from error
    if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"{spec.weights} lacks or adds weights of timm's {spec.name}; name the right model.")
    return network
