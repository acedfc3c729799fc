"""Reading a picture: whatever it comes as, upright, its first frame, and HEIC."""

import io

import numpy as np
import pytest
from PIL import Image

from explorer.data.reading import read_image
from tests.data.picture_files import FILES, NOISE, greys, pixels, refusal, saved


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
