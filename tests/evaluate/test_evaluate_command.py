"""python -m explorer evaluate: which models are compared, and what is said when there are none."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.conformal import read_limits
from explorer.data.fashion import LABELS, Split
from explorer.data.labelled import write_labels
from explorer.evaluate import command
from explorer.evaluate.record import evaluate, load_records, save_records
from explorer.evaluate.tradeoff import Aim, own_thresholds
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import Entry
from explorer.rules import rules_with


@pytest.fixture(scope="module")
def splits():
    rng = np.random.default_rng(0)
    return {
        name: Split(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))
        for name, n in (("train", 1), ("validation", 4), ("test", 5))
    }


@pytest.fixture
def folder(tiny_model_folder, tmp_path, splits, monkeypatch):
    monkeypatch.setattr(command, "load_fashion", lambda _: splits)
    return shutil.copytree(tiny_model_folder, tmp_path / "tiny")


def call(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_running_and_reading_what_was_stored_give_the_same_tables(folder, splits):
    ran = call("--model", folder, "--markdown")
    assert ran.exit_code == 0
    assert "| Tiny | " in ran.stdout
    model = load_model_folder(folder)
    records = {name: list(evaluate(model, splits[name]))[-1] for name in ("validation", "test")}
    save_records(records, folder / "evaluation.npz")
    stored = call("--model", folder, "--markdown", "--stored")
    assert stored.stdout == ran.stdout


def test_two_models_of_one_title_are_two_rows(folder, tmp_path, monkeypatch):
    twin = shutil.copytree(folder, tmp_path / "twin")
    entries = [Entry(p.name, "Tiny", p, "yours") for p in (folder, twin)]
    monkeypatch.setattr(command, "list_models", lambda: entries)
    rows = [line for line in call("--markdown").stdout.splitlines() if line.startswith("| Tiny")]
    rules = len(rules_with([]))
    assert len(rows) == 2 * (3 + 2 * rules)  # a row in three tables, and one per rule in two
    assert sum(str(twin) in row for row in rows) == 3 + 2 * rules


def test_without_a_name_those_models_run_that_can_look_at_the_images(folder, tmp_path, monkeypatch):
    photo = shutil.copytree(folder, tmp_path / "photo")
    config = json.loads((photo / "config.json").read_text())
    config["input"]["sight"], config["title"] = "photo", "Photographs"
    (photo / "config.json").write_text(json.dumps(config))
    labels = (photo / "labels.txt").read_text()
    (photo / "labels.txt").write_text(labels.replace("bag", "koala").replace("Bag", "koala"))
    entries = [Entry(p.name, "", p, "yours") for p in (photo, folder)]
    monkeypatch.setattr(command, "list_models", lambda: entries)
    garments = call("--markdown")
    assert garments.exit_code == 0
    assert "| Tiny | " in garments.stdout
    assert "Photographs" not in garments.stdout
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    write_labels([], pictures)
    assert command._labelled(pictures, stored=False) == [photo]
    assert command._labelled(pictures, stored=True) == [photo, folder]


def test_what_is_kept_follows_the_aim_of_the_model_and_a_stored_evaluation_is_enough(folder, splits):
    config = json.loads((folder / "config.json").read_text())
    config["aim"] = {"saving": 1.0, "lost": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    assert call("--model", folder, "--save").exit_code == 0
    aimed = json.loads((folder / "config.json").read_text())
    records = load_records(folder / "evaluation.npz")
    assert (folder / "conformal.npz").exists()
    assert read_limits(folder, len(records["test"].blocks))[0].keys() == {"classes"}
    expected, _ = own_thresholds(records["validation"], Aim(1.0, 0.0))
    assert {rule: aimed["thresholds"][rule] for rule in expected} == expected
    assert load_model_folder(folder).aim == {"saving": 1.0, "lost": 0.0}
    aimed["aim"], aimed["thresholds"] = {"saving": 2.0}, {}
    (folder / "config.json").write_text(json.dumps(aimed))
    assert call("--model", folder, "--stored", "--save").exit_code == 0
    again = json.loads((folder / "config.json").read_text())["thresholds"]
    expected, _ = own_thresholds(records["validation"], Aim(2.0))
    assert {rule: again[rule] for rule in expected} == expected


def refused(result, sentence):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_model_at_all(monkeypatch):
    monkeypatch.setattr(command, "list_models", list)
    refused(call(), "there is no model on this machine; train one or name one by --model")


def test_an_unknown_model():
    refused(call("--model", "nonsense"), "There is no model 'nonsense'")


def test_a_model_without_stored_evaluation(folder):
    refused(call("--model", folder, "--stored"), "has no evaluation.npz; run evaluate without --stored")


def test_a_model_of_other_classes(folder):
    (folder / "labels.txt").write_text("\n".join([*LABELS[:9], "cat"]))
    config = json.loads((folder / "config.json").read_text()) | {"name": "cats"}
    (folder / "config.json").write_text(json.dumps(config))
    refused(
        call("--model", folder),
        "cats was not trained on Fashion-MNIST's ten classes; name a folder with labels.tsv by --data",
    )


def test_missing_data(folder, monkeypatch, tmp_path):
    monkeypatch.undo()
    refused(
        call("--model", folder, "--data", tmp_path / "none"), "--data needs Fashion-MNIST's four idx files"
    )


@pytest.fixture
def taught(folder, tmp_path, splits):
    """The same model, measured against a teacher's answers."""
    taught = shutil.copytree(folder, tmp_path / "taught")
    config = json.loads((taught / "config.json").read_text()) | {"reference": "teacher"}
    (taught / "config.json").write_text(json.dumps(config))
    model = load_model_folder(taught)
    records = {name: list(evaluate(model, splits[name]))[-1] for name in ("validation", "test")}
    save_records(records, taught / "evaluation.npz")
    return taught


