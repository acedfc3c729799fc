"""Uploads that meet Fashion-MNIST halfway: its own images stay, photos of them come back, nothing fails.

garments.npz holds the first two test images of each class of Fashion-MNIST (MIT, see its entry `licence`).
"""

from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from explorer.data.garment import see_garment

GARMENTS: NDArray[np.uint8] = np.load(Path(__file__).parent / "garments.npz")["images"]  # (20, 28, 28)
CROPPED = "Turned to grey, cropped to the object and resized to 28 x 28."
INVERTED = "Turned to grey, inverted, cropped to the object and resized to 28 x 28."
EMPTY = "Nothing stands out from the background, so the network saw an empty picture."
SQUARE = "No plain background was found, so the central square was"


def seen(image: Image.Image) -> NDArray[np.uint8]:
    sight = see_garment(image)
    assert (sight.image.mode, sight.image.size) == ("L", (28, 28))
    return np.asarray(sight.image)


def ink(garment: NDArray[np.uint8], zoom: int = 7) -> NDArray[np.float64]:
    """A garment enlarged and put off centre on a canvas of 48 x 38 of its own pixels, 0 (nothing) .. 1."""
    canvas = Image.new("L", (48 * zoom, 38 * zoom))
    size = 28 * zoom, 28 * zoom
    canvas.paste(Image.fromarray(garment).resize(size, Image.Resampling.BICUBIC), (13 * zoom, 4 * zoom))
    return np.asarray(canvas) / 255


def photo(lightness: NDArray[np.floating], noise: float = 0) -> Image.Image:
    """RGB from lightness 0..1, with noise of this standard deviation."""
    grain = np.random.default_rng(0).normal(0, noise, lightness.shape) if noise else 0
    return Image.fromarray(np.rint(np.clip(lightness + grain, 0, 1) * 255).astype(np.uint8)).convert("RGB")


def lamp(h: int, w: int) -> NDArray[np.float64]:
    """Light that falls off to one side and into the corners, (h, w) in 0.6..1."""
    v, u = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    return 0.9 + 0.1 * u - 0.1 * (u * u + v * v)


PHOTOS = {
    "white": lambda ink: photo(1 - ink),
    "black": lambda ink: photo(ink),
    "grey, grainy": lambda ink: photo(0.7 * (1 - ink), noise=0.02),
    "uneven light": lambda ink: photo(lamp(*ink.shape) * (1 - ink), noise=0.01),
    "dark room": lambda ink: photo(0.4 * lamp(*ink.shape) * (1 - ink), noise=0.005),
}


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_fashion_mnist_image_passes_unchanged(mode):
    for garment in GARMENTS:
        assert np.array_equal(seen(Image.fromarray(garment).convert(mode)), garment)
    assert see_garment(Image.fromarray(GARMENTS[0])).note == (
        "Already a grey 28 x 28 picture on black, so it was left as it is."
    )


def test_its_negative_is_only_inverted():
    for garment in GARMENTS:
        assert np.array_equal(seen(Image.fromarray(255 - garment)), garment)
    assert see_garment(Image.fromarray(255 - GARMENTS[0])).note == (
        "Already a grey 28 x 28 picture, so it was only inverted."
    )


def test_what_the_network_saw_passes_unchanged_again():
    once = see_garment(PHOTOS["white"](ink(GARMENTS[0]))).image
    assert np.array_equal(seen(once), np.asarray(once))


@pytest.mark.parametrize("scene", PHOTOS)
def test_a_photo_of_a_garment_comes_back_as_the_original(scene):
    back = np.stack([seen(PHOTOS[scene](ink(garment))) for garment in GARMENTS]).astype(int)
    errors = np.abs(back - GARMENTS).mean(axis=(1, 2))  # of 255
    likeness = [np.corrcoef(b.ravel(), g.ravel())[0, 1] for b, g in zip(back, GARMENTS, strict=True)]
    assert errors.mean() < 10  # a crop that is one pixel off costs as much
    assert errors.max() < 30
    assert np.sort(likeness)[2] > 0.9  # two garments lose a sleeve or sole as pale as a shadow


@pytest.mark.parametrize(
    ("scene", "note"), [("white", INVERTED), ("dark room", INVERTED), ("black", CROPPED)]
)
def test_the_note_says_what_was_done(scene, note):
    assert all(see_garment(PHOTOS[scene](ink(garment))).note == note for garment in GARMENTS[:5])


