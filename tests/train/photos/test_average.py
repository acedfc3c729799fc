"""The mean of runs' weights, and the one history it has."""

import json

import pytest
import torch
from torch import nn

from explorer.model.backbone import build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos import command
from explorer.train.photos.average import joined, mean_of
from explorer.train.photos.card import _averaged, _stretches
from explorer.train.photos.distil import Run

TINY = {
    "kind": "vit", "img_size": 56, "patch_size": 14, "num_classes": 10, "embed_dim": 16, "depth": 12,
    "num_heads": 2, "mlp_ratio": 1, "class_and_mean": True,
}  # fmt: skip


def stretch(seen, stage=1):
    return {"settings": {"stage": stage, "size": 56, "frozen": 6}, "seen": seen, "seconds": 60.0, "curve": []}


def tiny(seed):
    torch.manual_seed(seed)
    return MultiExitViT(build_backbone(**TINY), lgvit_exits(), "photos")


def test_every_weight_is_the_mean_and_counters_stay_whole():
    networks = [nn.BatchNorm1d(2), nn.BatchNorm1d(2)]
    for number, network in enumerate(networks):
        network.weight.data.fill_(1 + 3 * number)
        network.num_batches_tracked.fill_(5 + number)
    mean = mean_of(networks)
    assert mean["weight"].tolist() == [2.5, 2.5]
    assert mean["num_batches_tracked"] == 5
    with pytest.raises(ValueError, match="different networks"):
        mean_of([nn.Linear(2, 2), nn.Linear(2, 3)])


def test_a_joined_history_counts_every_stretch_once():
    a, b, c, d = stretch(10), stretch(20), stretch(30), stretch(40)
    history = joined([[a, b, c], [a, d]])
    assert [s["seen"] for s in history] == [10, 40, 20, 30]
    assert [s.get("parted_at") for s in history] == [None, 10, None, None]
    assert [s.get("averaged") for s in history] == [None, None, None, [60, 50]]
    # Averaged again, with a run that the first average took up: it is not counted twice.
    e = stretch(50)
    again = joined([[*history, e], [a, b, c]])
    assert [s["seen"] for s in again] == [10, 40, 20, 30, 50]
    assert again[-1]["averaged"] == [150, 60]
    # With its own beginning, which adds no stretch.
    assert [s["seen"] for s in joined([[a, b], [a]])] == [10, 20]
    assert joined([[a, b], [a]])[-1]["averaged"] == [30, 10]
    assert "averaged" not in e  # what was given stays as it was
    assert "parted_at" not in d
    with pytest.raises(ValueError, match="share no stretch"):
        joined([[a], [b]])


def test_a_card_marks_what_another_run_did():
    a, b, c = stretch(1_000), stretch(2_000), stretch(3_000, stage=2)
    history = joined([[a, b], [a, c]])
    assert "those after 3,000 and 4,000 crops." in _averaged(history)
    assert "| 2* | 56 | 3,000 |" in _stretches(history)
    assert "| 1 | 56 | 2,000 |" in _stretches(history)
    assert _averaged([a, b]) == ""


def test_two_runs_become_one_that_distil_goes_on_from(tmp_path, monkeypatch):
    shared = stretch(8)
    networks = [tiny(1), tiny(2)]
    for number, network in enumerate(networks):
        Run(network, [shared, stretch(number + 1)], tmp_path / f"{number}" / "run").save()
    monkeypatch.setattr(command, "new_student", lambda *_: tiny(0))
    sources = [tmp_path / "0", tmp_path / "1"]
    command.average_runs(sources, tmp_path / "mean", tmp_path)
    saved = torch.load(tmp_path / "mean" / "run" / "last.pt", weights_only=True)
    name = "backbone.vit.blocks.3.attn.qkv.weight"
    expected = (networks[0].state_dict()[name] + networks[1].state_dict()[name]) / 2
    torch.testing.assert_close(saved["network"][name], expected)
    torch.testing.assert_close(saved["average"][name], expected)
    history = json.loads((tmp_path / "mean" / "run" / "history.json").read_text())
    assert [s["seen"] for s in history] == [8, 2, 1]

    with pytest.raises(ValueError, match="holds a run already"):
        command.average_runs(sources, tmp_path / "mean", tmp_path)
    with pytest.raises(ValueError, match="two runs or more"):
        command.average_runs(sources[:1], tmp_path / "x", tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no run"):
        command.average_runs([sources[0], tmp_path / "y"], tmp_path / "x", tmp_path)
