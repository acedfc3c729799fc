"""Reading an upload: exact pixels for every kind of file, plain sentences for whatever is not a picture."""

import io
import itertools
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.data.reading import MAX_PIXELS, UnreadableImage, read_image


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


# Where a file comes from.


def test_path_string_bytes_and_stream_give_the_same_picture(tmp_path):
    data = saved(NOISE, "PNG")
    path = tmp_path / "noise.of.no.kind"
    path.write_bytes(data)
    stream = io.BytesIO(data)
    stream.read()  # a stream left at its end is rewound
    for source in (path, str(path), data, stream):
        assert np.array_equal(np.asarray(read_image(source)), np.asarray(NOISE))


def test_a_stream_that_cannot_be_rewound_is_read_from_where_it_is():
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

    assert np.array_equal(np.asarray(read_image(Pipe(FILES["PNG"]))), np.asarray(NOISE))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "PPM", "TIFF", "TGA", "QOI", "ICO"])
def test_lossless_formats_keep_every_pixel(kind):
    options = {"sizes": [NOISE.size]} if kind == "ICO" else {}
    assert np.array_equal(np.asarray(read_image(saved(NOISE, kind, **options))), np.asarray(NOISE))


# Colours.


def test_16_bit_grey_is_divided_by_257_and_rounded():
    values = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    expected = [[0, 0, 1, 1, 128, 255]]
    for kind in ("PNG", "TIFF", "PPM"):  # Pillow opens the PPM as 32-bit integers
        assert greys(saved(Image.fromarray(values), kind)) == expected
    big_endian = Image.frombytes("I;16B", (6, 1), values.astype(">u2").tobytes())
    assert greys(saved(big_endian, "TIFF")) == expected


def test_16_bit_grey_with_a_transparent_value_lies_on_white():
    image = Image.fromarray(np.array([[300, 301, 65535]], np.uint16))
    assert greys(saved(image, "PNG", transparency=300)) == [[255, 1, 255]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 7, 255]], [[0, 7, 255]]),  # within 8 bits: as it is
        ([[0, 1, 1]], [[0, 1, 1]]),
        ([[-1000, 0, 1000]], [[0, 128, 255]]),  # wider: stretched, 127.5 rounded to even
        ([[100_000, 100_051, 100_255]], [[0, 51, 255]]),
        ([[-5, -5, -5]], [[0, 0, 0]]),
        ([[2_000_000_000, 2_000_000_051, 2_000_000_255]], [[0, 51, 255]]),
    ],
)
def test_32_bit_integers_are_stretched_only_beyond_8_bits(values, expected):
    assert greys(saved(Image.fromarray(np.array(values, np.int32)), "TIFF")) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 0.2, 1]], [[0, 51, 255]]),  # 0..1 is white at 1
        ([[0, 1.5, 200.2]], [[0, 2, 200]]),
        ([[-1, 0, 1]], [[0, 128, 255]]),
        ([[0, 1020, 255]], [[0, 255, 64]]),
        ([[np.nan, 0, 510]], [[0, 0, 255]]),
        ([[np.inf, 0, 510]], [[255, 0, 255]]),
        ([[-np.inf, 51, 510]], [[0, 0, 255]]),
        ([[np.nan, np.inf, -np.inf]], [[0, 0, 0]]),
        ([[999, 999, 999]], [[255, 255, 255]]),
        ([[-3e38, 0, 3e38]], [[0, 128, 255]]),
    ],
)
def test_floats_are_scaled_by_their_range_and_nan_is_darkest(values, expected):
    assert greys(saved(Image.fromarray(np.array(values, np.float32)), "TIFF")) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0, 2048, 4095]], [[0, 128, 255]]),  # 12 bits: 255 * 2048 / 4095 = 127.5+
        ([[0, 1023, 256]], [[0, 64, 16]]),
        ([[0, 7, 255]], [[0, 7, 255]]),  # 8 bits
        ([[0, 2048, 4096]], [[0, 8, 16]]),  # one value above 12 bits, and it is 16
    ],
)
def test_12_and_8_bits_stored_in_16_are_stretched(values, expected):
    for kind in ("PNG", "TIFF"):
        assert greys(saved(Image.fromarray(np.array(values, np.uint16)), kind)) == expected


