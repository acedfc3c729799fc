"""Which photographs are learned from, and what a view of one is."""

from dataclasses import replace
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.train.photos.photographs import (
    SIDE,
    Photographs,
    Source,
    load_photographs,
    parse_source,
)
from explorer.train.photos.views import SIZE, Augmentation, drawn, mix, views
from tests.train.photos.tiny import picture

CPU = torch.device("cpu")
PLAIN = Augmentation(smallest=0.999, recoloured=0, grey=0, cut_mixed=0)


def test_a_folder_is_searched_to_its_bottom_and_what_is_no_picture_left_out(folder, tmp_path):
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    found = load_photographs([Source(folder)], tmp_path)
    (folder / "broken.jpg").unlink()
    assert len(found) == 6
    np.testing.assert_allclose(found.aspects, [*[90 / 70] * 5, 2.0], rtol=1e-6)
    with Image.open(folder / "0.png") as image:
        squeezed = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
    np.testing.assert_array_equal(found.pixels(np.array([0]))[0].transpose(1, 2, 0), np.asarray(squeezed))


def test_a_photograph_taken_sideways_is_learned_upright(tmp_path):
    (tmp_path / "sideways").mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    upright = picture(1, size=(60, 90))
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways" / "a.png", exif=turned)
    found = load_photographs([Source(tmp_path / "sideways")], tmp_path / "decoded")
    assert found.aspects == pytest.approx([60 / 90])
    squeezed = upright.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
    np.testing.assert_array_equal(found.pixels(np.array([0]))[0].transpose(1, 2, 0), np.asarray(squeezed))


def test_an_archive_holds_what_its_folder_does_and_is_decoded_once(folder, photographs, tmp_path):
    archive = tmp_path / "pack.zip"
    with ZipFile(archive, "w") as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(path, path.relative_to(folder).as_posix())
    first = load_photographs([Source(archive)], tmp_path / "decoded")
    every = np.arange(6)
    np.testing.assert_array_equal(first.pixels(every), photographs.pixels(every))
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "decoded").rglob("*.bin")}
    again = load_photographs([Source(archive)], tmp_path / "decoded")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "decoded").rglob("*.bin")} == stamps
    np.testing.assert_array_equal(again.pixels(every[::-1]), first.pixels(every)[::-1])


def test_sources_are_weighed_and_drawn_by_their_weights(folder, tmp_path):
    both = load_photographs([Source(folder / "below", 3.0), Source(folder)], tmp_path)
    assert len(both) == 7
    np.testing.assert_allclose(both.weights, [3 / 9, *[1 / 9] * 6])
    shares = np.bincount(np.concatenate([drawn(both, 64, 0, step) for step in range(50)]), minlength=7) / 3200
    np.testing.assert_allclose(shares, both.weights, atol=0.03)
    assert both.pixels(np.array([6, 0]))[1].tolist() == both.pixels(np.array([0]))[0].tolist()


@pytest.mark.parametrize(
    ("text", "path", "weight"), [("a/b", "a/b", 1.0), ("a/b=2.5", "a/b", 2.5), ("a=b=4", "a=b", 4.0)]
)
def test_a_source_may_name_its_weight(text, path, weight):
    assert (str(parse_source(text).path), parse_source(text).weight) == (path, weight)


@pytest.mark.parametrize("text", ["a=", "a=x", "a=0", "a=-1", "a=nan", "a=inf"])
def test_a_weight_that_is_none_is_refused_in_words(text):
    with pytest.raises(ValueError, match="the weight must be a number above 0"):
        parse_source(text)


def test_a_missing_or_empty_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere"):
        load_photographs([Source(tmp_path / "nowhere")], tmp_path / "decoded")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no photograph"):
        load_photographs([Source(tmp_path / "empty")], tmp_path / "decoded")


