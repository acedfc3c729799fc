"""Reading a picture: depths, colour profiles and transparency, as 8-bit sRGB on white."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from explorer.data.reading import read_image
from tests.data.picture_files import NOISE, greys, icns, pixels, saved


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
