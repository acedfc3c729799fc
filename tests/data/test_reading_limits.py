"""Reading a picture: what is too large, cut off, damaged or no picture ends in a smaller one or one sentence."""

import io
import itertools
import struct
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.data.reading import MAX_PIXELS, UnreadableImage, read_image
from tests.data.picture_files import FILES, NOISE, png_header, refusal, saved


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
