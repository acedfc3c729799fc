"""The teacher: EfficientNet-lite0 with ImageNet-1k's classes, asked what it sees in a crop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from explorer.model.precision import WIDE, quick_precision

NAME = "tf_efficientnet_lite0"
MEAN = STD = 0.5


class Teacher(nn.Module):
    """A frozen timm convolutional classifier, all of it in the given precision, for it only has to be asked."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        network = network.to(dtype).to(memory_format=torch.channels_last)
        self.network: Any = network.requires_grad_(False).eval()

    @torch.inference_mode()
    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops (N, 3, 224, 224) uint8 to its logits (N, C), and those of each place (N, C, 7, 7), in float32.

        The classifier is linear behind a mean, so the mean of the places' logits is the logits.
        """
        images = (crops.to(self.dtype) / 255 - MEAN) / STD
        features = self.network.forward_features(images.to(memory_format=torch.channels_last))
        places = self.network.classifier(features.permute(0, 2, 3, 1))
        dense = places.permute(0, 3, 1, 2).float()
        return dense.mean(dim=(2, 3)), dense


def load_teacher(weights: Path) -> Teacher:
    """EfficientNet-lite0 from a safetensors file with timm's names. Raises `FileNotFoundError`."""
    if not weights.exists():
        raise FileNotFoundError(f"there is no {weights}; --teacher needs EfficientNet-lite0's weights.")
    network = timm.create_model(NAME)
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    return Teacher(network, quick_precision(WIDE, torch.device("cpu")))
