"""Pictures that a teacher dreams, with a tiny teacher that has batch norms as the real one has."""

import csv

import pytest
import torch
from PIL import Image
from torch import nn

from explorer.train.photos.crops import Crops
from explorer.train.photos.dreams import SIZE, Unusual, amplitudes, assigned, dream, write
from explorer.train.photos.pictures import load_pictures


@pytest.fixture
def seeing():
    """Names the one of four classes whose random patterns it sees most of."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 16, 8, stride=8), nn.BatchNorm2d(16), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4),
    )  # fmt: skip
    nn.init.normal_(network[-1].weight, std=2)
    network.num_classes = 4
    return network.eval().requires_grad_(False)


@pytest.fixture
def crops(pictures):
    return Crops(pictures, 4, seed=9)


def stacked(crops):
    return torch.stack([crops[i] for i in range(len(crops))])


def logits_of(network, images):
    small = nn.functional.interpolate(images / 127.5 - 1, (SIZE, SIZE), mode="bicubic", antialias=True)
    return network(small)


def test_a_dream_is_a_picture_in_which_the_teacher_sees_the_class_it_was_to_see(seeing, crops):
    classes = torch.tensor([3, 2, 1, 0])
    before = logits_of(seeing, stacked(crops)).softmax(dim=-1)[torch.arange(4), classes]
    dreams = dream(seeing, stacked(crops), classes, (9, 0), steps=60)
    assert dreams.shape == (4, 3, SIZE, SIZE)
    assert dreams.dtype == torch.uint8
    after = logits_of(seeing, dreams).softmax(dim=-1)[torch.arange(4), classes]
    assert (after - before).min() > 0.15


def test_what_it_began_from_shows_through(seeing, crops):
    begun = nn.functional.interpolate(stacked(crops).float(), (SIZE, SIZE), mode="bicubic", antialias=True)
    untouched = dream(seeing, stacked(crops), torch.arange(4), (9, 0), steps=0)
    # Paler by a tenth, so that the brightest places can still change.
    expected = (begun - 127.5) * 0.9 + 127.5
    assert (untouched - expected.clamp(12.75, 242.25)).abs().max() <= 1
    dreams = dream(seeing, stacked(crops), torch.arange(4), (9, 0)).float()
    alike = torch.corrcoef(torch.cat([dreams.flatten(1), begun.flatten(1)]))[:4, 4:]
    assert alike.argmax(dim=1).tolist() == [0, 1, 2, 3]


def test_the_same_seed_dreams_the_same_again_and_leaves_no_hook_behind(seeing, crops):
    once, again, otherwise = (
        dream(seeing, stacked(crops), torch.arange(4), seed, steps=3) for seed in ((9, 0), (9, 0), (9, 32))
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, otherwise)
    assert not seeing[1]._forward_pre_hooks


def test_what_is_unusual_is_measured_in_the_spread_that_is_usual():
    norm = nn.BatchNorm2d(2, eps=0.0).eval()
    norm.running_mean.copy_(torch.tensor([1.0, 0.0]))
    norm.running_var.copy_(torch.tensor([4.0, 1.0]))
    with Unusual(norm) as unusual:
        seen = torch.tensor([[[[3.0, 7.0]], [[-1.0, 1.0]]]])  # (1, 2, 1, 2)
        norm(seen)  # channel means 5 and 0, spreads 2 and 1
        assert unusual.take() == pytest.approx(((5 - 1) ** 2 / 4 + 0) / 2)
        norm(seen * 0)  # means 0, spreads 0
        assert unusual.take() == pytest.approx(((1 + 4) / 4 + 1) / 2)


def test_slow_waves_are_the_strongest_and_all_together_as_strong_as_without():
    scale = amplitudes(16)
    assert scale.shape == (16, 9)
    assert scale.square().mean() == pytest.approx(1)
    assert scale[0, 1] / scale[0, 2] == pytest.approx(2**1.25)
    assert scale[0, 0] == scale[0, 1] == scale[1, 0]


def test_every_crop_gets_a_class_of_its_own_that_it_resembles():
    logits = torch.tensor([[5.0, 4.0, 0.0], [6.0, 1.0, 2.0], [3.0, 2.0, 1.0]])
    assert assigned(logits).tolist() == [1, 0, 2]


def test_no_class_is_dreamt_oftener_than_its_share():
    assert assigned(torch.tensor([[5.0, 0.0], [4.0, 0.0], [6.0, 3.0], [9.0, 1.0]])).tolist() == [1, 1, 0, 0]


def test_a_folder_of_dreams_is_one_to_train_on_and_goes_on_where_it_was_cut_off(seeing, crops, tmp_path):
    write(seeing, crops, tmp_path, batch=2)
    with (tmp_path / "SOURCES.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert sorted(row["path_in_package"] for row in rows) == ["0", "1", "2", "3"]
    kinds = load_pictures([tmp_path]).kinds
    assert {kind: [image.size for image in images] for kind, images in kinds.items()} == {
        "mixed": [(SIZE, SIZE)] * 4
    }
    kept, lost = tmp_path / rows[0]["file"], tmp_path / rows[2]["file"]
    dreamt = lost.read_bytes()
    Image.new("RGB", (9, 9)).save(kept)
    lost.unlink()
    write(seeing, crops, tmp_path, batch=2)
    assert Image.open(kept).size == (9, 9)
    assert lost.read_bytes() == dreamt
