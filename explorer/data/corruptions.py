"""Corruptions by name: one picture made harder, step by step, from untouched (0) to hardly recognisable (10).

After the common corruptions of Hendrycks and Dietterich (2019, arXiv 1903.12261), which are also applied to what
the network sees. Their five severities were made for photos of 224 pixels; the strengths here are our own, relative
to the picture's size where size matters, so that a garment of 28 pixels and a photo behave alike.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SEVERITIES = range(11)
Corruption = Callable[[Image.Image, int, int], Image.Image]  # (picture, severity 1..10, seed)


def corrupt(image: Image.Image, name: str, severity: int, seed: int = 0) -> Image.Image:
    """The picture, mode L or RGB, under a corruption; severity 0 is the picture itself, bit for bit.

    The same arguments give the same picture. With rising severity one picture gets harder: the noise and the place
    of the occlusion stay, so that the steps can be scrubbed. Returns the same size and mode. Raises `ValueError`
    for an unknown name, severity or mode.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"there is no corruption '{name}'; choose one of {', '.join(CORRUPTIONS)}.")
    if severity not in SEVERITIES:
        raise ValueError(f"expected a whole severity from 0 to 10; got {severity!r}.")
    if image.mode not in ("L", "RGB"):
        raise ValueError(f"expected a picture of mode L or RGB; got {image.mode}.")
    return image.copy() if severity == 0 else CORRUPTIONS[name](image, int(severity), seed)


def blur(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """Gaussian blur; the standard deviation grows from 0.4 % of the shorter edge at 1 to 13 % at 10."""
    return image.filter(ImageFilter.GaussianBlur(0.13 * min(image.size) * _grown(severity)))


def noise(image: Image.Image, severity: int, seed: int) -> Image.Image:
    """Gaussian noise in every pixel and channel; its standard deviation grows from 3 % of white at 1 to 100 % at 10."""
    values = np.asarray(image, np.float32)
    grain = np.random.default_rng(seed).standard_normal(values.shape, dtype=np.float32)
    return _picture(values + 255 * _grown(severity) * grain)


def dark(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """As if underexposed, by 0.16 stops at 1 and 5 at 10, and so with fewer greys: 90 % to 3 % of the light."""
    return _picture(np.asarray(image, np.float32) * 2 ** (-5 * _grown(severity)))


def contrast(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """Drawn towards its mean grey or colour; 90 % of the contrast is left at 1, 3 % at 10."""
    values = np.asarray(image, np.float32)
    mean = values.mean(axis=(0, 1))
    return _picture(mean + (values - mean) * 2 ** (-5 * _grown(severity)))


def jpeg(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """Saved as a JPEG of quality 50 at 1, 1 at 10, and read again.

    A block of 8 pixels is a large part of a small picture and a small part of a large one. So a large one is first
    shrunk, as messengers do, increasingly until at 10 its shorter edge is a quarter, but not below 28 pixels.
    """
    quality = round(50 ** ((10 - severity) / 9))
    shorter = min(image.size)
    smallest = min(shorter, max(28, shorter // 4))
    share = (smallest / shorter) ** (severity / 10)
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    small = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=quality)
    read = Image.open(buffer)
    read.load()
    return read.convert(image.mode).resize(image.size, Image.Resampling.BICUBIC)


def rotation(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """Turned left by 9 degrees at each severity, on its side at 10; the corners take the border's median colour."""
    values = np.asarray(image)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    fill = np.rint(np.median(border, axis=0)).astype(int)
    return image.rotate(
        9 * severity, Image.Resampling.BICUBIC, fillcolor=tuple(fill.tolist()) if fill.ndim else int(fill)
    )


def occlusion(image: Image.Image, severity: int, seed: int) -> Image.Image:
    """A grey rectangle in the picture's shape over 9 % of its area at 1, 90 % at 10, growing where the seed put it."""
    across, down = np.random.default_rng(seed).random(2)
    share = (0.09 * severity) ** 0.5
    width, height = round(image.width * share), round(image.height * share)
    left, top = round(across * (image.width - width)), round(down * (image.height - height))
    covered = image.copy()
    grey = 128 if image.mode == "L" else (128, 128, 128)
    covered.paste(grey, (left, top, left + width, top + height))
    return covered


def pixelate(image: Image.Image, severity: int, _seed: int) -> Image.Image:
    """Drawn in ever larger squares: three to the shorter edge at 10."""
    shorter = min(image.size)
    share = min(1.0, 3 / shorter) ** _grown(severity)
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image.resize(size, Image.Resampling.BOX).resize(image.size, Image.Resampling.NEAREST)


def _grown(severity: int) -> float:
    """How far a strength has grown, 0.03 at severity 1 to 1 at 10: slowly at first, where the exit moves most."""
    return (severity / 10) ** 1.5


def _picture(values: NDArray[np.float32]) -> Image.Image:
    """Values in 0..255, (H, W) or (H, W, 3), rounded and cut to what a picture can hold."""
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


# In the order in which the page offers them.
CORRUPTIONS: dict[str, Corruption] = {
    "blur": blur,
    "noise": noise,
    "dark": dark,
    "contrast": contrast,
    "jpeg": jpeg,
    "rotation": rotation,
    "occlusion": occlusion,
    "pixelate": pixelate,
}
