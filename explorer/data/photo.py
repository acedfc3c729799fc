"""What a network for photographs sees: the middle square of the picture, at its own size."""

from __future__ import annotations

from PIL import Image

from explorer.data.sight import Sight

SIZE = 224  # pixels


def see_photo(image: Image.Image, size: int = SIZE) -> Sight:
    """The largest middle square of an RGB image at `size` x `size` pixels, bicubic."""
    if image.size == (size, size):
        return Sight(image, "Seen as it is.")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    square = image.resize((size, size), Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    cropped = "Resized" if image.width == image.height else "Cropped to its middle square and resized"
    return Sight(square, f"{cropped} to {size} x {size} pixels.")
