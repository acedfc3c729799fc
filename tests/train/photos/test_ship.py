"""What is measured of a photo model, the folder it is shipped in, and the commands."""

import csv
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.data.labelled import load_labelled
from explorer.evaluate.gallery import read_gallery
from explorer.evaluate.record import GRID, Record, load_records
from explorer.evaluate.tradeoff import at_threshold, own_threshold
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import ROOT
from explorer.rules import decide, rules_with
from explorer.train.photos import command
from explorer.train.photos.labels import imagenet_labels
from explorer.train.photos.measure import decode, progress, right_in, traces
from explorer.train.photos.ship import AIM, AIMS, aims, ship
from explorer.train.photos.student import SIZE, at_size, seen_by
from tests.train.photos.tiny import STRETCH, TINY, picture, trained


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Twelve labelled photographs; the last two are by an author who has to be named."""
    folder = tmp_path_factory.mktemp("labelled")
    with (folder / "labels.tsv").open("w", newline="") as file:
        rows = csv.DictWriter(file, ["file", "class", "author", "licence"], delimiter="\t")
        rows.writeheader()
        for number in reversed(range(12)):
            picture(60 + number).save(folder / f"{number:02}.png")
            author = "A. Nyone" if number > 9 else ""
            rows.writerow({"file": f"{number:02}.png", "class": number * 80, "author": author, "licence": ""})
    return load_labelled(folder)


def test_labelled_pictures_come_by_name_with_class_and_credit(labelled):
    assert labelled.files[:2] == ("00.png", "01.png")
    assert labelled.classes.tolist() == [80 * number for number in range(12)]
    assert labelled.credits[9:] == ("", "A. Nyone", "A. Nyone")
    assert labelled.half(odd=False).files == labelled.files[::2]
    assert labelled.half(odd=True).classes.tolist() == labelled.classes[1::2].tolist()
    assert labelled.picture(3).size == (SIZE, SIZE)
    np.testing.assert_array_equal(
        decode(labelled).pixels[3].permute(1, 2, 0).numpy(), np.asarray(labelled.picture(3))
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file\tname\n00.png\tx\n", "needs the columns file and class"),
        ("file\tclass\n00.png\tcat\n", "needs the columns file and class"),
        ("file\tclass\n", "names no picture"),
        ("file\tclass\n99.png\t1\n", "lacks 99.png"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_in_words(tmp_path, text, says):
    with pytest.raises(FileNotFoundError, match=r"has no labels\.tsv"):
        load_labelled(tmp_path)
    (tmp_path / "labels.tsv").write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=says):
        load_labelled(tmp_path)


def test_right_counts_the_class_among_so_many_answers():
    logits = np.array([[[5, 1, 0], [0, 1, 2]], [[1, 0, 2], [0, 2, 1]], [[0, 1, 0], [0, 1, 0]]], np.float32)
    classes = np.array([0, 1, 2])
    assert right_in(logits, classes).tolist() == [1 / 3, 1 / 3]
    assert right_in(logits, classes, 2).tolist() == pytest.approx([1 / 3, 1 / 3])
    assert right_in(logits, classes, 3).tolist() == [1.0, 1.0]


def test_an_aim_is_met_from_its_number_on_and_an_error_up_to_it():
    measured = {
        "blocks": [8, 10, 12],
        "right": [AIMS["block 8"], 0.5, 0.8],
        "among five": [0.5, 0.6, 0.91],
        "calibration error": [0.01, 0.05, 0.02],
        "best subset of exits, at 2 points": {"classes": {"fewer MACs": 1.3}, "groups": {"fewer MACs": 1.79}},
    }
    met = {name: aim["met"] for name, aim in aims(measured).items()}
    assert met == {
        "final": True,
        "final among five": False,
        "block 8": True,
        "block 10": False,
        "fewer MACs at 2 points": True,
        "fewer MACs at 2 points, groups": False,
        "largest calibration error": True,
    }


def test_a_shipped_folder_is_calibrated_measured_and_can_be_gone_on_from(
    network, tmp_path, folder, photographs, teacher, labelled, monkeypatch
):
    run = trained(network, tmp_path / "run", photographs, teacher, STRETCH)
    big = at_size(run.averaged(), SIZE).eval()
    # True where the exit behind block 8 says so, so that exits differ in how right they are.
    classes = traces(big, decode(labelled).pixels).predicted[:, 4]
    rows = (replace(row, index=int(c)) for row, c in zip(labelled.rows, classes, strict=True))
    labelled = replace(labelled, rows=tuple(rows))
    (tmp_path / "photos").mkdir()
    for name in ("labels.txt", "grains.json"):  # where WordNet is not installed, the folder's grains stay
        shutil.copy(ROOT / "assets" / "models" / "photos" / name, tmp_path / "photos")
    ship(big, run.history, labelled, ["a set of photographs"], tmp_path / "photos", TINY | {"img_size": SIZE})

    model = load_model_folder(tmp_path / "photos")
    assert model.reference == "labels"
    assert model.labels == imagenet_labels()
    assert set(model.thresholds) == set(rules_with(["performance"]))
    assert all(set(grain.thresholds) == set(model.thresholds) for grain in model.grains)
    assert (tmp_path / "photos" / "conformal.json").exists()
    assert len(set(model.network.temperatures)) > 1
    assert all(path.stat().st_size < 10_000_000 for path in (tmp_path / "photos").iterdir())
    facts = json.loads((tmp_path / "photos" / "training.json").read_text())
    measured = facts["measured"]
    assert facts["history"] == run.history
    assert measured["pictures"] == {"validation": 6, "test": 6}
    with np.load(tmp_path / "photos" / "evaluation.npz") as stored:
        assert stored["test_labels"].tolist() == labelled.classes[1::2].tolist()
        confidence, predicted = stored["test_confidence"], stored["test_predicted"]
    right = predicted == labelled.classes[1::2, None]
    np.testing.assert_allclose(measured["right"], right.mean(axis=0), atol=1e-4)
    left = decide(confidence, model.thresholds["confidence"])
    own = measured["at its own threshold"]
    assert own["right"] == pytest.approx(right[np.arange(6), left].mean(), abs=1e-4)
    assert own["fewer MACs"] == pytest.approx(big.macs_full / big.macs[left].mean(), abs=1e-4)
    worth = measured["best subset of exits, at 2 points"]
    assert set(worth) == {"classes", "kinds", "groups"}
    blocks = [e.block for e in big.exits[:-1]]
    out = [b for b in blocks if b not in worth["classes"]["exits in use"]]
    spent = load_records(tmp_path / "photos" / "evaluation.npz")["test"].without(out, big.head_macs)
    point = at_threshold(spent, "confidence", worth["classes"]["threshold"])
    assert worth["classes"]["fewer MACs"] == pytest.approx(point.by_macs, abs=1e-4)
    assert worth["classes"]["right at the end"] == pytest.approx(right[:, -1].mean(), abs=1e-4)
    # Calibrated logits are what every rule sees, in the record as in the running model.
    reported = decode(labelled.half(odd=True)).pixels
    trace = model.network.analyse(seen_by(reported[:3], SIZE))
    assert [grain.opens for grain in model.grains] == [grain.name == "kinds" for grain in model.grains]
    for grain in model.grains:
        assert set(measured["grains"][grain.name]) == {"right", "calibration error", "at 2 points"}
    sure = trace.probabilities.max(axis=-1)  # stored rounded down
    np.testing.assert_allclose(sure - 0.5 / GRID, confidence[:3], atol=0.5 / GRID + 1e-4)
    gallery = read_gallery(tmp_path / "photos")
    assert sorted(gallery.indices) == list(range(6))
    assert gallery.credits == [labelled.half(odd=True).credits[i] for i in gallery.indices]
    card = (tmp_path / "photos" / "README.md").read_text()
    assert "- a set of photographs" in card
    assert "{" not in card.partition("\n---\n")[2]
    assert re.search(r"\| block 8 \| 48.0 % \| \d+.\d % \| (met|missed) \|", card)
    assert "end</text>" in (tmp_path / "photos" / "learning-curve.svg").read_text()

    # The next run has this folder alone: it goes on with its weights, its views and its curve.
    monkeypatch.setattr(command, "load_teacher", lambda _: teacher)
    following = replace(STRETCH, crops=4)
    with pytest.raises(FileNotFoundError, match="there is no run"):
        command.ship_run(tmp_path / "x", tmp_path / "next", labelled.folder, None)
    sources = [command.Source(folder)]
    command.run(following, tmp_path / "next", sources, [], tmp_path / "photos", labelled.folder, threads=2)
    history = json.loads((tmp_path / "next" / "history.json").read_text())
    assert history[:1] == run.history
    assert history[1]["curve"][-1]["crops"] == 20
    assert {"first", "five", "block_4"} < set(history[1]["curve"][-1])
    state = torch.load(tmp_path / "next" / "last.pt", weights_only=True)["network"]
    for name, tensor in model.network.state_dict().items():
        if ".blocks.5." in name:  # frozen
            assert torch.equal(state[name], tensor), name


def test_a_line_of_the_curve_names_every_exit(network, labelled):
    row = progress(network.eval(), decode(labelled))
    assert set(row) == {"first", "five", *(f"block_{b}" for b in range(4, 12))}


def recorded(sure, right):
    """A record of three exits at blocks 1 to 3: scores (N, 3), and which answers are right."""
    labels = np.zeros(len(sure), np.int64)
    predicted = np.where(right, 0, 9)
    return Record(labels, predicted, {"confidence": sure}, np.array([1, 2, 3]), np.array([10, 20, 30]), 30)


def test_the_own_threshold_loses_two_points_at_most_and_is_the_cheapest_that_does():
    rng = np.random.default_rng(0)
    sure = rng.random((400, 3))
    record = recorded(sure, sure > np.array([0.3, 0.3, 0.0]))  # surer answers are right, the last ones always
    threshold = own_threshold(record, "confidence", AIM)
    chosen, lower = (at_threshold(record, "confidence", t) for t in (threshold, threshold - 0.005))
    assert chosen.accuracy >= 0.98
    assert lower.accuracy < 0.98
    assert chosen.by_macs > AIM.saving


def test_where_two_points_save_too_little_the_own_threshold_is_the_most_accurate_that_saves_a_tenth():
    sure = np.linspace(0, 1, 400, endpoint=False)[:, None].repeat(3, axis=1)
    right = np.zeros((400, 3), bool)
    right[:, 2] = True  # early answers are wrong, however sure
    record = recorded(sure, right)
    chosen = at_threshold(record, "confidence", own_threshold(record, "confidence", AIM))
    assert chosen.by_macs >= AIM.saving
    assert chosen.accuracy == pytest.approx(
        0.86, abs=0.01
    )  # 14 % leave at a third of the cost: 1 / (1 - 0.14 * 2 / 3)
