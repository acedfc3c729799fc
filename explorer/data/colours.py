"""A decoded picture of any mode, as 8-bit RGB in sRGB: alpha on white, deep greys scaled, colour profiles applied."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_STRIP = 400_000  # pixels converted at a time, so that a large picture is never held twice


def to_rgb(image: Image.Image, wide_grey: bool, most: int) -> Image.Image:
    """A new RGB image of at most about `most` pixels; a larger one is reduced by a whole number, averaging.

    `wide_grey`: mode I holds 16 bits and not 32. Raises what Pillow raises for what it cannot convert.
    """
    width, height = image.size
    by = math.ceil(math.sqrt(width * height / most)) if width * height > most else 1
    scale = _grey_scale(image, wide_grey) if image.mode[0] in "IF" else None
    profile = _to_srgb(image) if scale is None else None
    result = Image.new("RGB", (-(-width // by), -(-height // by)))
    rows = max(1, _STRIP // width // by) * by
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        colours = _deep_grey(strip, scale) if scale else _colours(strip, profile)
        result.paste(colours.reduce(by) if by > 1 else colours, (0, top // by))
    return result


def _colours(image: Image.Image, profile: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """A picture of 8 bits as RGB, transparency on white."""
    palette_lost = image.mode == "P" and image.palette is None  # ICNS; the pixels still know their colours
    if palette_lost or not image.has_transparency_data:
        return _apply(image, profile)
    if image.mode == "La":  # Pillow knows no direct way from premultiplied grey to RGBA
        image = image.convert("LA")
    colours = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    # A profile fits the mode it was built for, so alpha is removed without changing that mode where possible.
    opaque = image.convert(image.mode[:-1]) if image.mode in ("LA", "RGBA") else colours.convert("RGB")
    on_white.paste(_apply(opaque, profile), mask=colours.getchannel("A"))
    return on_white


def _apply(image: Image.Image, profile: ImageCms.ImageCmsTransform | None) -> Image.Image:
    if profile is None:
        return image.convert("RGB")
    if image.mode != profile.input_mode:  # e.g. a palette, whose colours the profile describes
        image = image.convert(profile.input_mode)
    return ImageCms.applyTransform(image, profile) or image


def _to_srgb(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """What turns the picture's own colours into sRGB; None without a profile, or if it is broken or sRGB's.

    Relative colorimetric, as browsers do: white stays white.
    """
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or len(data) > 8_000_000:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        mode = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}[profile.profile.xcolor_space]
        grey = image.mode in ("1", "L", "LA", "La")
        if (mode == "L") != grey or (mode == "CMYK") != (image.mode == "CMYK"):
            return None
        if "sRGB" in (profile.profile.profile_description or ""):
            return None
        transform = ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except Exception:  # lcms reports a broken profile in many ways; the pixels are fine anyway
        return None
    return transform


@dataclass(frozen=True)
class _Scale:
    """How deep grey becomes 8 bits: (value - low) * factor, infinities and NaN at the range's ends."""

    low: float
    factor: float
    least: float
    most: float
    transparent: int | None = None


def _grey_scale(image: Image.Image, wide_grey: bool) -> _Scale:
    """The scale of a picture of 16 or 32 bits, by its whole range; see `read_image`."""
    least, most = _range(image)
    if image.mode.startswith("I;16") or wide_grey:
        bits = (
            8 if most <= 255 else 12 if most <= 4095 else 16
        )  # X-rays, microscopes and cameras put 12 into 16
        transparent = image.info.get("transparency")
        return _Scale(
            0, 255 / (2**bits - 1), least, most, transparent if isinstance(transparent, int) else None
        )
    if image.mode == "F" and least >= 0 and most <= 1:
        return _Scale(0, 255, least, most)
    if (least < 0 or most > 255) and most > least:
        return _Scale(least, 255 / (most - least), least, most)
    return _Scale(0, 1, least, most)


def _range(image: Image.Image) -> tuple[float, float]:
    """The smallest and largest finite value; zeros if there is none."""
    width, height = image.size
    rows = max(1, _STRIP // width)
    lows, highs = [], []
    for top in range(0, height, rows):
        values = np.asarray(image.crop((0, top, width, min(top + rows, height))))
        finite = values[np.isfinite(values)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    return (min(lows), max(highs)) if lows else (0.0, 0.0)


def _deep_grey(image: Image.Image, scale: _Scale) -> Image.Image:
    """Grey of 16 or 32 bits as RGB."""
    stored = np.asarray(image)  # (H, W) uint16, int32 or float32
    values: NDArray[np.float64] = stored.astype(np.float64)  # float32 would lose the low bits of an int32
    if stored.dtype.kind == "f":
        values = np.nan_to_num(values, nan=scale.least, posinf=scale.most, neginf=scale.least)
    grey = np.clip(np.rint((values - scale.low) * scale.factor), 0, 255).astype(np.uint8)
    if scale.transparent is not None:
        grey[stored == scale.transparent] = 255
    return Image.fromarray(grey).convert("RGB")
