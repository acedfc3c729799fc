"""Training batches; a seed alone decides order and augmentation, so that a run can be resumed."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.data.fashion import Split

PAD = 1  # pixels per 28 that an image may be shifted by, each way
MIRRORED = 0.1  # share of images mirrored: Fashion-MNIST's shoes all face left, a photograph's may not

Channels = float | tuple[float, ...]  # one for every channel, or one each


class Batches:
    """`batch(stage, step)` is the same on every call: nothing to save, nothing to fast-forward."""

    def __init__(
        self, split: Split, size: int, seed: int, mean: Channels, std: Channels, mirrored: float = MIRRORED
    ) -> None:
        self.height, self.width = split.images.shape[1:3]
        self.pad = max(PAD, PAD * min(self.height, self.width) // 28)
        margins = [(0, 0), (self.pad, self.pad), (self.pad, self.pad), (0, 0)][: split.images.ndim]
        self.images = torch.from_numpy(np.pad(split.images, margins))
        self.labels = torch.from_numpy(split.labels)
        self.size, self.seed, self.mean, self.std, self.mirrored = size, seed, mean, std, mirrored
        self.per_pass = len(split) // size  # the ragged last batch is dropped

    def batch(self, stage: int, step: int) -> tuple[Tensor, Tensor]:
        """Normalised images (size, channels, H, W), shifted and mirrored at random, and labels (size,)."""
        epoch, position = divmod(step, self.per_pass)
        order = np.random.default_rng((self.seed, stage, 0, epoch)).permutation(len(self.labels))
        chosen = torch.from_numpy(order[position * self.size : (position + 1) * self.size])
        rng = np.random.default_rng((self.seed, stage, 1, step))
        shift = rng.integers(0, 2 * self.pad + 1, size=(2, self.size, 1))
        mirrored = rng.random((self.size, 1)) < self.mirrored
        rows = torch.from_numpy(np.arange(self.height) + shift[0])  # (size, H)
        forward = np.arange(self.width) + shift[1]
        columns = torch.from_numpy(np.where(mirrored, forward[:, ::-1], forward))
        images = self.images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        return as_input(images, self.mean, self.std), self.labels[chosen]

    def distorted(self, images: Tensor, stage: int, step: int) -> Tensor:
        """The same images turned by up to a right angle, resized by 0.6 to 1.6 and moved, on black: (n, 1, 28, 28).

        They stand in for unlabelled pictures of something else; the same on every call.
        """
        rng = np.random.default_rng((self.seed, stage, 2, step))
        count = len(images)
        angle = rng.uniform(-np.pi / 2, np.pi / 2, count)
        size, moved = rng.uniform(0.6, 1.6, count), rng.uniform(-0.4, 0.4, (2, count))
        cos, sin = np.cos(angle) / size, np.sin(angle) / size
        maps = np.stack([cos, -sin, moved[0], sin, cos, moved[1]], axis=1).reshape(count, 2, 3)
        grid = F.affine_grid(torch.from_numpy(maps).float(), list(images.shape), align_corners=False)
        black = normalise(torch.zeros(1), self.mean, self.std)
        return F.grid_sample(images - black, grid, align_corners=False) + black


def as_input(images: Tensor, mean: Channels, std: Channels) -> Tensor:
    """Pictures (N, H, W) or (N, H, W, channels) uint8 as the network's input (N, channels, H, W)."""
    return normalise(images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2), mean, std)


def normalise(images: Tensor, mean: Channels, std: Channels) -> Tensor:
    """uint8 (N, channels, H, W) in [0, 255] to the network's range: x / 255, minus mean, over std."""
    return (images.float() / 255 - _by_channel(mean)) / _by_channel(std)


def _by_channel(values: Channels) -> float | Tensor:
    return torch.tensor(values).view(-1, 1, 1) if isinstance(values, tuple) else values
