"""Endless different crops of few pictures; a number alone decides each, so that a run can be resumed.

Few pictures carry far when they are seen at all scales and mixed (Asano & Saeed 2021, "Extrapolating from a
single image to a thousand classes using distillation", arXiv 2112.00725). The shares below are ours.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import Tensor
from torch.utils.data import Dataset

from explorer.train.photos.pictures import Pictures

SIZE = 224  # pixels; the teacher sees all of them
# What a crop is cut from, and how many things are pasted on it (0, 1, 2, 3).
GROUNDS = {"scenes": 0.62, "mixed": 0.18, "plain": 0.2}
PASTED = (0.25, 0.5, 0.17, 0.08)
PHOTOGRAPHED = 0.65  # share of pasted things that are photographs, the others being drawings
SMALLEST = 0.08  # share of a picture's area that a crop covers at least
# Shares of the batches. Half of them all: the few pictures are learned by heart otherwise.
CUT_MIXED, MIXED = 0.35, 0.15


class Crops(Dataset[Tensor]):
    """`crops[i]` is (3, 224, 224) uint8; the same i gives the same crop."""

    def __init__(self, pictures: Pictures, count: int, seed: int) -> None:
        self.pictures, self.count, self.seed = pictures, count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Tensor:
        rng = np.random.default_rng((self.seed, index))
        pixels = np.asarray(compose(self.pictures, rng))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


def compose(pictures: Pictures, rng: np.random.Generator) -> Image.Image:
    """A random ground with random things pasted on it, flipped and its colours shifted: 224 x 224, RGB."""
    image, plain = _ground(pictures, rng)
    things = rng.choice(len(PASTED), p=PASTED)
    for _ in range(max(things, 1) if plain else things):
        _paste(image, pictures, rng)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return _recolour(image, rng)


def _ground(pictures: Pictures, rng: np.random.Generator) -> tuple[Image.Image, bool]:
    """A crop of a picture, or a plain ground, and whether it is plain."""
    kinds = [kind for kind in GROUNDS if kind == "plain" or kind in pictures.kinds]
    shares = np.array([GROUNDS[kind] for kind in kinds])
    kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    if kind == "plain":  # a colour, running into another
        ends = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8)
        if rng.random() < 0.5:
            ends[:] = ends[0, 0] if rng.random() < 0.6 else 255
        return Image.fromarray(ends).resize((SIZE, SIZE), Image.Resampling.BILINEAR), True
    source = _one(pictures.kinds[kind], rng)
    box = _box(source.size, rng)
    return source.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box, reducing_gap=1.5), False


def _one(images: list[Image.Image], rng: np.random.Generator) -> Image.Image:
    return images[rng.integers(len(images))]


def _box(size: tuple[int, int], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A random rectangle of aspect 3/4 to 4/3, its area log-uniform: left, top, right, bottom."""
    width, height = size
    area = width * height * np.exp(rng.uniform(np.log(SMALLEST), 0))
    stretch = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)) / 2)
    w, h = min(width, round(np.sqrt(area) * stretch)), min(height, round(np.sqrt(area) / stretch))
    left, top = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
    return int(left), int(top), int(left + max(w, 1)), int(top + max(h, 1))


def _paste(image: Image.Image, pictures: Pictures, rng: np.random.Generator) -> None:
    """Paste an object or clipart, scaled to 0.3 .. 1.1 of the crop, sometimes tilted, anywhere on it."""
    kind = "objects" if rng.random() < PHOTOGRAPHED else "cliparts"
    things = pictures.kinds.get(kind)
    if not things:
        return
    thing = _one(things, rng)
    scale = SIZE * rng.uniform(0.3, 1.1) / max(thing.size)
    size = max(1, round(thing.width * scale)), max(1, round(thing.height * scale))
    thing = thing.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    if rng.random() < 0.3:
        thing = thing.rotate(rng.uniform(-30, 30), Image.Resampling.BILINEAR, expand=True)
    if rng.random() < 0.5:
        thing = thing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    # Its centre falls within the middle 60 %: a thing mostly cut off says nothing.
    centre = rng.uniform(0.2, 0.8, 2) * SIZE
    image.paste(thing, (int(centre[0] - thing.width / 2), int(centre[1] - thing.height / 2)), thing)


def _recolour(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.05:
        return image.convert("L").convert("RGB")
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        if rng.random() < 0.4:
            image = enhance(image).enhance(rng.uniform(0.6, 1.4))
    return image


def mix(crops: Tensor, rng: np.random.Generator) -> Tensor:
    """CutMix (Yun et al. 2019) on CUT_MIXED of the batches, MixUp (Zhang et al. 2017) on MIXED: (N, 3, H, W) uint8.

    The teacher is asked about what comes out, so no labels need mixing.
    """
    chance, other = rng.random(), crops.roll(1, dims=0)
    if chance < CUT_MIXED:
        height, width = crops.shape[-2:]
        h, w = (int(side * rng.uniform(0.3, 0.7)) for side in (height, width))
        top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        mixed = crops.clone()
        mixed[..., top : top + h, left : left + w] = other[..., top : top + h, left : left + w]
        return mixed
    if chance < CUT_MIXED + MIXED:
        share = rng.uniform(0.3, 0.7)
        return (share * crops.float() + (1 - share) * other.float()).round().to(torch.uint8)
    return crops
