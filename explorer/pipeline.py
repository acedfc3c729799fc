"""From a picture to a trace: what the network sees of an image, and what each exit answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from torch import Tensor

from explorer.data.colours import to_rgb
from explorer.data.garment import see_garment
from explorer.data.photo import see_photo
from explorer.data.reading import FULL, read_image
from explorer.data.sight import Sight
from explorer.grain import Grain, choose_grain
from explorer.model.bundle import Model, ModelError
from explorer.model.multi_exit import Inference
from explorer.rules import get_rule
from explorer.trace import Trace

# What `to_image` accepts.
Picture = Image.Image | NDArray[np.uint8] | str | Path | bytes | BinaryIO

# By name: from an image and the input's height and width in pixels to what the network sees. Garments: 28 x 28.
SIGHTS: dict[str, Callable[[Image.Image, tuple[int, int]], Sight]] = {
    "garment": lambda image, _: see_garment(image),
    "photo": see_photo,
}


def to_image(picture: Picture) -> Image.Image:
    """Any picture as an RGB image, transparency on white.

    Args:
        picture: a PIL image of any mode; a uint8 array (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA; or what
            `read_image` reads: a path, the bytes of a file, a binary stream.

    Raises:
        ValueError: an array of another shape or type. `UnreadableImage`, a ValueError: a file that is not a picture.
        TypeError: anything else, such as a list.
    """
    if isinstance(picture, np.ndarray):
        grey = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 1)
        colours = picture.ndim == 3 and picture.shape[2] in (3, 4)
        if picture.dtype != np.uint8 or not (grey or colours) or 0 in picture.shape:
            raise ValueError(
                "an array must be uint8 of shape (height, width), or with 3 or 4 channels last; "
                f"this one is {picture.dtype} of shape {picture.shape}."
            )
        picture = Image.fromarray(picture[..., 0] if grey and picture.ndim == 3 else picture)
    if isinstance(picture, Image.Image):
        return picture if picture.mode == "RGB" else to_rgb(picture, wide_grey=False, most=FULL)
    if isinstance(picture, str | Path | bytes) or hasattr(picture, "read"):
        return read_image(picture)
    raise TypeError(f"a picture is a PIL image, an array or a path, not a {type(picture).__name__}.")


def see(model: Model, image: Image.Image) -> Sight:
    """What this model's network sees of an image, and one sentence on how it was made.

    Raises `ModelError` for a model whose sight this version does not have.
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


def analyse(model: Model, image: Picture) -> Trace:
    """Run a picture through every exit once: a PIL image, an array, or a path (see `to_image`).

    Raises `ValueError` or `TypeError` with a readable message.
    """
    _check_model(model)
    return model.network.analyse(to_tensor(model, see(model, to_image(image)).image))[0]


def infer(
    model: Model,
    images: Sequence[Picture],
    rule: str = "confidence",
    thresholds: ArrayLike | None = None,
    grain: str | None = None,
    left_out: Collection[int] = (),
) -> Inference:
    """Classify pictures together and really stop early, at the model's own threshold unless told otherwise.

    `images` as `to_image` takes them, at least one; `grain` names one of the model's coarser readings of its classes;
    `left_out` are blocks after which no image leaves. Raises `ValueError` or `TypeError` with a readable message.
    """
    _check_model(model)
    # An array is one picture, however many rows it has.
    single = isinstance(images, str | bytes | Path | Image.Image | np.ndarray) or not hasattr(
        images, "__len__"
    )
    if single or len(images) == 0:
        raise ValueError("infer takes a list of at least one picture; for a single one write [picture].")
    reading = choose_grain(model.grains, grain)
    batch = torch.cat([to_tensor(model, see(model, to_image(image)).image) for image in images])
    limits = default_threshold(model, rule, reading) if thresholds is None else thresholds
    return model.network.infer(batch, get_rule(rule), limits, reading, left_out)


def _check_model(model: Model) -> None:
    if not isinstance(model, Model):
        raise TypeError(
            f"what is asked comes first: a model, as load_model gives it, not a {type(model).__name__}."
        )


def default_threshold(model: Model, rule: str, grain: Grain | None = None) -> float:
    """The grain's own threshold for that rule, else the model's, else the rule's."""
    if grain is not None and rule in grain.thresholds:
        return grain.thresholds[rule]
    return model.thresholds.get(rule, get_rule(rule).default_for(len(model.network.exits)))


def warm_up(model: Model) -> None:
    """A network's first pass includes memory allocation and kernel selection; no image's time should include them."""
    height, width = model.network.backbone.input_size
    blank = torch.zeros(1, len(model.input.mean), height, width)
    for _ in range(2):
        model.network.analyse(blank)
