"""Corruptions: untouched at 0, repeatable, harder at every step, and for pictures of any size alike."""

import itertools

import numpy as np
import pytest
from PIL import Image

from explorer.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt

NAMES = list(CORRUPTIONS)


def scene(size: int, mode: str) -> Image.Image:
    """Light shapes on a dark ground, with fine stripes: something for every corruption to spoil."""
    y, x = np.mgrid[:size, :size] / size
    disc = 200.0 * ((x - 0.45) ** 2 + (y - 0.6) ** 2 < 0.09)
    stripes = 40 * (np.floor(x * 14) % 2)
    grey = np.clip(disc + stripes + 15 * y, 0, 255).astype(np.uint8)
    if mode == "L":
        return Image.fromarray(grey)
    return Image.fromarray(np.stack([grey, 255 - grey, grey // 2], axis=2))


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float64)


def likeness(a: Image.Image, b: Image.Image) -> float:
    """Correlation of two pictures, 0 where one is plain."""
    u, v = (array(i).ravel() - array(i).mean() for i in (a, b))
    size = np.linalg.norm(u) * np.linalg.norm(v)
    return float(u @ v / size) if size else 0.0


def test_the_eight_of_the_page_are_there_in_its_order():
    assert NAMES == ["blur", "noise", "dark", "contrast", "jpeg", "rotation", "occlusion", "pixelate"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("size", "mode"), [(28, "L"), (224, "RGB")])
def test_severity_0_is_the_picture_itself_and_the_rest_keep_size_and_mode(name, size, mode):
    picture = scene(size, mode)
    before = picture.tobytes()
    for severity in SEVERITIES:
        result = corrupt(picture, name, severity, seed=5)
        assert (result.size, result.mode) == (picture.size, picture.mode)
        assert (result.tobytes() == before) == (severity == 0)
        assert result is not picture
    assert picture.tobytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_picture(name):
    picture = scene(56, "RGB")
    assert corrupt(picture, name, 6, 3).tobytes() == corrupt(picture, name, 6, 3).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_only_noise_and_occlusion_depend_on_the_seed(name):
    picture = scene(56, "L")
    differs = corrupt(picture, name, 4, 1).tobytes() != corrupt(picture, name, 4, 2).tobytes()
    assert differs == (name in ("noise", "occlusion"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("size", "mode"), [(28, "L"), (224, "RGB")])
def test_each_step_leads_further_away_and_the_first_is_small(name, size, mode):
    picture = scene(size, mode)
    away = [np.abs(array(corrupt(picture, name, s)) - array(picture)).mean() for s in SEVERITIES]
    # Squares, blocks and corners fall now and then luckily: a step may lead back by a hair.
    slack = 0.05 * max(away)
    assert all(later >= before - slack for before, later in itertools.pairwise(away)), away
    assert away[10] >= 0.9 * max(away)
    assert away[1] <= (0.5 if name == "rotation" else 0.35) * max(away)  # fine stripes feel the first degrees


@pytest.mark.parametrize("name", ["blur", "noise", "occlusion", "pixelate"])
def test_small_and_large_pictures_go_the_same_way(name):
    small = [likeness(corrupt(scene(28, "L"), name, s), scene(28, "L")) for s in SEVERITIES]
    large = [likeness(corrupt(scene(224, "L"), name, s), scene(224, "L")) for s in SEVERITIES]
    np.testing.assert_allclose(small, large, atol=0.17)
    assert max(small[10], large[10]) < 0.87


def test_dark_keeps_three_percent_of_the_light():
    white = Image.new("L", (8, 8), 255)
    levels = [corrupt(white, "dark", s).getpixel((0, 0)) for s in SEVERITIES]
    assert levels == [255, 229, 187, 144, 106, 75, 51, 33, 21, 13, 8]


def test_contrast_keeps_the_mean_of_every_channel():
    picture = scene(40, "RGB")
    means = array(picture).mean(axis=(0, 1))
    result = array(corrupt(picture, "contrast", 10))
    np.testing.assert_allclose(result.mean(axis=(0, 1)), means, atol=0.5)
    assert result.std(axis=(0, 1)).max() < 0.04 * array(picture).std(axis=(0, 1)).max()


def test_noise_has_the_strength_it_says():
    grey = Image.new("L", (300, 300), 128)
    spread = array(corrupt(grey, "noise", 2)).std()
    assert spread == pytest.approx(255 * 0.2**1.5, rel=0.02)


def test_occlusion_covers_nine_percent_a_step():
    black = Image.new("L", (200, 200))
    for seed in range(5):
        shares = [(array(corrupt(black, "occlusion", s, seed)) == 128).mean() for s in SEVERITIES]
        np.testing.assert_allclose(shares, [0.09 * s for s in SEVERITIES], atol=0.006)


def test_rotation_ends_on_its_side_and_fills_with_the_border():
    picture = scene(64, "L").point(lambda v: 255 - v)
    assert corrupt(picture, "rotation", 10).tobytes() == picture.rotate(90).tobytes()
    corner = corrupt(Image.new("RGB", (30, 30), (9, 80, 200)), "rotation", 5).getpixel((0, 0))
    assert corner == (9, 80, 200)


def test_pixelate_ends_with_three_squares():
    rows = np.unique(array(corrupt(scene(224, "L"), "pixelate", 10)), axis=0)
    assert len(rows) <= 3


def test_a_picture_that_is_not_square_or_tiny_survives_all():
    for size in [(1, 1), (2, 9), (300, 20)]:
        for name in NAMES:
            assert corrupt(Image.new("RGB", size, "red"), name, 10).size == size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fog", 3), "there is no corruption 'fog'; choose one of blur, noise"),
        (("blur", 11), "expected a whole severity from 0 to 10; got 11."),
        (("blur", -1), "got -1"),
        (("blur", 2.5), "got 2.5"),
    ],
)
def test_what_is_not_there_is_said(arguments, said):
    with pytest.raises(ValueError, match=said):
        corrupt(scene(28, "L"), *arguments)


def test_a_mode_it_does_not_know_is_said():
    with pytest.raises(ValueError, match="mode L or RGB; got RGBA"):
        corrupt(Image.new("RGBA", (4, 4)), "blur", 1)
