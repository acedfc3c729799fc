"""Bad and odd uploads, made by script: each a name as a visitor's browser would send it, and its bytes."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image

SIDE = 96


def _picture() -> Image.Image:
    """Structure enough that no format packs it to nothing."""
    across, down = (
        Image.linear_gradient("L").resize((SIDE, SIDE)),
        Image.radial_gradient("L").resize((SIDE, SIDE)),
    )
    return Image.merge("RGB", (across, down, across.transpose(Image.Transpose.ROTATE_90)))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *more: bytes, rows: bytes = b"\0" * 9, colour: int = 0) -> bytes:
    """A PNG that states this size, with further chunks, and whatever rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + body


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def tiff(*tags: tuple[int, int, int, int], after: int = 0) -> bytes:
    """A little-endian TIFF with one directory at byte 8, of (tag, type, count, value)."""
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", after)


def many_frames(count: int) -> bytes:
    """A GIF of so many frames of one pixel, written out by hand: Pillow would take a minute."""
    frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame * count + b";"


def self_pointing_exif() -> bytes:
    """A directory whose next directory, and whose sub-directory, is itself."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


def corpus() -> Iterator[tuple[str, bytes]]:
    """All of them, one at a time, because some are large."""
    yield from _cut()
    yield from _misnamed()
    yield from _polyglots()
    yield from _bombs()
    yield from _odd_sizes()
    yield from _odd_contents()
    yield from _no_pictures()
    yield from _archives()
    yield from _odd_names()
    yield from _garbage()


def _cut() -> Iterator[tuple[str, bytes]]:
    image = _picture()
    whole = {kind: saved(image, kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")}
    whole["zip"] = zipped(*((f"{i}.png", whole["PNG"]) for i in range(3)))
    for kind, data in whole.items():
        for tenth in range(1, 10):
            yield f"cut at {tenth} tenths.{kind.lower()}", data[: len(data) * tenth // 10]


def _misnamed() -> Iterator[tuple[str, bytes]]:
    image = _picture()
    yield "png.jpg", saved(image, "PNG")
    yield "jpeg.gif", saved(image, "JPEG")
    yield "archive.jpg", zipped(("a.png", saved(image, "PNG")))
    yield "png.zip", saved(image, "PNG")
    yield "text.png", b"This is only text.\n"
    yield "executable.png", b"MZ\x90\0" + bytes(400)


def _polyglots() -> Iterator[tuple[str, bytes]]:
    image = _picture()
    yield "pdf and jpeg.pdf", b"%PDF-1.7\n" + saved(image, "JPEG")
    yield "png and zip.png", saved(image, "PNG") + zipped(("a.png", saved(image, "PNG")))
    yield "html in a comment.jpg", saved(image, "JPEG", comment=b"<script>alert(1)</script>" * 9)
    yield "gif and script.gif", b"GIF89a/*" + bytes(9) + b"*/=1;alert(1)"
    yield "zip behind text.zip", b"hello" * 99 + zipped(("a.png", saved(image, "PNG")))


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "60000 squared.png", png(60_000, 60_000)
    white = zlib.compressobj(9)
    rows = b"".join(white.compress(b"\0" + b"\xff" * 8000) for _ in range(8000)) + white.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8000, 8000, 8, 0, 0, 0, 0))
    yield "64 white megapixels.png", b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    yield "text bomb.png", png(1, 1, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000), 9)))
    yield "profile bomb.png", png(1, 1, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000), 9)))
    yield "60000 squared.gif", b"GIF89a" + struct.pack("<HHB2x", 60_000, 60_000, 0) + b";"
    frame = struct.pack("<BHHHHB", 0x2C, 0, 0, 60_000, 60_000, 0) + b"\x02\x02\x44\x01\x00;"
    yield "frame beyond its screen.gif", b"GIF89a\x01\0\x01\0\0\0\0" + frame
    size = ((256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1))
    yield "60000 squared.tif", tiff(*size, (273, 4, 1, 8), (278, 4, 1, 60_000), (279, 4, 1, 9))
    canvas = struct.pack("<4xI", 16_382)[:-1] + struct.pack("<I", 16_382)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    for kind, side, mode in (("WEBP", 4240, "RGB"), ("AVIF", 5000, "RGBA"), ("JPEG2000", 3870, "RGB")):
        yield f"as large as may be.{kind.lower()}", saved(Image.new(mode, (side, side), "red"), kind)
    yield "16383 squared.webp", b"RIFF" + struct.pack("<I", len(body)) + body
    yield (
        "two thousand million rows.bmp",
        b"BM" + struct.pack("<IIIIiiHH24x", 54, 0, 54, 40, 9, 2**31 - 1, 1, 24),
    )
    jpeg = bytearray(saved(_picture(), "JPEG"))
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, 65_500, 65_500)
    yield "65500 squared.jpg", bytes(jpeg)
    layered = bytearray(saved(_picture(), "JPEG", progressive=True))
    struct.pack_into(">HH", layered, layered.index(b"\xff\xc2") + 5, 8000, 8000)
    scans = layered[layered.index(b"\xff\xda") : -2] * 40
    yield "endless scans.jpg", bytes(layered[:-2]) + bytes(scans) + b"\xff\xd9"
    yield (
        "icon around a bomb.ico",
        struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, 99, 22) + png(50_000, 50_000),
    )


def _odd_sizes() -> Iterator[tuple[str, bytes]]:
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        yield f"one pixel.{kind.lower()}", saved(Image.new("RGB", (1, 1), "red"), kind)
    for size in ((1, 60_000), (60_000, 1)):
        yield f"{size[0]} by {size[1]}.png", saved(Image.new("L", size, 7), "PNG")
        yield f"{size[0]} by {size[1]}.jpg", saved(Image.new("L", size, 7), "JPEG")
    yield "no size.png", png(0, 0)


def _odd_contents() -> Iterator[tuple[str, bytes]]:
    image = _picture()
    yield "16 bits.png", saved(Image.linear_gradient("L").convert("I;16"), "PNG")
    yield "floats without a number.tif", saved(Image.new("F", (9, 9), float("nan")), "TIFF")
    yield "inks, broken profile.jpg", saved(image.convert("CMYK"), "JPEG", icc_profile=b"not a profile" * 99)
    yield "absurd orientation.jpg", saved(image, "JPEG", exif=_orientation(65_535))
    yield "exif in circles.jpg", saved(image, "JPEG", exif=self_pointing_exif())
    yield (
        "60 kilobytes of exif.jpg",
        saved(image, "JPEG", exif=b"Exif\0\0" + random.Random(1).randbytes(60_000)),
    )
    yield "ten thousand frames.gif", many_frames(10_000)
    yield (
        "animation.webp",
        saved(image, "WEBP", save_all=True, append_images=[image.rotate(a) for a in (9, 99)]),
    )
    yield "directories in circles.tif", tiff((256, 4, 1, 9), (257, 4, 1, 9), after=8)
    yield "a tag of four thousand million.tif", tiff((256, 4, 2**32 - 1, 9), (257, 4, 1, 9))
    yield "palette without colours.png", png(4, 4, rows=b"\0\1\2\3\4" * 4, colour=3)
    yield "clear.png", saved(Image.new("RGBA", (50, 50)), "PNG")


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def _no_pictures() -> Iterator[tuple[str, bytes]]:
    yield "nothing.png", b""
    yield "one byte.png", b"\x89"
    yield "zeros.png", bytes(4096)
    yield "newlines.jpg", b"\n" * 4096
    yield "drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 10))
    yield "laughs.svg", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">' + laughs + b"]><svg>&l9;</svg>"
    yield "page.html", b"<!doctype html><script>alert(1)</script>"
    yield "program.ps", b"%!PS\n{ } loop\n"
    yield "document.pdf", b"%PDF-1.7\n1 0 obj\n"
    yield "video.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + bytes(99)
    yield "phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)
    yield "raw.jxl", b"\xff\x0a" + bytes(99)


def _archives() -> Iterator[tuple[str, bytes]]:
    one = saved(_picture(), "PNG")
    inner = zipped(("a.png", one))
    yield "zips in zips.zip", zipped(("inner.zip", zipped(("inner.zip", inner))), ("a.png", one))
    yield "hollow.zip", zipped(*((f"{i}.png", bytes(60_000_000)) for i in range(3)))
    yield "five hundred and one.zip", zipped(*((f"{i}.png", b"x") for i in range(501)))
    yield "leading out.zip", zipped(("../../etc/cron.d/x", one), ("/etc/passwd", one), ("C:\\x.png", one))
    yield "no name at all.zip", zipped(("b.png", one), ("a.png", one)).replace(b"b.png", b"\0.png")
    names = [
        "<img src=x onerror=alert(1)>.png",
        "{{7*7}}${7*7}.png",
        "\u202egnp.exe",
        "a" * 4096,
        "=1+1.png",
        "a\nb.png",
    ]
    yield "odd names.zip", zipped(*((name, one) for name in names))
    yield "empty.zip", zipped()
    yield (
        "a million directories.zip",
        b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, 2**31, 0, 0),
    )


def _odd_names() -> Iterator[tuple[str, bytes]]:
    one = saved(_picture(), "PNG")
    for name in (
        "<script>alert(1)</script>.png",
        "../../../etc/passwd",
        "CON",
        "x" * 4096,
        "%2e%2e%2fx.png",
        "a\0b.png",
    ):
        yield name, one


def _garbage() -> Iterator[tuple[str, bytes]]:
    """Every kind's first bytes, and noise after them."""
    noise = random.Random(2).randbytes(3000)
    for kind in (
        "JPEG",
        "PNG",
        "GIF",
        "WEBP",
        "TIFF",
        "BMP",
        "ICO",
        "PPM",
        "TGA",
        "JPEG2000",
        "AVIF",
        "QOI",
        "PCX",
        "SGI",
    ):
        yield f"noise.{kind.lower()}", saved(_picture(), kind)[:40] + noise
    for start in (
        b"8BPS\0\1",
        b"DDS ",
        b"SIMPLE  =",
        b"\xb1h\xde:",
        b"icns",
        b"qoif",
        b"P7 332",
        b"#define a 9\n",
        b"FTEX",
    ):
        yield f"noise after {start!r}", start + noise
