"""python -m explorer train: from images to a model folder that says what was measured."""

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.fashion import LABELS, Split
from explorer.evaluate import command as evaluation
from explorer.evaluate.record import load_records
from explorer.evaluate.tradeoff import at_threshold
from explorer.model.addons import read_addon
from explorer.model.bundle import load_model_folder
from explorer.rules import RULES, rules_with
from explorer.train import command
from explorer.train import fashion as networks

# Every recipe that teaches blocks uses Muon.
needs_muon = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")

BACKBONE = {
    "kind": "vit", "img_size": 28, "patch_size": 14, "in_chans": 1, "num_classes": 10,
    "embed_dim": 8, "depth": 12, "num_heads": 2, "mlp_ratio": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder trained for four passes of one step each."""
    rng = np.random.default_rng(0)
    splits = {
        name: Split(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))
        for name, n in (("train", 64), ("validation", 12), ("test", 10))
    }
    out = tmp_path_factory.mktemp("trained") / "fashion-lgvit"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "BACKBONE", BACKBONE)
        patch.setattr(command, "BACKBONE", BACKBONE)
        for module in (command, evaluation):
            patch.setattr(module, "load_fashion", lambda _: splits)
        patch.setattr("torch.set_num_threads", lambda _: None)
        result = CliRunner().invoke(app, ["train", "--out", str(out), "--passes", "4"])
    assert result.exit_code == 0, result.output
    return out, splits


@needs_muon
def test_the_folder_is_a_model_with_everything(trained):
    out, _ = trained
    assert {p.name for p in out.iterdir()} == {
        "config.json", "grains.json", "labels.txt", "backbone.safetensors", "exits.safetensors", "README.md",
        "evaluation.npz", "training.json", "gallery.png", "gallery.json", "conformal.json",
        "conformal.npz", "addons", "run",
    }  # fmt: skip
    model = load_model_folder(out)
    assert model.name == "fashion-lgvit"
    assert model.title == "LGViT: local and global heads, both stages, 4 passes"
    assert model.labels == LABELS
    assert (model.input.sight, model.input.mean, model.input.std) == ("garment", (0.286,), (0.353,))
    assert [e.block for e in model.network.exits] == [4, 5, 6, 7, 8, 9, 10, 11, 12]


@needs_muon
def test_the_evaluation_is_of_the_weights_in_the_folder(trained):
    out, splits = trained
    records, model = load_records(out / "evaluation.npz"), load_model_folder(out)
    again = evaluation.records_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "load_fashion", lambda _: splits)
        fresh = again(model, None)
    for split in ("validation", "test"):
        assert records[split].labels.tolist() == splits[split].labels.tolist()
        assert records[split].predicted.tolist() == fresh[split].predicted.tolist()


@needs_muon
def test_thresholds_are_the_most_accurate_settable_ones_that_save_a_third_of_the_macs(trained):
    out, _ = trained
    model, record = load_model_folder(out), load_records(out / "evaluation.npz")["validation"]
    assert set(model.thresholds) == set(record.scores) == set(rules_with(["performance"]))
    for rule, threshold in model.thresholds.items():
        facts = RULES[rule]
        steps = (threshold - facts.low) / facts.step
        assert steps == pytest.approx(round(steps))
        grid = np.arange(facts.low, facts.top(len(record.blocks)) + facts.step / 2, facts.step)
        points = [at_threshold(record, rule, t) for t in grid]
        saving = [p.accuracy for p in points if p.by_macs >= 1.5]
        chosen = at_threshold(record, rule, threshold)
        assert chosen.by_macs >= 1.5 or not saving
        if saving:
            assert chosen.accuracy == pytest.approx(max(saving), abs=2 / len(record.labels))


@needs_muon
def test_the_folder_has_all_that_an_evaluation_would_keep_in_it(trained, tmp_path, monkeypatch):
    out, splits = trained
    again = shutil.copytree(out, tmp_path / "again", ignore=shutil.ignore_patterns("run", "conformal.json"))
    shutil.rmtree(again / "addons")
    monkeypatch.setattr(evaluation, "load_fashion", lambda _: splits)
    kept = CliRunner().invoke(app, ["evaluate", "--model", str(again), "--save"])
    assert kept.exit_code == 0, kept.output
    assert (again / "conformal.json").read_bytes() == (out / "conformal.json").read_bytes()
    configs = [json.loads((folder / "config.json").read_text()) for folder in (again, out)]
    assert [config.pop("addons").keys() for config in configs] == [{"performance"}] * 2
    assert configs[0] == configs[1]  # thresholds of every rule at every grain
    ours, theirs = (read_addon(folder, "performance") for folder in (again, out))
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@needs_muon
def test_the_curves_are_the_log(trained):
    out, _ = trained
    facts = json.loads((out / "training.json").read_text())
    assert facts["recipe"] == "lgvit"
    assert facts["settings"]["passes"] == 4
    with (out / "run" / "log.csv").open() as file:
        assert facts["curves"] == list(csv.DictReader(file))
    assert [row["stage"] for row in facts["curves"]] == ["end-to-end"] * 3 + ["self-distillation"]


@needs_muon
def test_the_card_says_what_was_measured(trained):
    out, _ = trained
    card, record = (out / "README.md").read_text(), load_records(out / "evaluation.npz")["test"]
    assert card.startswith("---\nlicense: mit\n")
    assert "# LGViT: local and global heads, both stages" in card
    assert "12 blocks" in card
    assert "4 patch tokens, width 8" in card
    assert "blocks 4, 5, 6, 7, 8, 9, 10, 11," in card
    assert "`python -m explorer train --recipe lgvit --passes 4`" in card
    accuracies = " | ".join(f"{100 * a:.2f}" for a in record.accuracy)
    assert f"| LGViT: local and global heads, both stages, 4 passes | {accuracies} |" in card
    assert "{" not in card


def test_an_unknown_recipe_is_one_line_on_stderr(tmp_path):
    result = CliRunner().invoke(app, ["train", "--recipe", "pabee", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert (
        result.stderr == "error: there is no recipe 'pabee'; choose one of "
        "lgvit, lgvit-stage1, sdn, deebert, softmax-shared, sl-vit.\n"
    )
    assert not (tmp_path / "out").exists()


@needs_muon
def test_from_a_trained_backbone_only_the_stages_of_the_exits_are_left(trained, tmp_path, monkeypatch):
    folder, splits = trained
    for module in (command, evaluation):
        monkeypatch.setattr(module, "load_fashion", lambda _: splits)
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    out = tmp_path / "sl"
    options = ["--recipe", "sl-vit", "--backbone", str(folder), "--passes", "2", "--out", str(out)]
    done = CliRunner().invoke(app, ["train", *options])
    assert done.exit_code == 0, done.output
    before, after = load_model_folder(folder).network, load_model_folder(out).network
    kept = before.backbone.state_dict()
    assert all(value.equal(kept[key]) for key, value in after.backbone.state_dict().items())
    assert {e.kind for e in after.exits[:-1]} == {"sl-vit"}
    facts = json.loads((out / "training.json").read_text())
    assert [row["stage"] for row in facts["curves"]] == ["copycat", "labels"]
    assert facts["backbone"] == str(folder)
    assert "from the backbone of" in (out / "README.md").read_text()


def test_a_backbone_of_other_classes_asks_for_pictures():
    done = CliRunner().invoke(app, ["train", "--backbone", "photos"])
    assert (done.exit_code, "add --data, your pictures." in done.stderr) == (2, True)
