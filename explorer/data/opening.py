"""Opening an untrusted picture: which kind it is, how large it says it is, and whether that may be decoded at all."""

from __future__ import annotations

import io
import math
import struct
from importlib.util import find_spec

from PIL import Image, ImageFile

MAX_PIXELS = 64_000_000  # ours: above every phone's 50-megapixel mode, and still only 256 MB once decoded
MAX_JPEG = (
    4 * MAX_PIXELS
)  # a JPEG is decoded at half, a quarter or an eighth of its size; this many take a second
FULL = 8_000_000  # pixels kept of a picture; larger ones come at a half, a third ... of their size

# Decoders that hold several copies of the picture at once, or are slow: maximum pixels, and maximum bytes of the file.
# Ours: so that even pure noise, the worst there is, takes no more than a few seconds of one core, and no picture more
# than 300 MB.
_SLOW = {
    "WEBP": (18_000_000, 8_000_000),
    "AVIF": (32_000_000, 6_000_000),
    "HEIF": (50_000_000, 12_000_000),
    "JPEG2000": (15_000_000, 5_000_000),
}
_SLOW_CLEAR = {"AVIF": 25_000_000, "HEIF": 40_000_000, "JPEG2000": 11_000_000}  # pixels, with transparency
# A progressive JPEG is held whole as coefficients of two bytes, and traversed once for each of its scans.
_MAX_COEFFICIENTS = 110_000_000
_MAX_SCANNED = 1_400_000_000  # coefficients times scans; editors write about ten scans

# EPS would hand an untrusted program to Ghostscript; IPTC wraps another file, say an EPS, for Pillow to open.
_CLOSED_FORMATS = {"EPS", "IPTC"}

# Pillow's own limits, at 89 and 179 megapixels, on pictures inside pictures that we cannot foresee.
BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)

_LIMIT = MAX_PIXELS // 1_000_000
_MORE = f"more than {_LIMIT}"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}


class UnreadableImage(ValueError):
    """An image that cannot be read; the message is one plain sentence, for the person who chose the file."""


def open_image(data: bytes) -> ImageFile.ImageFile:
    """Identify a file and read its header; nothing is decoded yet.

    A JPEG of more than FULL pixels is set to be decoded at a half, a quarter or an eighth of its size.
    Raises `UnreadableImage` for anything but a picture, and for one that is too large for its kind.
    """
    refuse_if_too_large(_largest_png_inside(data))
    image = _identify(data)
    pixels = math.prod(image.size)
    if image.format in ("JPEG", "MPO"):
        _draft(image, data)
    else:
        most, most_bytes = _SLOW.get(image.format or "", (MAX_PIXELS, len(data)))
        if image.mode == "RGBA":
            most = min(most, _SLOW_CLEAR.get(image.format or "", most))
        refuse_if_too_large(pixels, most)
        if len(data) > most_bytes:
            raise UnreadableImage(
                f"This {image.format} file is too heavy to be decoded in good time; save it as a JPEG."
            )
    return image


def refuse_if_too_large(pixels: int, limit: int = MAX_PIXELS) -> None:
    """Raises `UnreadableImage` for more pixels than the limit."""
    if pixels > limit:
        raise UnreadableImage(
            f"This image has {math.ceil(pixels / 1e6):,} megapixels; the limit is {limit // 1_000_000}, "
            "please shrink it."
        )


def bomb() -> UnreadableImage:
    """The refusal if Pillow's own limit applied before the size was known."""
    return UnreadableImage(f"This image has {_MORE} megapixels; the limit is {_LIMIT}, please shrink it.")


