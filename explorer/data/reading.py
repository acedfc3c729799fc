"""Reading one uploaded image safely: the only way by which page, command line and batch open a picture."""

import io
import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

MAX_PIXELS = 64_000_000  # ours: above every phone's 50-megapixel mode, and still only 256 MB once decoded

# EPS would hand a stranger's program to Ghostscript; IPTC wraps another file, say an EPS, for Pillow to open.
_CLOSED_FORMATS = {"EPS", "IPTC"}

# Pillow's own objections, at 89 and 179 megapixels, to pictures inside pictures that we cannot foresee.
_BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)

_PNG_START = b"\x89PNG\r\n\x1a\n"

# The values of EXIF's tag Orientation, and what turns each picture upright (EXIF 2.32, section 4.6.4).
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImage(ValueError):
    """An image that cannot be read; the message is one plain sentence, for the person who chose the file."""


def read_image(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Read a picture as a person would see it.

    The first frame, upright by its EXIF orientation, with transparency laid on white, in RGB. 16-bit grey is
    divided by 257 and rounded. 32-bit integer and float grey within 0..255 stays as it is, float grey within
    0..1 is multiplied by 255, and any other range is stretched so that it reaches from 0 to 255. Metadata is
    left behind, so that nothing downstream turns the picture twice.

    Args:
        source: a path, the bytes of a file, or a binary stream (rewound first, if it can be).

    Returns:
        A loaded image of mode RGB, at most MAX_PIXELS pixels, of any aspect ratio, independent of the source.

    Raises:
        UnreadableImage: the file is missing, empty, damaged, too large or not a picture; says what to do.
    """
    data = _read_bytes(source)
    _refuse_if_too_large(_largest_png_inside(data))
    image = _open(data)
    _refuse_if_too_large(math.prod(image.size))
    kind = image.format
    try:
        image.load()
        _refuse_if_too_large(math.prod(image.size))  # icons learn their real size only here
        picture = _to_rgb(image)
    except UnreadableImage:
        raise
    except _BOMBS as error:
        raise _too_large(f"more than {MAX_PIXELS // 1_000_000}") from error
    except Exception as error:  # on bad bytes Pillow raises almost anything: OSError, IndexError, zlib.error
        if "truncated" in str(error).lower() or isinstance(error, EOFError):
            raise UnreadableImage("This image is cut off; save it again and retry.") from error
        raise UnreadableImage(
            f"This {kind} file is damaged or of a kind Pillow cannot decode; save it as a JPEG or PNG."
        ) from error

    turn = _UPRIGHT.get(_orientation(image))
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info.clear()
    return picture


def _read_bytes(source: str | Path | bytes | BinaryIO) -> bytes:
    """The whole file. Raises UnreadableImage when it is missing, a folder, unreadable or empty."""
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | Path):
        data = _read_path(Path(source))
    else:
        try:
            if source.seekable():
                source.seek(0)
            data = source.read()
        except OSError as error:
            raise UnreadableImage("This file could not be read; send it again.") from error
    if not data:
        raise UnreadableImage("This file is empty; choose another one.")
    return data


def _read_path(path: Path) -> bytes:
    try:
        if path.is_file():
            return path.read_bytes()
        folder = path.is_dir()
    except OSError as error:
        raise UnreadableImage(f"{path} cannot be read; check its name and permissions.") from error
    if folder:
        raise UnreadableImage(f"{path} is a folder; name an image file in it.")
    # Devices and pipes end here too, for reading one might never end.
    raise UnreadableImage(f"There is no image file {path}; check its name.")


def _open(data: bytes) -> ImageFile.ImageFile:
    """Identify the file and read its header, as Image.open does.

    Image.open would first hold the size against Image.MAX_IMAGE_PIXELS, one value for the whole process, and
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
        except _BOMBS as error:
            raise _too_large(f"more than {MAX_PIXELS // 1_000_000}") from error
        except Exception:  # not this format after all, or damaged
            if accept is not None:
                claimed = claimed or name
    raise UnreadableImage(_what_else(data, claimed))


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
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1"):
        return "This is a HEIC photo, which Pillow cannot read; save it as a JPEG."
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


def _refuse_if_too_large(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise _too_large(f"{math.ceil(pixels / 1e6):,}")


def _too_large(megapixels: str) -> UnreadableImage:
    return UnreadableImage(
        f"This image has {megapixels} megapixels; the limit is {MAX_PIXELS // 1_000_000}, please shrink it."
    )


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) if the metadata is absent or broken, for the picture may be sound."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """A new RGB image, transparency on white. Raises what Pillow raises for what it cannot convert."""
    transparent = image.info.get("transparency")
    if image.mode.startswith("I") or image.mode == "F":
        grey = _to_8_bits(image)
        if transparent is None:
            return grey.convert("RGB")
        hidden = np.asarray(image) == transparent  # one 16-bit grey that a PNG declares to be transparent
        grey.paste(255, mask=Image.fromarray(hidden))
        return grey.convert("RGB")
    palette_lost = image.mode == "P" and image.palette is None  # ICNS; the pixels still know their colours
    if palette_lost or not image.has_transparency_data:
        return image.convert("RGB")
    if image.mode == "La":  # Pillow knows no direct way from premultiplied grey to RGBA
        image = image.convert("LA")
    colours = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(colours, mask=colours.getchannel("A"))
    return on_white


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits as mode L, by the rules in read_image's docstring."""
    values = np.asarray(image)  # (H, W) uint16, int32 or float32
    is_wide_pgm = image.format == "PPM" and image.mode == "I"  # Pillow opens a PGM of 16 bits as 32
    if image.mode.startswith("I;16") or is_wide_pgm:
        return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    values = values.astype(np.float64)  # float32 would lose the low bits of an int32
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    if image.mode == "F" and low >= 0 and high <= 1:
        values = values * 255
    elif (low < 0 or high > 255) and high > low:
        values = (values - low) / (high - low) * 255
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
