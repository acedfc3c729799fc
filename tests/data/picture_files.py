"""Picture files that the tests of reading are done with."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from explorer.data.reading import UnreadableImage, read_image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(data: bytes) -> list:
    image = read_image(data)
    assert image.mode == "RGB"
    return np.asarray(image).tolist()


def greys(data: bytes) -> list:
    """The rows of a picture whose three channels agree."""
    values = np.asarray(read_image(data))
    assert (values == values[..., :1]).all()
    return values[..., 0].tolist()


def png_header(width: int, height: int) -> bytes:
    """A valid grey PNG that states this size and ends before its pixels do."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 9)),
    ]
    body = b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def icns(image: Image.Image) -> bytes:
    """An icon of 16 x 16 as Apple stores it; Pillow would add all sizes up to 1024."""
    png = saved(image, "PNG")
    return b"icns" + struct.pack(">I4sI", len(png) + 16, b"icp4", len(png) + 8) + png


NOISE = Image.fromarray(np.random.default_rng(7).integers(0, 256, (20, 16, 3), dtype=np.uint8))
KINDS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "PPM", "TGA", "JPEG2000", "AVIF", "QOI", "PCX"]
FILES = {kind: saved(NOISE, kind) for kind in KINDS} | {"ICNS": icns(NOISE.resize((16, 16)))}


def refusal(source: object) -> str:
    with pytest.raises(UnreadableImage) as refused:
        read_image(source)  # type: ignore[arg-type]
    return str(refused.value)
