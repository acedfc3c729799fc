"""Views of photographs, made on the device that trains: crops at all scales, mirrored, recoloured, cut together.

A view depends only on the seed and its step number, so that a run can be resumed. Teacher and student see
the same view: "Knowledge distillation: a good teacher is patient and consistent" (Beyer et al. 2022,
arXiv 2106.05237).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from explorer.train.photos.photographs import Photographs

SIZE = 224  # pixels of a view; the teacher sees all of them


@dataclass(frozen=True)
class Augmentation:
    """How far views depart from their photographs. Shares are of views; for mixing, of batches."""

    smallest: float = (
        0.25  # share of a photograph's area that a crop covers at least; log-uniform up to all of it
    )
    recoloured: float = 0.4  # of brightness, contrast and saturation each, by a factor of 0.6 to 1.4
    grey: float = 0.05
    cut_mixed: float = 0.25  # CutMix, Yun et al. 2019, arXiv 1905.04899
    middle: float = 0.0  # the middle square, as the network will see a photograph, in place of a crop


# What read-outs are solved on: much like what the network will see; docs/photos.md tells what stronger views did.
MILD = Augmentation(smallest=0.5, recoloured=0.0, grey=0.0, cut_mixed=0.0, middle=0.5)


def drawn(photographs: Photographs, count: int, seed: int, step: int) -> NDArray[np.int64]:
    """Which photographs a step looks at: (count,), by their weights."""
    rng = np.random.default_rng((seed, step))
    return rng.choice(len(photographs), count, p=photographs.weights)


def views(
    photographs: Photographs,
    chosen: NDArray[np.int64],
    augmentation: Augmentation,
    seed: int,
    step: int,
    device: torch.device,
) -> Tensor:
    """Views (N, 3, SIZE, SIZE) float32 in [0, 1] on `device` of the chosen photographs (N,)."""
    rng = np.random.default_rng((seed, step, 1))
    images = torch.from_numpy(photographs.pixels(chosen)).to(device).float() / 255
    grid = _grid(photographs.aspects[chosen], augmentation, rng).to(device)
    cropped = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return mix(_recolour(cropped, augmentation, rng), augmentation, rng)


def _grid(aspects: NDArray[np.float32], augmentation: Augmentation, rng: np.random.Generator) -> Tensor:
    """Where views are sampled, (N, SIZE, SIZE, 2): rectangles of true aspect 3/4 to 4/3, half of them mirrored.

    Some are the middle square instead, mirrored or not.

    Photographs are kept as squares, so a rectangle's sides are shares of theirs.
    """
    count = len(aspects)
    area = np.exp(rng.uniform(np.log(augmentation.smallest), 0, count))
    stretch = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), count)) / aspects
    width, height = np.minimum(1, np.sqrt(area * stretch)), np.minimum(1, np.sqrt(area / stretch))
    x, y = (rng.uniform(-1, 1, count) * (1 - side) for side in (width, height))  # centres, in [-1, 1]
    mirrored = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    middle = rng.random(count) < augmentation.middle
    width, height = (
        np.where(middle, np.minimum(1, side), crop)
        for side, crop in ((1 / aspects, width), (aspects, height))
    )
    x, y = np.where(middle, 0, x), np.where(middle, 0, y)
    zero = np.zeros(count)
    theta = np.stack([np.stack([width * mirrored, zero, x], 1), np.stack([zero, height, y], 1)], 1)
    return F.affine_grid(torch.from_numpy(theta).float(), [count, 3, SIZE, SIZE], align_corners=False)


def _recolour(images: Tensor, augmentation: Augmentation, rng: np.random.Generator) -> Tensor:
    """Brightness, contrast and saturation of images (N, 3, H, W) in [0, 1], each of some; a few turned grey."""
    count = len(images)

    def factor() -> Tensor:
        factors = np.where(rng.random(count) < augmentation.recoloured, rng.uniform(0.6, 1.4, count), 1.0)
        return torch.from_numpy(factors).float().to(images.device).view(-1, 1, 1, 1)

    images = (images * factor()).clamp(0, 1)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (mean + (images - mean) * factor()).clamp(0, 1)
    luma = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(1, 3, 1, 1)
    grey = (images * luma).sum(dim=1, keepdim=True)
    colour = factor()
    colour[torch.from_numpy(rng.random(count) < augmentation.grey).to(images.device)] = 0
    return (grey + (images - grey) * colour).clamp(0, 1)


def mix(images: Tensor, augmentation: Augmentation, rng: np.random.Generator) -> Tensor:
    """CutMix on a share of the batches. The teacher labels the result: no labels need mixing."""
    chance, other = rng.random(), images.roll(1, dims=0)
    if chance < augmentation.cut_mixed:
        height, width = images.shape[-2:]
        h, w = (int(side * rng.uniform(0.3, 0.7)) for side in (height, width))
        top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        mixed = images.clone()
        mixed[..., top : top + h, left : left + w] = other[..., top : top + h, left : left + w]
        return mixed
    return images