def _draft(image: ImageFile.ImageFile, data: bytes) -> None:
    """Have libjpeg decode a large JPEG smaller; refuse one that would still take too long or too much memory."""
    width, height = image.size
    refuse_if_too_large(width * height, MAX_JPEG)
    if image.info.get("progressive"):
        layers: list[tuple[int, int, int, int]] = getattr(
            image, "layer", []
        )  # id, sampling (across, down), table
        most = max((across * down for _, across, down, _ in layers), default=1)
        coefficients = width * height * sum(across * down for _, across, down, _ in layers) // most
        refuse_if_too_large(coefficients, _MAX_COEFFICIENTS)
        if coefficients * data.count(b"\xff\xda") > _MAX_SCANNED:
            raise UnreadableImage("This JPEG is built of too many layers; save it again and retry.")
    scale = 1
    while width * height > FULL * scale**2 and scale < 8:
        scale *= 2
    if scale > 1:
        # The requested size is the smallest acceptable: rounded up, libjpeg could only decode a larger one.
        image.draft(None, (width // scale, height // scale))


def _identify(data: bytes) -> ImageFile.ImageFile:
    """Read the header, as Image.open does.

    Image.open would first check the size against Image.MAX_IMAGE_PIXELS, one value for the whole process, and
    warn on standard error; walking its table of formats leaves the limit and the sentence to us.
    """
    Image.init()
    start = data[:16].ljust(16, b"\0")  # some formats look at a fixed number of bytes, however short the file
    claimed = None  # the format whose signature the file bears, though its header did not parse
    for name in Image.ID:
        if name in _CLOSED_FORMATS:
            continue
        factory, accept = Image.OPEN[name]
        if accept is not None and accept(start) is not True:
            continue
        try:
            return factory(io.BytesIO(data), "")
        except BOMBS as error:
            raise bomb() from error
        except Exception:  # not this format after all, or damaged
            if accept is not None:
                claimed = claimed or name
    if _is_heif(data) and find_spec("pillow_heif"):
        try:
            return _open_heif(data)
        except Exception:  # libheif's own errors are of many kinds
            claimed = "HEIC"
    raise UnreadableImage(_what_else(data, claimed))


def _is_heif(data: bytes) -> bool:
    """Whether the file's type box (ISO/IEC 14496-12, section 4.3) names HEVC pictures among its brands."""
    box = data[8 : min(64, int.from_bytes(data[:4], "big"))]
    return data[4:8] == b"ftyp" and any(box[at : at + 4] in _HEIC_BRANDS for at in range(0, len(box), 4))


def _open_heif(data: bytes) -> ImageFile.ImageFile:
    """A HEIC photo, as phones take them. Opened by its own class: registering it would change Pillow for everyone."""
    from explorer.data.heif import HeifPhoto

    return HeifPhoto(io.BytesIO(data), "")


def _what_else(data: bytes, claimed: str | None) -> str:
    """One sentence for a file that no reader opened: what it seems to be, and what to do."""
    start = data[:1024].lstrip().lower()
    if start.startswith(b"%pdf"):
        return "This is a PDF document; export the page as a JPEG or PNG."
    if start.startswith(b"%!ps") or data.startswith(b"\xc5\xd0\xd3\xc6"):
        return "This is a PostScript drawing; export it as a PNG."
    if b"<svg" in start:
        return "This is an SVG drawing; export it as a PNG."
    if start.startswith((b"<!doctype html", b"<html")):
        return "This is a web page, not an image; save the picture itself and retry."
    if _is_heif(data) and claimed in (None, "AVIF"):  # AVIF claims every picture of the same container
        return "This is a HEIC photo, which cannot be read here; save it as a JPEG."
    if data[4:8] == b"ftyp" and claimed is None:
        return "This is a video, not an image; save one frame as a JPEG or PNG."
    if data.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "This is a JPEG XL image, which Pillow cannot read; save it as a JPEG or PNG."
    if claimed is not None:
        return f"This {claimed} file is damaged or cut off; save it again and retry."
    return "This file is not an image Pillow can read; try a JPEG or PNG."


def _largest_png_inside(data: bytes) -> int:
    """Pixels stated by the largest PNG header anywhere in the file: an ICO decodes its PNG on opening."""
    largest = 0
    at = data.find(_PNG_START)
    while at >= 0:
        header = data[at + 16 : at + 24]  # after the signature and the name of the first chunk: width, height
        if len(header) == 8:
            largest = max(largest, math.prod(struct.unpack(">II", header)))
        at = data.find(_PNG_START, at + 8)
    return largest
