"""The teacher: EfficientNet-lite0 with ImageNet-1k's classes, asked what it sees in a crop."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer.model.precision import WIDE, quick_precision

NAME = "tf_efficientnet_lite0"
WEIGHTS = "efficientnet_lite0.safetensors"  # in DATA/weights/
MEAN = STD = 0.5


class Teacher(nn.Module):
    """A frozen timm convolutional classifier, all of it in the given precision, for it only has to be asked."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        network = network.requires_grad_(False).eval()
        fold_norms(network)  # before the precision is lowered
        self.network: Any = network.to(dtype).to(memory_format=torch.channels_last)
        self.answers = self._answers

    def compile(self) -> None:
        """Two and a half times as fast after some seconds; stays as it is where there is no C++ compiler."""
        import torch._dynamo.config as dynamo
        import torch._inductor.config as inductor

        inductor.freezing = True
        dynamo.suppress_errors = True
        self.answers = torch.compile(self._answers, dynamic=False)

    @torch.no_grad()
    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops (N, 3, 224, 224) uint8 to its logits (N, C), and those of each place (N, C, 7, 7), in float32."""
        return self.answers(crops)

    def _answers(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier is linear behind a mean, so the mean of the places' logits is the logits."""
        images = (crops.to(self.dtype) / 255 - MEAN) / STD
        features = self.network.forward_features(images.contiguous(memory_format=torch.channels_last))
        places = self.network.classifier(features.permute(0, 2, 3, 1))
        dense = places.permute(0, 3, 1, 2).float()
        return dense.mean(dim=(2, 3)), dense


def fold_norms(network: nn.Module) -> None:
    """Put every batch norm that directly follows a convolution into it, in place; the network is in eval mode."""
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (conv_name, conv), (norm_name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm))
                # timm's norms carry the activation that follows them
                setattr(parent, norm_name, getattr(norm, "act", nn.Identity()))


def load_teacher(weights: Path) -> Teacher:
    """The teacher from a safetensors file with timm's names. Raises `FileNotFoundError`."""
    return Teacher(load_network(weights), quick_precision(WIDE, torch.device("cpu")))


def load_network(weights: Path) -> nn.Module:
    """EfficientNet-lite0 itself from a safetensors file with timm's names. Raises `FileNotFoundError`."""
    if not weights.exists():
        raise FileNotFoundError(f"there is no {weights}; --teacher needs EfficientNet-lite0's weights.")
    network: nn.Module = timm.create_model(NAME)
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    return network
