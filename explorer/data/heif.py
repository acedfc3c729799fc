"""Large HEIC photos, averaged down row by row as they leave the decoder, which holds them whole already."""

from __future__ import annotations

import math
from typing import Any

from PIL import Image
from pillow_heif.as_plugin import HeifImageFile

FULL = 8_000_000  # pixels kept; larger photos come at a half, a third ... of their size
_STRIP = 1_000_000  # pixels at a time


class HeifPhoto(HeifImageFile):
    """pillow-heif's reader, but for pictures of more than FULL pixels: Pillow's own copy of those is never made."""

    def load(self) -> Any:
        """Decodes the picture, and with a large one changes `size`."""
        if self._heif_file is None:  # it is decoded
            return super().load()
        frame = self._heif_file[self.tell()]
        data, mode, stride, (width, height) = frame.data, frame.mode, frame.stride, frame.size
        by = math.ceil(math.sqrt(width * height / FULL))
        if by <= 1:
            return super().load()
        small = Image.new(mode, (-(-width // by), -(-height // by)))
        rows = max(1, _STRIP // width // by) * by
        for top in range(0, height, rows):
            count = min(rows, height - top)
            part = bytes(data[top * stride : (top + count) * stride])
            strip = Image.frombytes(mode, (width, count), part, "raw", mode, stride)
            small.paste(strip.reduce(by), (0, top // by))
        self._size, self.im, self._heif_file, self.fp = small.size, small.im, None, None
        return super().load()
