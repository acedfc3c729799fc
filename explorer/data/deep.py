"""16-bit colours that hold 12 or 8 bits: Pillow keeps the upper byte of each value, which is next to nothing there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageFile

MOST = 24_000_000  # pixels; both halves of a larger picture would take too much memory, so it stays dark
_ROWS = 256  # at a time
_LITTLE = sys.byteorder == "little"
# Pillow's name for the order of the bytes of a value, and the order in which the lower byte is taken for the upper.
_OTHER = {"16B": "16L", "16L": "16B", "16N": "16B" if _LITTLE else "16L"}


def lower_bytes(image: ImageFile.ImageFile) -> bool:
    """Whether this picture, not yet decoded, has 16-bit colours; then its lower bytes are decoded instead."""
    swapped = [_swapped(tile) for tile in image.tile]
    if not swapped or not all(swapped):
        return False
    image.tile = [tile for tile in swapped if tile is not None]
    return True


def _swapped(tile: ImageFile._Tile) -> ImageFile._Tile | None:
    raw, *rest = (tile.args,) if isinstance(tile.args, str) else tile.args or (None,)
    mode, _, order = str(raw).partition(";")
    if mode not in ("RGB", "RGBA") or order not in _OTHER:
        return None
    args = f"{mode};{_OTHER[order]}"
    return tile._replace(args=args if isinstance(tile.args, str) else (args, *rest))


def stretched(image: Image.Image, again: Callable[[], ImageFile.ImageFile]) -> Image.Image:
    """A decoded colour picture; where its 16-bit values never exceed 4095 or 255, those are its 0 to 255.

    `again` opens the same file once more. Transparency stays as it is. Cameras, scanners and microscopes put 12 bits
    into 16; see `read_image` for the same in grey.
    """
    if image.mode not in ("RGB", "RGBA") or image.width * image.height > MOST:
        return image
    extremes: Any = image.getextrema()
    greatest = max(high for _, high in extremes[:3])
    if greatest > 4095 >> 8:
        return image
    low = again()
    if not lower_bytes(low):
        return image
    low.load()
    most = 4095 if greatest > 0 else 255
    bright = image.copy()
    for top in range(0, image.height, _ROWS):
        box = (0, top, image.width, min(top + _ROWS, image.height))
        upper, lower = (np.array(half.crop(box)) for half in (image, low))
        values = upper[..., :3].astype(np.float32) * 256 + lower[..., :3]
        upper[..., :3] = np.rint(values * (255 / most)).astype(np.uint8)
        bright.paste(Image.fromarray(upper), box)
    bright.info = image.info
    return bright
