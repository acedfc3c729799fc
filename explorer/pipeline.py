"""From a picture to a trace: what the network sees of an image, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from torch import Tensor

from explorer.data.garment import see_garment
from explorer.data.photo import see_photo
from explorer.data.sight import Sight
from explorer.grain import Grain, choose_grain
from explorer.model.bundle import Model, ModelError
from explorer.model.multi_exit import Inference
from explorer.rules import get_rule
from explorer.trace import Trace

# By name: an image and the input's height and width in pixels, to what the network sees. A garment's is always 28 x 28.
SIGHTS: dict[str, Callable[[Image.Image, tuple[int, int]], Sight]] = {
    "garment": lambda image, _: see_garment(image),
    "photo": see_photo,
}


def see(model: Model, image: Image.Image) -> Sight:
    """What this model's network sees of an image, and one sentence on how it was made of it.

    Raises `ModelError` for a model with a sight this version does not have.
    """
    if model.input.sight not in SIGHTS:
        raise ModelError(
            f"{model.name} needs the sight '{model.input.sight}'; there are: {', '.join(SIGHTS)}."
        )
    return SIGHTS[model.input.sight](image, model.network.backbone.input_size)


def to_tensor(model: Model, seen: Image.Image | NDArray[np.uint8]) -> Tensor:
    """A seen image, (H, W) grey or (H, W, 3), as the network's input (1, channels, H, W)."""
    pixels = np.asarray(seen, dtype=np.float32) / 255
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    mean, std = np.array(model.input.mean, np.float32), np.array(model.input.std, np.float32)
    normalised = (pixels - mean) / std
    return torch.from_numpy(normalised).permute(2, 0, 1)[None]


def analyse(model: Model, image: Image.Image) -> Trace:
    """Run an RGB image (see `explorer.data.reading.read_image`) through every exit once."""
    return model.network.analyse(to_tensor(model, see(model, image).image))[0]


def infer(
    model: Model,
    images: list[Image.Image],
    rule: str,
    thresholds: ArrayLike | None = None,
    grain: str | None = None,
) -> Inference:
    """Classify images together and really stop early, at the model's own threshold unless told otherwise.

    `grain` names one of the model's coarser readings of its classes. Raises `ValueError` for one it does not have.
    """
    reading = choose_grain(model.grains, grain)
    batch = torch.cat([to_tensor(model, see(model, image).image) for image in images])
    limits = default_threshold(model, rule, reading) if thresholds is None else thresholds
    return model.network.infer(batch, get_rule(rule), limits, reading)


def default_threshold(model: Model, rule: str, grain: Grain | None = None) -> float:
    """The grain's own threshold for that rule, else the model's, else the rule's."""
    if grain is not None and rule in grain.thresholds:
        return grain.thresholds[rule]
    return model.thresholds.get(rule, get_rule(rule).default_for(len(model.network.exits)))


def warm_up(model: Model) -> None:
    """A network's first pass pays for memory and kernel selection; no image should be charged for it."""
    height, width = model.network.backbone.input_size
    blank = torch.zeros(1, len(model.input.mean), height, width)
    for _ in range(2):
        model.network.analyse(blank)
