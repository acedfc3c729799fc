"""Photographs without labels, held against a teacher's answers: which are taken, and what is kept of them."""

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.fashion import Split
from explorer.evaluate import agreement
from explorer.evaluate.keeping import measure_and_keep
from explorer.evaluate.record import load_records
from explorer.grain import Grain
from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.pipeline import see, to_tensor
from explorer.train.photos.photographs import Source
from explorer.train.photos.teacher import Teacher
from tests.train.photos.tiny import TINY, TinyClassifier, picture


@pytest.fixture
def teacher(monkeypatch):
    teacher = Teacher([TinyClassifier()])
    monkeypatch.setattr(agreement, "load_teacher", lambda _: teacher)
    return teacher


@pytest.fixture
def folder(tmp_path):
    """A tiny model for photographs of 56 pixels, evaluated on random pictures."""
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone(**TINY), lgvit_exits(), "tiny").eval()
    halves = Grain("halves", "2 halves", ("low", "high"), (np.arange(1000) >= 500).astype(np.int64))
    labels = tuple(f"class {number}" for number in range(1000))
    spec = InputSpec("photo", (0.5,) * 3, (0.5,) * 3)
    save_model(Model("tiny", "Tiny", network, labels, spec, {}, grains=(halves,)), TINY, tmp_path / "tiny")
    rng = np.random.default_rng(0)
    splits = {
        name: Split(rng.integers(0, 256, (4, 56, 56, 3), dtype=np.uint8), rng.integers(0, 1000, 4))
        for name in ("validation", "test")
    }
    measure_and_keep(load_model_folder(tmp_path / "tiny"), tmp_path / "tiny", splits)
    return tmp_path / "tiny"


@pytest.fixture
def photographs(tmp_path):
    """Eight photographs, the last a smaller copy of the first, and a file that is none; one was trained on."""
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
    for number in range(7):
        picture(number).save(tmp_path / "new" / f"{number}.png")
    picture(0).resize((72, 56)).save(tmp_path / "new" / "7.png")
    (tmp_path / "new" / "8.png").write_bytes(b"no picture")
    sideways = Image.Exif()
    sideways[0x0112] = 6  # to be shown a quarter turn clockwise
    copy = picture(3).resize((180, 140)).transpose(Image.Transpose.ROTATE_90)
    copy.save(tmp_path / "old" / "trained on.jpg", quality=80, exif=sideways)
    return tmp_path


def test_agreement_is_kept_as_a_split_of_its_own_without_copies(folder, photographs, teacher):
    before = load_records(folder / "evaluation.npz")
    record = agreement.run(str(folder), [Source(photographs / "new")], [], [photographs / "old"], 100)
    taken = [0, 1, 2, 4, 5, 6]  # 3 was trained on, 7 is 0 again, 8 is no picture
    model = load_model_folder(folder)
    seen = [np.asarray(see(model, Image.open(photographs / "new" / f"{n}.png")).image) for n in taken]
    views = torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).float() / 255
    answers = teacher(views).argmax(dim=1).numpy()
    trace = model.network.analyse(torch.cat([to_tensor(model, image) for image in seen]))
    np.testing.assert_array_equal(record.labels, answers)
    np.testing.assert_array_equal(record.predicted, trace.predicted)
    np.testing.assert_array_equal(record.at("halves").labels, answers >= 500)
    after = load_records(folder / "evaluation.npz")
    assert list(after) == ["validation", "test", "unlabelled"]
    for split in before:
        np.testing.assert_array_equal(after[split].predicted, before[split].predicted)
        np.testing.assert_array_equal(after[split].scores["confidence"], before[split].scores["confidence"])


def test_each_source_gives_its_share(folder, photographs):
    model = load_model_folder(folder)
    sources = [Source(photographs / "new", 0.5), Source(photographs / "old", 4.5)]  # 4.5 of 9, and 4.5 of 1
    chosen = list(agreement._chosen(model, sources, 4))  # two, and all there is
    assert len(chosen) == 2  # the last of "new" cannot be read
    first = np.asarray(see(model, Image.open(photographs / "new" / "0.png")).image)
    np.testing.assert_array_equal(chosen[0], first)


@pytest.mark.usefixtures("teacher")
def test_the_command_prints_every_grain_and_refuses_in_words(folder, photographs):
    def said(*more):
        asked = [
            "agreement",
            "--model",
            str(folder),
            "--teacher",
            "x",
            "--data",
            str(photographs / "new"),
            *more,
        ]
        return CliRunner().invoke(app, asked)

    found = said("--count", "5")
    assert found.exit_code == 0, found.output
    assert "Agreement with the teacher on 4 photographs" in " ".join(found.output.split())
    assert "classes" in found.output
    assert "halves" in found.output
    copies = said("--trained-on", str(photographs / "new"))
    assert copies.exit_code == 2
    assert "every photograph nearly equals one that was trained on" in " ".join(copies.output.split())
    (folder / "evaluation.npz").unlink()
    assert "was never evaluated; run evaluate --save first." in " ".join(said().output.split())