def deep_colours(kind, values):
    """A PNG or TIFF of 16-bit RGB or RGBA, which Pillow does not write; values (H, W, 3 or 4)."""
    values = np.array(values, np.uint16)
    height, width, bands = values.shape
    if kind == "PNG":
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        head = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[bands], 0, 0, 0)
        chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    end, data = {"TIFF, little": "<", "TIFF, big": ">"}[kind], values.astype("u2")
    data = data.astype(f"{end}u2").tobytes()
    tags = [(256, 4, width), (257, 4, height), (258, 3, None), (259, 3, 1), (262, 3, 2), (273, 4, None),
            (277, 3, bands), (278, 4, height), (279, 4, len(data))]  # fmt: skip
    tags += [(338, 3, 2)] if bands == 4 else []
    behind = 8 + 2 + 12 * len(tags) + 4
    ifd = struct.pack(f"{end}H", len(tags))
    for tag, type_, value in tags:
        count = bands if tag == 258 else 1
        value = {258: behind, 273: behind + 2 * bands}.get(tag, value)
        short = type_ == 3 and count == 1
        ifd += struct.pack(
            f"{end}HHI" + ("HH" if short else "I"), tag, type_, count, *([value, 0] if short else [value])
        )
    bits = struct.pack(f"{end}{bands}H", *[16] * bands)
    return {"<": b"II*\0", ">": b"MM\0*"}[end] + struct.pack(f"{end}I", 8) + ifd + bytes(4) + bits + data


@pytest.mark.parametrize("kind", ["PNG", "TIFF, little", "TIFF, big"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[[0, 2048, 4095], [16, 1000, 3000]]], [[[0, 128, 255], [1, 62, 187]]]),
        ([[[0, 100, 255], [7, 0, 31]]], [[[0, 100, 255], [7, 0, 31]]]),
        ([[[0, 2048, 4096], [65535, 32768, 257]]], [[[0, 8, 16], [255, 128, 1]]]),
        (
            [[[4095, 0, 0, 65535], [4095, 0, 0, 0]]],
            [[[255, 0, 0], [255, 255, 255]]],
        ),  # transparency is never stretched
    ],
    ids=["12 bits", "8 bits", "16 bits", "with transparency"],
)
def test_colours_of_12_and_8_bits_stored_in_16_are_stretched(kind, values, expected):
    assert np.asarray(read_image(deep_colours(kind, values))).tolist() == expected


# Colour profiles.

