"""What a network for photographs sees: the middle of the picture in the network's own proportions, at its own size."""

from __future__ import annotations

from PIL import Image

from explorer.data.sight import Sight

SIZE = 224  # pixels


def see_photo(image: Image.Image, size: int | tuple[int, int] = SIZE) -> Sight:
    """The largest middle part of an RGB image that has the input's proportions, at its size, bicubic.

    `size` is the side of a square input, or (height, width), in pixels.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if image.size == (width, height):
        return Sight(image, "Seen as it is.")
    scale = min(image.width / width, image.height / height)
    across, down = min(round(width * scale), image.width), min(round(height * scale), image.height)
    left, top = (image.width - across) // 2, (image.height - down) // 2
    box = (left, top, left + across, top + down)
    part = image.resize((width, height), Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    shape = "square" if width == height else "part"
    cropped = "Resized" if (across, down) == image.size else f"Cropped to its middle {shape} and resized"
    return Sight(part, f"{cropped} to {width} x {height} pixels.")