def box_on(background: int, colour: int = 0, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A picture with one box of 40 x 80 in it."""
    image = Image.new("L", size, background)
    image.paste(colour, (50, 60, 90, 140))
    return image


def test_the_object_fills_the_longest_edge_and_sits_in_the_centre():
    values = seen(box_on(255, colour=55))  # 40 x 80 becomes 14 x 28
    expected = np.zeros((28, 28), int)
    expected[:, 7:21] = 200
    assert np.array_equal(values, expected)


def test_lightness_is_measured_against_the_background():
    assert seen(box_on(200, colour=80))[14, 14] == 153  # 60 % darker than what is behind it
    assert seen(box_on(55, colour=175))[14, 14] == 153  # 60 % of the way from what is behind it to white


def test_an_object_lighter_than_its_background_stays_light():
    assert see_garment(box_on(60, colour=250)).note == CROPPED
    assert see_garment(box_on(180, colour=20)).note == INVERTED


def test_white_parts_of_a_dark_object_on_a_table_stay_faint():
    image = box_on(150, colour=20)
    image.paste(230, (50, 120, 90, 140))  # the white sole is lighter than the table
    values = seen(image)
    assert values[10, 14] > 200
    assert values[26, 14] < 20
    assert values[14, 2] == 0


def test_a_colour_as_light_as_its_background_is_still_found():
    image = Image.new("RGB", (120, 120), (200, 100, 100))
    image.paste((100, 151, 100), (40, 40, 80, 60))  # the same grey, 130
    assert see_garment(image).note in (CROPPED, INVERTED)


def test_dust_does_not_widen_the_crop():
    clean = box_on(240, colour=20)
    dusty = clean.copy()
    for x, y in np.random.default_rng(1).integers(0, 190, (40, 2)):
        if not (44 < x < 94 and 54 < y < 144):
            dusty.paste(30, (int(x), int(y), int(x) + 3, int(y) + 3))
    assert np.array_equal(seen(dusty), seen(clean))


def test_a_faint_shadow_is_not_part_of_the_object():
    shadow = box_on(0, colour=30).filter(ImageFilter.GaussianBlur(6))  # at most 30 of 255
    shaded = Image.fromarray(245 - np.roll(np.asarray(shadow), (12, 12), (0, 1)))
    shaded.paste(10, (50, 60, 90, 140))
    values = seen(shaded)
    assert (values[:, 7:21] > 230).all()
    assert (values[:, :6] == 0).all()
    assert (values[:, 22:] == 0).all()


def test_a_pair_is_kept_together():
    image = box_on(250)
    image.paste(0, (110, 60, 150, 140))
    values = seen(image)  # 100 x 80 becomes 28 x 22: two bars and the gap between them
    assert (values[14] > 128).tolist() == [True] * 11 + [False] * 6 + [True] * 11


def test_holes_show_the_background():
    image = box_on(250)
    image.paste(250, (60, 80, 80, 120))
    assert seen(image)[14, 14] == 0


def test_an_object_that_reaches_the_border_is_found():
    image = Image.new("L", (200, 200), 240)
    image.paste(30, (60, 0, 140, 200))
    values = seen(image)
    assert (values[:, 9:19] > 200).all()
    assert (values[:, :8] == 0).all()


@pytest.mark.parametrize("lightness", [0, 90, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (300, 200)])
def test_a_flat_picture_is_empty(lightness, size):
    sight = see_garment(Image.new("RGB", size, (lightness,) * 3))
    assert sight.image.getextrema() == (0, 0)
    if size != (28, 28):
        assert sight.note == EMPTY


def test_grain_and_a_slope_of_light_are_empty():
    assert see_garment(photo(0.8 * lamp(300, 400), noise=0.03)).note == EMPTY


def test_a_scene_falls_back_to_its_central_square():
    noise = np.random.default_rng(3).integers(0, 256, (25, 50), dtype=np.uint8)
    scene = Image.fromarray(noise).resize((400, 200), Image.Resampling.NEAREST)
    sight = see_garment(scene)
    square = scene.crop((100, 0, 300, 200)).resize((28, 28), Image.Resampling.LANCZOS)
    assert sight.note.startswith(SQUARE)
    expected = 255 - np.asarray(square) if "inverted" in sight.note else np.asarray(square)
    assert np.array_equal(np.asarray(sight.image), expected)


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (2, 3), (27, 28), (28, 29), (257, 1)])
def test_every_shape_gives_28_by_28(size):
    h, w = size[1], size[0]
    for kind in (np.zeros((h, w)), np.tile([0, 1], (h, w))[:, :w], np.linspace(0, 1, h * w).reshape(h, w)):
        assert seen(photo(kind)).shape == (28, 28)
    dot = np.ones((h, w))
    dot[h // 2, w // 2] = 0
    assert seen(photo(dot)).shape == (28, 28)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([2, 8, 60, 256]))
@settings(max_examples=60, deadline=None)
def test_no_picture_is_an_error(w, h, seed, colours):
    values = np.random.default_rng(seed).integers(0, colours, (h, w, 3), dtype=np.uint8)
    assert seen(Image.fromarray(values)).shape == (28, 28)


def test_a_sight_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        see_garment(box_on(250)).note = "x"  # type: ignore[misc]
