"""How well every exit says what the teacher says, on pictures never trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.data.photo import see_photo
from explorer.data.reading import read_image
from explorer.model.multi_exit import MultiExitViT
from explorer.trace import Trace, joined
from explorer.train.photos.crops import SIZE, Crops
from explorer.train.photos.pictures import Pictures
from explorer.train.photos.student import seen_by
from explorer.train.photos.teacher import Teacher

SURE = 0.5  # the teacher is called sure where its largest probability is above this


@dataclass(frozen=True)
class Held:
    """Crops never trained on (N, 3, 224, 224) uint8, and the teacher's logits (N, C) for them."""

    crops: Tensor
    teacher: Tensor

    @property
    def sure(self) -> Tensor:
        """Where the teacher is sure: (N,) bool."""
        return self.teacher.softmax(dim=-1).amax(dim=-1) > SURE


def held(crops: Iterable[Tensor], teacher: Teacher, batch: int = 32) -> Held:
    """Ask the teacher about crops (3, 224, 224) uint8."""
    stacked = torch.stack(list(crops))
    return Held(stacked, torch.cat([teacher(part)[0] for part in stacked.split(batch)]))


def composed(pictures: Pictures, count: int, seed: int = 1_000_003) -> list[Tensor]:
    """Crops composed as those for training are, but of held-out pictures."""
    crops = Crops(pictures, count, seed)
    return [crops[i] for i in range(count)]


def natural(photos: Iterable[Image.Image], cuts: int) -> list[Tensor]:
    """Of each photo, what the network will see of it, and `cuts` random squares at least half as wide as it."""
    crops = []
    for number, photo in enumerate(photos):
        rng = np.random.default_rng((17, number))
        crops.append(_tensor(see_photo(photo).image))
        for _ in range(cuts):
            side = int(min(photo.size) * rng.uniform(0.5, 1.0))
            left, top = (int(rng.integers(0, length - side + 1)) for length in photo.size)
            crops.append(_tensor(photo.crop((left, top, left + side, top + side))))
    return crops


def _tensor(image: Image.Image) -> Tensor:
    if image.size != (SIZE, SIZE):
        image = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)


def photos_in(folder: Path) -> list[Image.Image]:
    """Every picture of a folder, by name."""
    return [read_image(path) for path in sorted(folder.iterdir()) if path.is_file()]


def traces(network: MultiExitViT, crops: Tensor, batch: int = 32) -> Trace:
    """Every exit's answers on crops (N, 3, 224, 224) uint8. The network must be in eval mode."""
    size = network.backbone.vit.patch_embed.img_size[0]
    parts = [network.analyse(seen_by(part, size)) for part in crops.split(batch)]
    return joined(parts)


def agreement(logits: NDArray[np.float32], held: Held, top: int = 1) -> NDArray[np.float64]:
    """Share of crops where the teacher's answer is among each exit's `top`, of those it is sure of: (E,).

    Raises `ValueError` when it is sure of none.
    """
    sure = held.sure.numpy()
    if not sure.any():
        raise ValueError(f"the teacher is sure of none of {len(sure)} crops; measure on more photos.")
    theirs = held.teacher.argmax(dim=-1).numpy()[sure, None, None]
    best = np.argsort(-logits[sure], axis=-1, kind="stable")[..., :top]  # (n, E, top)
    return (best == theirs).any(axis=-1).mean(axis=0)


def progress(network: MultiExitViT, sets: dict[str, Held]) -> dict[str, float]:
    """A line of the learning curve: of each set, the final read-out's first and five best, and every exit's first."""
    row: dict[str, float] = {}
    for name, crops in sets.items():
        logits = traces(network, crops.crops).logits
        first = agreement(logits, crops)
        row[name] = round(float(first[-1]), 4)
        row[f"{name}_top5"] = round(float(agreement(logits[:, -1:], crops, 5)[0]), 4)
        for exit_, share in zip(network.exits[:-1], first, strict=False):
            row[f"{name}_block_{exit_.block}"] = round(float(share), 4)
    return row
