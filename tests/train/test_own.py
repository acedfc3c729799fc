"""Training on a folder of your own pictures: classes are its subfolders, and it ends in an evaluated model folder."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.folders import list_folder, load_split
from explorer.evaluate.record import load_records
from explorer.model.backbone import build_backbone
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import list_models
from explorer.model.exits import shared_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import rules_with
from explorer.train.start import solve_readouts

# Every recipe that teaches blocks uses Muon.
needs_muon = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")

COLOURS = {"blue": (20, 40, 200), "green & <grey>": (30, 180, 40), "red": (200, 10, 10)}


def picture(colour, rng) -> Image.Image:
    return Image.fromarray(
        np.clip(np.array(colour) + rng.normal(0, 40, (20, 26, 3)), 0, 255).astype(np.uint8)
    )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("colours") / "colours", np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for i in range(20):
            picture(colour, rng).save(folder / name / f"{name[:3]}{i}.png")
    (folder / "red" / "broken.png").write_bytes(b"no picture")
    return folder


def train(*options):
    return CliRunner().invoke(app, ["train", *map(str, options)])


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("checkpoints") / "mine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.set_num_threads", lambda _: None)
        done = train(
            "--data", pictures, "--backbone", "test_vit", "--scratch", "--size", 32, "--recipe", "sdn",
            "--passes", 2, "--batch", 8, "--out", out,
        )  # fmt: skip
    assert done.exit_code == 0, done.output
    return out, done


@needs_muon
def test_the_folder_is_an_evaluated_model_that_the_page_lists(trained):
    out, done = trained
    model = load_model_folder(out)
    assert model.labels == ("blue", "green & <grey>", "red")
    assert model.network.backbone.input_size == (32, 32)
    assert [(e.block, e.kind) for e in model.network.exits][-1] == (6, "final")
    assert {e.kind for e in model.network.exits[:-1]} == {"linear"}
    records = load_records(out / "evaluation.npz")
    assert set(model.thresholds) == set(records["validation"].scores) == set(rules_with(["performance"]))
    conformal = json.loads((out / "conformal.json").read_text())
    assert conformal["images"] == {name: len(record.labels) for name, record in records.items()}
    assert len(conformal["grains"]["classes"]["0.9"]["limits"]) == len(model.network.exits)
    assert records["test"].accuracy[-1] > 0.8  # colours: the solved read-outs alone tell them apart
    assert (out / "README.md").read_text().count("test_vit") == 1
    assert "broken.png: left out." in done.output
    assert [entry.name for entry in list_models(out / "none", out.parent)] == ["mine"]
    assert json.loads((out / "training.json").read_text())["curves"][-1]["pass"] == "2"


@needs_muon
def test_a_finished_run_is_not_trained_again_and_other_settings_are_refused(trained, pictures):
    out, _ = trained
    common = ["--data", pictures, "--backbone", "test_vit", "--scratch", "--size", 32, "--recipe", "sdn"]
    again = train(*common, "--passes", 2, "--batch", 8, "--out", out)
    assert again.exit_code == 0, again.output
    assert len(json.loads((out / "training.json").read_text())["curves"]) == 2
    other = train(*common, "--passes", 3, "--batch", 8, "--out", out)
    assert (other.exit_code, "holds a run with other settings" in other.stderr) == (2, True)


@needs_muon
def test_from_a_model_folder_the_backbone_stays_still_where_it_is_asked_to(trained, pictures, tmp_path):
    out, _ = trained
    done = train(
        "--data", pictures, "--backbone", out, "--recipe", "lgvit", "--frozen",
        "--passes", 2, "--batch", 8, "--out", tmp_path / "lgvit",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    before, after = load_model_folder(out).network, load_model_folder(tmp_path / "lgvit").network
    kept = before.backbone.state_dict()
    changed = {key for key, value in after.backbone.state_dict().items() if not value.equal(kept[key])}
    assert changed == {"vit.head.weight", "vit.head.bias"}
    assert {e.family for e in after.exits} == {"local", "global", "final"}


@needs_muon
def test_a_readout_that_all_exits_share_learns_your_pictures_too(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    out = tmp_path / "shared"
    done = train(
        "--data", pictures, "--backbone", "test_vit", "--scratch", "--size", 32, "--recipe", "softmax-shared",
        "--passes", 1, "--batch", 8, "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    model, records = load_model_folder(out), load_records(out / "evaluation.npz")
    assert {e.kind for e in model.network.exits[:-1]} == {"shared"}
    assert records["test"].accuracy.min() > 0.8  # every depth, and three colours


def test_a_shared_readout_is_solved_on_all_the_depths_it_reads():
    network = MultiExitViT(
        build_backbone("timm", name="test_vit", num_classes=3, img_size=32), shared_exits((2, 4))
    ).eval()
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(24) % 3
    images = labels[:, None, None, None] + 0.1 * torch.randn(24, 3, 32, 32, generator=rng)
    solve_readouts(network, [(images[:10], labels[:10]), (images[10:], labels[10:])])
    found = network.backbone.classifiers[0].weight.clone()
    with torch.no_grad():
        right = [(x.argmax(1) == labels).double().mean() for x in network(images).logits]
    assert min(right) > 0.9
    solve_readouts(network, [(images, labels)])  # in one batch it is the same regression
    torch.testing.assert_close(network.backbone.classifiers[0].weight, found, rtol=1e-3, atol=1e-4)


def test_a_backbone_for_grey_pictures_is_refused_before_any_is_read(pictures, tmp_path):
    done = train("--data", pictures, "--backbone", "fashion", "--out", tmp_path / "x")
    said = "error: fashion looks at pictures of 1 channel; start from a --backbone for colour, as photos.\n"
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", said)
    assert not (tmp_path / "x").exists()


def test_a_hash_of_its_name_decides_where_a_picture_goes(pictures):
    parts = list_folder(pictures).parts
    assert sum(map(len, parts.values())) == 61
    assert all(len(part) >= 3 for part in parts.values())
    again = list_folder(pictures).parts
    assert parts == again
    split = load_split(parts["test"], (16, 24), told=lambda _: None)
    assert split.images.shape[1:] == (16, 24, 3)


def test_a_folder_that_is_split_already_is_taken_as_it_is(tmp_path):
    rng = np.random.default_rng(1)
    for part, count in (("train", 4), ("val", 2), ("test", 3)):
        for name, colour in COLOURS.items():
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(count):
                picture(colour, rng).save(tmp_path / part / name / f"{i}.jpg")
    found = list_folder(tmp_path)
    assert {split: len(pairs) for split, pairs in found.parts.items()} == {
        "train": 12,
        "validation": 6,
        "test": 9,
    }


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda f: f / "none", "there is no folder"),
        (lambda f: f, "holds 0 classes; put pictures in a subfolder per class"),
    ],
)
def test_a_folder_without_classes_is_refused(tmp_path, make, sentence):
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        list_folder(make(tmp_path))


@needs_muon
def test_read_outs_alone_are_solved_in_no_pass(pictures, tmp_path):
    done = train(
        "--data", pictures, "--backbone", "test_vit", "--scratch", "--size", 32, "--recipe", "sdn",
        "--passes", 0, "--batch", 8, "--images", 24, "--out", tmp_path / "solved",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "right on " in done.stdout
    assert "block 6 " in done.stdout
    facts = json.loads((tmp_path / "solved" / "training.json").read_text())
    assert facts["curves"] == []
    assert "learned from 24 pictures" in " ".join((tmp_path / "solved" / "README.md").read_text().split())


@needs_muon
def test_a_teachers_answers_take_the_place_of_labels(trained, pictures, tmp_path):
    teacher, _ = trained
    heap = tmp_path / "heap"  # no class has a folder here
    heap.mkdir()
    for path in pictures.glob("*/*.png"):
        (heap / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "taught"
    done = train(
        "--data", heap, "--teacher", teacher, "--backbone", "test_vit", "--scratch", "--size", 32,
        "--recipe", "sdn", "--passes", 1, "--batch", 8, "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    model = load_model_folder(out)
    assert (model.labels, model.reference) == (load_model_folder(teacher).labels, "teacher")
    assert load_records(out / "evaluation.npz")["test"].accuracy[-1] > 0.8
    assert f"--teacher {teacher}" in (out / "README.md").read_text()


@needs_muon
def test_a_run_tells_the_time_left_and_draws_curves(trained):
    out, done = trained
    assert "left=0.0 min" in done.stdout
    assert list((out / "run" / "tensorboard").glob("events.out.tfevents.*"))
