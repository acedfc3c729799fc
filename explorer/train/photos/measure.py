"""How often every exit is right, on labelled photographs never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.data.labelled import Labelled
from explorer.model.multi_exit import MultiExitViT
from explorer.trace import Trace, joined
from explorer.train.photos.student import SIZE, seen_by


@dataclass(frozen=True)
class Measured:
    """Photographs as a network sees them (N, 3, SIZE, SIZE) uint8, and their true classes (N,)."""

    pixels: Tensor
    classes: NDArray[np.int64]


def decode(labelled: Labelled) -> Measured:
    """All of a labelled folder, decoded."""
    pictures = (np.asarray(labelled.picture(i, SIZE)) for i in range(len(labelled)))
    pixels = torch.from_numpy(np.stack([picture.transpose(2, 0, 1) for picture in pictures]))
    return Measured(pixels, labelled.classes)


def traces(network: MultiExitViT, pixels: Tensor, batch: int = 32) -> Trace:
    """Every exit's answers on pictures (N, 3, SIZE, SIZE) uint8. The network must be in eval mode."""
    size = network.backbone.input_size[0]
    parts = [network.analyse(seen_by(part.to(network.device), size)) for part in pixels.split(batch)]
    return joined(parts)


def right_in(logits: NDArray[np.floating], classes: NDArray[np.int64], top: int = 1) -> NDArray[np.float64]:
    """Share of pictures (N, E, C) whose class is among each exit's `top` answers: (E,)."""
    best = np.argsort(-logits, axis=-1, kind="stable")[..., :top]
    return (best == classes[:, None, None]).any(axis=-1).mean(axis=0)


def progress(network: MultiExitViT, measured: Measured) -> dict[str, float]:
    """A line of the learning curve: the final read-out's first and five best, and every exit's first."""
    logits = traces(network, measured.pixels).logits
    first = right_in(logits, measured.classes)
    row = {"first": first[-1], "five": right_in(logits[:, -1:], measured.classes, 5)[0]}
    row |= {f"block_{e.block}": share for e, share in zip(network.exits[:-1], first, strict=False)}
    return {name: round(float(share), 4) for name, share in row.items()}
