"""What every test of photo training begins with."""

import pytest
import torch

from explorer.model.backbone import build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.teacher import Teacher
from tests.train.photos.tiny import TINY, TinyClassifier, picture


@pytest.fixture(scope="module")
def teacher():
    return Teacher(TinyClassifier(), torch.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of every kind, from packages trained on, held out and left out."""
    folder = tmp_path_factory.mktemp("pictures")
    rows = [
        *((f"scenes/{i}.png", "wallpapers", "RGB") for i in range(3)),
        ("scenes/apart.png", "kphotoalbum", "RGB"),
        ("mixed/figure.png", "python-skimage-doc", "RGB"),
        *((f"objects/{i:02}.png", "stamps", "RGBA") for i in range(8)),
    ]
    for number, (file, _, mode) in enumerate(rows):
        (folder / file).parent.mkdir(exist_ok=True)
        picture(number, mode).save(folder / file)
    lines = ["file\tdebian_package\tpath_in_package", *(f"{file}\t{package}\tx" for file, package, _ in rows)]
    (folder / "SOURCES.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def pictures(folder):
    return load_pictures([folder])


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MultiExitViT(build_backbone(**TINY), lgvit_exits(), "photos")
