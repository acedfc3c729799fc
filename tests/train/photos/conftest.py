"""What every test of photo training begins with."""

import pytest
import torch

from explorer.model.backbone import build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.photographs import Source, load_photographs
from explorer.train.photos.teacher import Teacher
from tests.train.photos.tiny import TINY, TinyClassifier, picture


@pytest.fixture(scope="module")
def teacher():
    return Teacher([TinyClassifier()])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six photographs, one of them wide, and a text file among them."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "below").mkdir()
    for number in range(5):
        picture(number).save(folder / f"{number}.png")
    picture(5, size=(120, 60)).save(folder / "below" / "wide.JPG")
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def photographs(folder, tmp_path_factory):
    return load_photographs([Source(folder)], tmp_path_factory.mktemp("decoded"))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MultiExitViT(build_backbone(**TINY), lgvit_exits(), "photos")