def test_agreement_with_a_teacher_is_never_called_accuracy(taught):
    shown = call("--model", taught, "--stored", "--markdown").stdout
    assert "Test agreement with the teacher (%) at each exit" in shown
    assert "accuracy" not in shown.lower()


def test_models_measured_against_labels_and_a_teacher_share_no_table(folder, taught, monkeypatch):
    refused(call("--model", folder, "--model", taught, "--stored"), "evaluate them separately")
    entries = [Entry(p.name, "Tiny", p, "yours") for p in (folder, taught)]
    monkeypatch.setattr(command, "list_models", lambda: entries)
    rows = [line for line in call("--markdown").stdout.splitlines() if line.startswith("| Tiny")]
    rules = len(rules_with([]))
    assert len(rows) == 1 + rules + rules + 1 + 1  # the one with labels alone, in every table


def test_thresholds_from_a_file_are_told_for_both_splits(folder, splits, tmp_path):
    model = load_model_folder(folder)
    records = {name: list(evaluate(model, splits[name]))[-1] for name in ("validation", "test")}
    save_records(records, folder / "evaluation.npz")
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"model": "tiny", "rule": "patience", "thresholds": [9, 1, 1, 1]}))
    result = call("--model", folder, "--thresholds", path, "--stored", "--markdown")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "**Tiny: patience at 9, 1, 1, 1**"
    for line, (name, record) in zip(lines[4:6], records.items(), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        count = len(record.labels)
        # Nobody leaves at the first exit, everybody at the second.
        assert cells[:2] == [f"{name} ({count})", f"{100 * record.accuracy[1]:.2f}"]
        assert cells[2] == f"{record.macs[1] / 1e6:.2f}"
        assert cells[5:] == ["0.00", "100.00", "0.00", "0.00", "0.00"]


def test_thresholds_for_other_exits_are_refused_before_anything_runs(folder, tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"model": "tiny", "rule": "confidence", "thresholds": [0.5]}))
    result = call("--model", folder, "--thresholds", path)
    refused(result, "t.json holds 1 thresholds and tiny has 4 early exits")
    assert result.stdout == ""