def half_red(aspect=1.0):
    """One photograph, its left half red and its right half blue, and how it is kept."""
    pixels = np.zeros((1, 3, SIDE, SIDE), np.uint8)
    pixels[0, 0, :, : SIDE // 2] = pixels[0, 2, :, SIDE // 2 :] = 200
    return Photographs((pixels,), np.array([aspect], np.float32), np.ones(1))


def test_a_view_of_nearly_all_of_a_square_is_that_square_or_its_mirror_image():
    photographs = half_red()
    seen = [views(photographs, np.array([0]), PLAIN, 0, step, CPU)[0] for step in range(20)]
    red_left = [float(view[0, :, : SIZE // 4].mean()) > 0.7 for view in seen]
    assert 4 <= sum(red_left) <= 16
    for view, left in zip(seen, red_left, strict=True):
        red, blue = (view[0], view[2]) if left else (view[0].flip(-1), view[2].flip(-1))
        assert float(red[:, : SIZE // 4].mean()) == pytest.approx(200 / 255, abs=1e-4)
        assert float(blue[:, -SIZE // 4 :].mean()) == pytest.approx(200 / 255, abs=1e-4)
        assert float(view[1].abs().max()) == 0


def test_a_crops_true_aspect_lies_between_three_quarters_and_four_thirds():
    """Of a photograph kept squeezed, a crop of the same true shape is a narrower share of a wider picture."""
    ramp = np.broadcast_to(np.arange(SIDE, dtype=np.uint8), (3, SIDE, SIDE)).copy()
    ramp[1] = ramp[1].T  # red rises to the right, green downwards
    wide = Photographs((ramp[None],), np.array([2.0], np.float32), np.ones(1))
    how = replace(PLAIN, smallest=0.05)
    for step in range(40):
        view = views(wide, np.array([0]), how, 3, step, CPU)[0] * 255 / SIDE
        width, height = (float(c.max() - c.min()) for c in (view[0], view[1]))
        if width < 0.9 and height < 0.9:  # not held back by the photograph's own edge
            assert 0.7 < 2 * width / height < 1.43


@pytest.mark.parametrize("aspect", [2.0, 0.5])
def test_the_middle_square_of_a_photograph_is_what_the_network_will_see_of_it(aspect):
    """Of one twice as wide as high, kept squeezed, the middle half from left to right, and all from top to bottom."""
    ramp = np.broadcast_to(np.arange(SIDE, dtype=np.uint8), (3, SIDE, SIDE)).copy()
    ramp[1] = ramp[1].T
    photograph = Photographs((ramp[None],), np.array([aspect], np.float32), np.ones(1))
    mirrored = 0
    for step in range(20):
        view = views(photograph, np.array([0]), replace(PLAIN, middle=1.0), 0, step, CPU)[0] * 255 / SIDE
        long, short = (view[0], view[1]) if aspect > 1 else (view[1], view[0])
        assert (float(long.min()), float(long.max())) == pytest.approx((0.25, 0.75), abs=0.01)
        assert (float(short.min()), float(short.max())) == pytest.approx((0, 1), abs=0.01)
        mirrored += bool(view[0, 0, 0] > view[0, 0, -1])
    assert 4 <= mirrored <= 16
    some = replace(PLAIN, middle=0.5, smallest=0.05)
    shares = [
        float((v := views(photograph, np.array([0]), some, 0, step, CPU)[0])[1].max() - v[1].min())
        for step in range(40)
    ]
    whole = 1.0 if aspect > 1 else 0.5
    assert 10 <= sum(abs(share * 255 / SIDE - whole) < 0.01 for share in shares) <= 30


def test_a_view_is_decided_by_seed_and_step_alone(photographs):
    chosen = drawn(photographs, 4, 5, 7)
    first = views(photographs, chosen, Augmentation(), 5, 7, CPU)
    torch.manual_seed(99)
    assert torch.equal(first, views(photographs, drawn(photographs, 4, 5, 7), Augmentation(), 5, 7, CPU))
    assert not torch.equal(first, views(photographs, chosen, Augmentation(), 5, 8, CPU))
    assert first.shape == (4, 3, SIZE, SIZE)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_mixing_takes_a_rectangle_of_the_next_view():
    images = torch.stack([torch.zeros(3, 40, 40), torch.ones(3, 40, 40)])
    cut = mix(images, Augmentation(cut_mixed=1.0), np.random.default_rng(0))
    ones = cut[0, 0].bool()
    rows, columns = ones.any(dim=1).sum(), ones.any(dim=0).sum()
    assert int(ones.sum()) == int(rows * columns)
    assert torch.equal(cut[1], 1 - cut[0])
    assert mix(images, Augmentation(cut_mixed=0.0), np.random.default_rng(0)) is images
