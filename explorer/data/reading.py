"""Reading one uploaded image safely: the only way the page, command line and batch open a picture."""

import math
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from explorer.data.colours import to_rgb
from explorer.data.deep import stretched
from explorer.data.opening import (
    BOMBS,
    FULL,
    MAX_PIXELS,
    UnreadableImage,
    bomb,
    open_image,
    refuse_if_too_large,
)

__all__ = ["FULL", "MAX_PIXELS", "UnreadableImage", "read_image"]

# An animation may fade in from one colour; a few frames are checked, in pictures small enough to be fast.
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_BLANK_FRAMES = 12
_SMALL = 4_000_000  # pixels

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


def read_image(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Read a picture as a person would see it.

    The first frame (of an animation that begins blank, the first of a few that is not), upright by its EXIF
    orientation, with transparency laid on white, in sRGB: a colour profile in the file is applied. 16-bit grey is
    divided by 257 and rounded; where it never exceeds 4095 or 255 it is taken for 12 or 8 bits in 16, and so are
    colours of 16 bits. 32-bit integer and float grey within 0..255 stays as it is, float grey within 0..1 is
    multiplied by 255, and any other range is stretched so that it reaches from 0 to 255. A picture of more than FULL
    pixels comes at a half, a third ... of its size. Metadata is dropped, so that nothing downstream turns the
    picture twice.

    Args:
        source: a path, the bytes of a file, or a binary stream (rewound first, if it can be).

    Returns:
        A loaded image of mode RGB, of any aspect ratio, independent of the source.

    Raises:
        UnreadableImage: the file is missing, empty, damaged, too large or not a picture; says what to do.
    """
    data = _read_bytes(source)
    image = open_image(data)
    kind = image.format
    try:
        image.load()
        _pass_over_blank_frames(image)
        refuse_if_too_large(math.prod(image.size))  # an icon's real size is known only here
        # Pillow opens a PGM of 16 bits as 32.
        wide_grey = kind == "PPM" and image.mode == "I"
        picture = to_rgb(stretched(image, lambda: open_image(data)), wide_grey, most=FULL)
    except UnreadableImage:
        raise
    except BOMBS as error:
        raise bomb() from error
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
    # Devices and pipes end here too, because reading one might never end.
    raise UnreadableImage(f"There is no image file {path}; check its name.")


def _pass_over_blank_frames(image: ImageFile.ImageFile) -> None:
    """Advance an animation while its frame is of one colour, as far as the few frames after the first."""
    if image.format not in _ANIMATED or math.prod(image.size) > _SMALL:
        return
    with suppress(Exception):  # no such frame, or a damaged one
        for frame in range(_BLANK_FRAMES):
            if frame:
                image.seek(frame)
                image.load()
            if np.ptp(np.asarray(image.convert("RGBA")), axis=(0, 1)).any():
                return
    image.seek(0)  # all blank: the first, as for any animation
    image.load()


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) if the metadata is absent or broken, since the picture may be fine."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1
