"""Batches of Fashion-MNIST; a seed alone decides order and augmentation, so that a run can be resumed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from explorer.data.fashion import Split

PAD = 1  # pixels an image may be shifted by, each way
MIRRORED = 0.1  # share of images mirrored: Fashion-MNIST's shoes all face left, a photograph's may not


class Batches:
    """`batch(stage, step)` is the same whenever it is asked for: nothing to save, nothing to fast-forward."""

    def __init__(self, split: Split, size: int, seed: int, mean: float, std: float) -> None:
        self.images = torch.from_numpy(np.pad(split.images, ((0, 0), (PAD, PAD), (PAD, PAD))))
        self.labels = torch.from_numpy(split.labels)
        self.size, self.seed, self.mean, self.std = size, seed, mean, std
        self.per_pass = len(split) // size  # the ragged last batch is dropped

    def batch(self, stage: int, step: int) -> tuple[Tensor, Tensor]:
        """Normalised images (size, 1, 28, 28), shifted and mirrored at random, and labels (size,)."""
        epoch, position = divmod(step, self.per_pass)
        order = np.random.default_rng((self.seed, stage, 0, epoch)).permutation(len(self.labels))
        chosen = torch.from_numpy(order[position * self.size : (position + 1) * self.size])
        rng = np.random.default_rng((self.seed, stage, 1, step))
        shift = rng.integers(0, 2 * PAD + 1, size=(2, self.size, 1))
        mirrored = rng.random((self.size, 1)) < MIRRORED
        rows = torch.from_numpy(np.arange(28) + shift[0])  # (size, 28)
        forward = np.arange(28) + shift[1]
        columns = torch.from_numpy(np.where(mirrored, forward[:, ::-1], forward))
        images = self.images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        return normalise(images[:, None], self.mean, self.std), self.labels[chosen]


def normalise(images: Tensor, mean: float, std: float) -> Tensor:
    """uint8 in [0, 255] to the network's range: x / 255, minus mean, over std."""
    return (images.float() / 255 - mean) / std