PROPHOTO = [
    (0.79767, 0.28804, 0.0),
    (0.13519, 0.71188, 0.0),
    (0.03136, 0.00009, 0.82491),
]  # XYZ of its primaries, D50
# From XYZ at D50 to linear sRGB (Lindbloom, Bradford-adapted).
XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def profile(space: bytes, curve: float, primaries: list = (), name: str = "test") -> bytes:
    """A minimal ICC profile (ICC.1:2001-04): matrix and one gamma for RGB, a gamma alone for grey."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))

    gamma = struct.pack(">4s4xIHxx", b"curv", 1, round(curve * 256))
    said = struct.pack(">4s4xI", b"desc", len(name) + 1) + name.encode() + b"\0" + bytes(78)
    tags = [(b"desc", said + bytes(-len(said) % 4)), (b"wtpt", xyz(0.9642, 1.0, 0.8249))]
    if primaries:
        tags += [(n, xyz(*v)) for n, v in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)]
        tags += [(n, gamma) for n in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags += [(b"kTRC", gamma)]
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags:
        table += struct.pack(">4sII", tag, at + len(body), len(data))
        body += data
    header = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02400000, b"mntr", space, b"XYZ ", b"acsp")
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def in_srgb(linear_xyz: np.ndarray) -> np.ndarray:
    linear = np.clip(linear_xyz @ XYZ_TO_SRGB.T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_a_colour_profile_is_applied():
    stored = np.array([[[200, 100, 60], [128, 128, 128], [255, 255, 255], [30, 90, 40]]], np.uint8)
    icc = profile(b"RGB ", 1.8, PROPHOTO)
    expected = in_srgb((stored / 255) ** (461 / 256) @ np.array(PROPHOTO))
    shown = np.asarray(read_image(saved(Image.fromarray(stored), "PNG", icc_profile=icc))).astype(float)
    assert abs(expected - stored).max() > 16  # what ignoring the profile would be off by
    assert abs(shown - expected).max() <= 1.5


def test_a_profile_applies_below_transparency_and_in_grey():
    stored = Image.new("RGBA", (1, 1), (128, 128, 128, 0))
    assert pixels(saved(stored, "PNG", icc_profile=profile(b"RGB ", 1.8, PROPHOTO))) == [[[255] * 3]]
    grey = Image.new("L", (1, 1), 128)
    (value,) = greys(saved(grey, "PNG", icc_profile=profile(b"GRAY", 1.0)))[0]
    assert value == 188  # linear 0.502 is sRGB 188


@pytest.mark.parametrize(
    "icc",
    [b"no profile", profile(b"RGB ", 1.8, PROPHOTO)[:200], profile(b"GRAY", 1.0), profile(b"CMYK", 1.0)],
)
def test_a_profile_that_is_broken_or_of_other_colours_is_passed_over(icc):
    assert pixels(saved(Image.new("RGB", (1, 1), (9, 100, 200)), "PNG", icc_profile=icc)) == [[[9, 100, 200]]]


def test_an_srgb_profile_leaves_every_pixel():
    icc = profile(b"RGB ", 2.2, PROPHOTO, "sRGB IEC61966-2.1")
    assert np.array_equal(np.asarray(read_image(saved(NOISE, "PNG", icc_profile=icc))), np.asarray(NOISE))


def test_cmyk_is_light_left_by_ink():
    inks = [(0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 128), (100, 0, 0, 55)]
    image = Image.new("CMYK", (4, 1))
    image.putdata(inks)
    # (255 - K) less C, M or Y of it: 200 - 100 * 200 / 255 = 121.6
    assert pixels(saved(image, "TIFF")) == [[[255, 255, 255], [255, 0, 0], [127, 127, 127], [122, 200, 200]]]


def test_cmyk_jpeg_is_not_inverted():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = np.asarray(read_image(saved(image, "JPEG", quality=100))).astype(int)
    assert abs(red - [255, 0, 0]).max() <= 2


def test_lab_neutrals_are_grey():
    image = Image.new("LAB", (3, 1))
    image.putdata([(255, 128, 128), (128, 128, 128), (0, 128, 128)])  # a and b are zero at 128
    shown = np.asarray(read_image(saved(image, "TIFF"))).astype(int)[0]
    assert abs(shown - [[255] * 3, [119] * 3, [0] * 3]).max() <= 1  # L* = 50.2 is sRGB 119


def test_one_bit_is_black_and_white():
    assert greys(saved(Image.fromarray(np.array([[True, False]])), "PNG")) == [[255, 0]]


def test_alpha_is_laid_on_white():
    image = Image.new("RGBA", (4, 1))
    image.putdata([(255, 0, 0, 255), (255, 0, 0, 128), (10, 20, 30, 0), (0, 0, 0, 51)])
    expected = [[[255, 0, 0], [255, 127, 127], [255, 255, 255], [204, 204, 204]]]
    assert pixels(saved(image, "PNG")) == expected
    assert pixels(saved(image, "WEBP", lossless=True, exact=True)) == expected
    grey = Image.new("LA", (2, 1))
    grey.putdata([(0, 51), (9, 255)])
    assert pixels(saved(grey, "PNG")) == [[[204, 204, 204], [9, 9, 9]]]


def test_palette_with_transparency_is_laid_on_white():
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    assert pixels(saved(image, "PNG")) == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    assert pixels(saved(image, "PNG", transparency=1)) == [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]]
    half = bytes([255, 128, 0])  # one alpha per colour
    assert pixels(saved(image, "PNG", transparency=half)) == [[[255, 0, 0], [127, 255, 127], [255, 255, 255]]]
    assert pixels(saved(image, "GIF", transparency=2)) == [[[255, 0, 0], [0, 255, 0], [255, 255, 255]]]


def test_rgb_with_a_transparent_colour_is_laid_on_white():
    image = Image.new("RGB", (2, 1))
    image.putdata([(1, 2, 3), (4, 5, 6)])
    assert pixels(saved(image, "PNG", transparency=(1, 2, 3))) == [[[255, 255, 255], [4, 5, 6]]]


def test_an_icns_with_a_palette_keeps_its_colours():
    image = Image.new("RGB", (16, 16), (200, 30, 60)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert np.unique(np.asarray(read_image(icns(image))).reshape(-1, 3), axis=0).tolist() == [[200, 30, 60]]


# Orientation and frames.

# A stored picture of rows 1 2 3 and 4 5 6 as it must be shown: the tag says where the 0th row and column lie.
SHOWN = {
    1: [[1, 2, 3], [4, 5, 6]],  # top, left
    2: [[3, 2, 1], [6, 5, 4]],  # top, right
    3: [[6, 5, 4], [3, 2, 1]],  # bottom, right
    4: [[4, 5, 6], [1, 2, 3]],  # bottom, left
    5: [[1, 4], [2, 5], [3, 6]],  # left, top
    6: [[4, 1], [5, 2], [6, 3]],  # right, top
    7: [[6, 3], [5, 2], [4, 1]],  # right, bottom
    8: [[3, 6], [2, 5], [1, 4]],  # left, bottom
}
STORED = Image.fromarray(np.array(SHOWN[1], np.uint8) * 40)
LOSSLESS = [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_every_exif_orientation_is_shown_upright(kind, options, orientation):
    data = saved(STORED.convert("RGB"), kind, exif=turned(orientation), **options)
    assert (np.array(greys(data)) // 40).tolist() == SHOWN[orientation]


@pytest.mark.parametrize("orientation", SHOWN)
@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_photos_are_shown_upright(kind, orientation):
    blocks = STORED.resize((48, 32), Image.Resampling.NEAREST)
    photo = np.asarray(read_image(saved(blocks, kind, exif=turned(orientation), quality=95)))[8::16, 8::16, 0]
    assert np.rint(photo / 40).astype(int).tolist() == SHOWN[orientation]


def test_the_result_is_not_turned_again_downstream():
    image = read_image(saved(STORED, "JPEG", exif=turned(6)))
    assert image.info == {}
    assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", [0, 9, 700])
def test_an_orientation_out_of_range_is_upright(orientation):
    assert greys(saved(STORED, "PNG", exif=turned(orientation))) == np.asarray(STORED).tolist()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_spoil_a_sound_picture():
    data = saved(STORED, "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert greys(data) == np.asarray(STORED).tolist()


@pytest.mark.parametrize(
    ("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})]
)
def test_the_first_frame_of_an_animation_is_read(kind, options):
    frames = [Image.new("RGB", (3, 2), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert pixels(data) == [[[255, 0, 0]] * 3] * 2


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_a_blank_beginning_of_an_animation_is_passed_over(kind, options):
    picture = Image.new("RGB", (3, 2), "white")
    picture.putpixel((0, 0), (255, 0, 0))
    blank = Image.new("RGB", (3, 2), "white")
    data = saved(
        blank,
        kind,
        save_all=True,
        append_images=[blank.copy(), picture, blank],
        duration=[10, 20, 30, 40],
        **options,
    )
    assert pixels(data)[0] == [[255, 0, 0], [255, 255, 255], [255, 255, 255]]
    assert (
        pixels(saved(blank, kind, save_all=True, append_images=[blank.copy()], duration=[10, 20], **options))
        == [[[255] * 3] * 3] * 2
    )


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_the_smallest_and_the_longest_pictures_are_read(kind, size):
    image = read_image(saved(Image.new("L", size, 77), kind))
    assert image.size == size
    assert image.getextrema() == ((77, 77),) * 3


# Phones' own format.


def heic(image: Image.Image, orientation: int = 1) -> bytes:
    file = io.BytesIO()
    photo = pytest.importorskip("pillow_heif").from_pillow(image)
    photo[0].info["exif"] = turned(orientation).tobytes()
    photo.save(file, quality=95)
    return file.getvalue()


def test_heic_is_read_and_upright():
    blocks = STORED.resize((48, 32), Image.Resampling.NEAREST).convert("RGB")
    for orientation, expected in SHOWN.items():
        photo = np.asarray(read_image(heic(blocks, orientation)))[8::16, 8::16, 0]
        assert np.rint(photo / 40).astype(int).tolist() == expected


def test_a_large_heic_is_averaged_down_row_by_row(monkeypatch):
    photo = heic(NOISE.resize((150, 90)))
    whole = read_image(photo).reduce(4)
    monkeypatch.setattr("explorer.data.heif.FULL", 900)
    monkeypatch.setattr("explorer.data.heif._STRIP", 2000)
    assert np.abs(np.asarray(read_image(photo), int) - np.asarray(whole, int)).max() <= 1
    turned = read_image(heic(NOISE.resize((150, 90)), 6))
    assert turned.size == whole.size[::-1]


def test_a_cut_heic_says_so():
    whole = heic(NOISE.resize((160, 160)))
    for keep in (24, 60, len(whole) // 2):
        assert refusal(whole[:keep]) in (
            "This HEIC file is damaged or cut off; save it again and retry.",
            "This HEIF file is damaged or of a kind Pillow cannot decode; save it as a JPEG or PNG.",
        )


def test_without_the_library_a_heic_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("explorer.data.opening.find_spec", lambda _name: None)
    said = "This is a HEIC photo, which cannot be read here; save it as a JPEG."
    for brand in (b"heic", b"mif1"):
        assert refusal(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic") == said


# Large photographs.


def large_jpeg(width: int, height: int, data: bytes) -> bytes:
    """A JPEG whose header states this size, and whose pixels end early: a big one without the work of making it."""
    whole = bytearray(data)
    at = next(i for m in (b"\xff\xc0", b"\xff\xc2") if (i := whole.find(m)) >= 0)
    struct.pack_into(">HH", whole, at + 5, height, width)
    return bytes(whole)


@pytest.mark.parametrize(("size", "shrunk"), [((3000, 2000), 1), ((4000, 3000), 2), ((12_000, 8000), 4)])
def test_a_large_jpeg_is_decoded_smaller(size, shrunk):
    photo = Image.new("RGB", size, (200, 40, 90))
    photo.paste((10, 200, 60), (0, 0, size[0] // 2, size[1]))
    image = read_image(saved(photo, "JPEG", quality=90))
    assert image.size == (size[0] // shrunk, size[1] // shrunk)
    left, right = (image.getpixel((image.width * part // 4, image.height // 2)) for part in (1, 3))
    assert np.abs(np.subtract(left, (10, 200, 60))).max() <= 3
    assert np.abs(np.subtract(right, (200, 40, 90))).max() <= 3


def test_another_large_picture_is_averaged_down():
    image = Image.new("L", (4001, 4000), 10)
    image.paste(30, (0, 0, 3, 4000))
    shown = np.asarray(read_image(saved(image, "PNG", compress_level=1)))
    assert shown.shape == (2000, 2001, 3)
    assert shown[:, :3, 0].tolist() == [[30, 20, 10]] * 2000


def test_beyond_256_megapixels_a_jpeg_too_is_refused():
    assert refusal(large_jpeg(65_000, 4000, FILES["JPEG"])) == (
        "This image has 260 megapixels; the limit is 256, please shrink it."
    )


def test_a_progressive_jpeg_is_refused_by_what_it_would_hold_and_by_its_layers():
    layered = saved(NOISE, "JPEG", progressive=True, subsampling=0)
    assert refusal(large_jpeg(8000, 6000, layered)) == (
        "This image has 144 megapixels; the limit is 110, please shrink it."
    )
    assert refusal(large_jpeg(6000, 6000, layered) + b"\xff\xda" * 10) == (
        "This JPEG is built of too many layers; save it again and retry."
    )


def test_a_heavy_file_of_a_slow_kind_is_refused():
    assert refusal(FILES["JPEG2000"] + bytes(5_000_000)) == (
        "This JPEG2000 file is too heavy to be decoded in good time; save it as a JPEG."
    )


# What is refused, and in which words.


def refusal(source: object) -> str:
    with pytest.raises(UnreadableImage) as refused:
        read_image(source)  # type: ignore[arg-type]
    return str(refused.value)


def test_missing_empty_and_folder_say_so(tmp_path):
    assert refusal(tmp_path / "no.png") == f"There is no image file {tmp_path / 'no.png'}; check its name."
    assert refusal(tmp_path) == f"{tmp_path} is a folder; name an image file in it."
    (tmp_path / "empty.png").touch()
    assert refusal(tmp_path / "empty.png") == "This file is empty; choose another one."
    assert refusal(b"") == refusal(io.BytesIO()) == "This file is empty; choose another one."
    assert "check its name" in refusal("x" * 5000)
    assert "check its name" in refusal("a\0b")
    assert "check its name" in refusal("/dev/zero")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"hello", "This file is not an image Pillow can read; try a JPEG or PNG."),
        (b"%PDF-1.7\n...", "This is a PDF document; export the page as a JPEG or PNG."),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "This is a PostScript drawing; export it as a PNG.",
        ),
        (b'<?xml version="1.0"?>\n<svg width="9"/>', "This is an SVG drawing; export it as a PNG."),
        (b"<!DOCTYPE html><title>", "This is a web page, not an image; save the picture itself and retry."),
        (
            b"\0\0\0\x18ftypisom\0\0\0\0isomavc1",
            "This is a video, not an image; save one frame as a JPEG or PNG.",
        ),
        (b"\xff\x0a\x00", "This is a JPEG XL image, which Pillow cannot read; save it as a JPEG or PNG."),
        (FILES["JPEG"][:30], "This JPEG file is damaged or cut off; save it again and retry."),
    ],
)
def test_what_is_not_a_picture_gets_one_plain_sentence(data, sentence):
    assert refusal(data) == sentence


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "PPM"])
def test_half_a_picture_is_cut_off(kind):
    assert refusal(FILES[kind][: len(FILES[kind]) // 2]) in (
        "This image is cut off; save it again and retry.",
        f"This {kind} file is damaged or cut off; save it again and retry.",  # a TIFF ends with its header
    )


def gif_header(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    return b"GIF89a" + struct.pack("<HH3xB4xHHx", *screen, 0x2C, *frame) + b"\x02\x02\x44\x01\x00\x3b"


def icon_around(png: bytes) -> bytes:
    """An icon of 16 x 16, by its own words, that holds this PNG."""
    icon = saved(Image.new("RGB", (16, 16)), "ICO", sizes=[(16, 16)])
    return icon[: icon.index(b"\x89PNG")] + png


@pytest.mark.parametrize(
    ("data", "megapixels"),
    [
        (png_header(9000, 9000), "81"),
        (png_header(8000, 8001), "65"),
        (png_header(1, 64_000_001), "65"),
        (png_header(10_000, 10_000), "100"),
        (png_header(60_000, 60_000), "3,600"),
        (gif_header((9000, 9000), (1, 1)), "81"),
        (gif_header((1, 1), (9000, 9000)), "81"),  # the frame reaches beyond its screen
        (gif_header((1, 1), (60_000, 60_000)), "more than 64"),  # Pillow's own limit strikes first
        (icon_around(png_header(9000, 9000)), "81"),
        (icon_around(png_header(60_000, 60_000)), "3,600"),
    ],
)
def test_over_64_megapixels_is_refused_from_the_header(data, megapixels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = refusal(data)
    assert said == f"This image has {megapixels} megapixels; the limit is 64, please shrink it."
    assert Image.MAX_IMAGE_PIXELS == 1024**3 // 12  # Pillow's own, untouched


def test_exactly_64_megapixels_is_decoded():
    assert MAX_PIXELS == 8000 * 8000
    assert refusal(png_header(8000, 8000)) == "This image is cut off; save it again and retry."


def test_threads_do_not_meet():
    sources = [FILES["PNG"], png_header(10_000, 10_000), FILES["GIF"][:200]] * 20

    def outcome(data: bytes) -> object:
        try:
            return read_image(data).size
        except UnreadableImage as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outcome, sources)) == [outcome(data) for data in sources[:3]] * 20


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_random_bytes_raise_nothing_else(data):
    with suppress(UnreadableImage):
        assert read_image(data).mode == "RGB"


@pytest.mark.filterwarnings("ignore")  # Pillow warns about broken metadata
@given(
    kind=st.sampled_from(list(FILES)),
    # A byte to change by where it stands: often among the first, for there the header is.
    changes=st.lists(
        st.tuples(st.one_of(st.integers(0, 60), st.integers(0, 2000)), st.integers(0, 255)), max_size=4
    ),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
@settings(max_examples=300, deadline=None)
def test_damaged_files_raise_nothing_else(kind, changes, keep):
    data = bytearray(FILES[kind])
    for at, value in changes:
        data[at % len(data)] = value
    with suppress(UnreadableImage):
        assert read_image(bytes(data[: int(keep * len(data))])).mode == "RGB"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_every_truncation_of_the_header_raises_nothing_else(kind):
    for length in itertools.chain(range(1, 80), range(80, min(len(FILES[kind]), 2000), 97)):
        with suppress(UnreadableImage):
            assert read_image(FILES[kind][:length]).mode == "RGB"
