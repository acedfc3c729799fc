"""The loop: a run that was cut off ends as if it had not been, and each stage touches only what it should."""

import csv
import itertools
import json
import math
import os
import signal

import numpy as np
import pytest
import torch

from explorer.data.fashion import Split
from explorer.model.backbone import build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT
from explorer.train import loop
from explorer.train.checkpoint import Stopped
from explorer.train.loop import Settings, accuracy_per_exit, schedule, train
from explorer.train.recipes import get_recipe
from explorer.train.team import Team

# Every recipe that teaches blocks uses Muon.
pytestmark = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")

SETTINGS = Settings(passes=4, batch=4)  # LGViT: three passes end to end, one of self-distillation
PER_PASS = 3


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)

    def split(count):
        labels = rng.integers(0, 3, count)
        images = rng.integers(0, 90, (count, 28, 28)) + labels[:, None, None] * 80
        return Split(images.astype(np.uint8), labels)

    return {"train": split(4 * PER_PASS + 1), "validation": split(5)}


def new_network(**options) -> MultiExitViT:
    torch.manual_seed(0)
    stem = {
        "channels": [4, 8],
        "kernel_size": 3,
        "stride": [4, 4],
    }  # with a batch norm, so that freezing it shows
    backbone = build_backbone(
        "vit", img_size=28, in_chans=1, num_classes=3, embed_dim=8, depth=3, num_heads=2, stem=stem, **options
    )
    return MultiExitViT(backbone, [ExitSpec(1, "lph-dw"), ExitSpec(2, "gah", {"stride": 2})])


def run(data, folder, stop_after=None, recipe="lgvit", settings=SETTINGS) -> dict[str, torch.Tensor]:
    """The state of a network that starts fresh, or where `folder` stands, after that many steps."""
    network = new_network()
    if stop_after is None:
        train(network, get_recipe(recipe), settings, data, folder)
    else:
        with pytest.raises(Stopped):
            train(network, get_recipe(recipe), settings, data, folder, stop_after)
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def log_of(folder):
    with (folder / "log.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def changed(before, after, prefix=""):
    """Names of the tensors that differ."""
    assert before.keys() == after.keys()
    return {n for n in before if n.startswith(prefix) and not torch.equal(before[n], after[n])}


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return run(data, folder), folder


# Within a pass, at a pass's end, before, at and behind the stages' boundary, at the very end; and twice.
@pytest.mark.parametrize("stops", [(1,), (3,), (8,), (9,), (10,), (12,), (2, 5), (9, 1)])
def test_a_resumed_run_ends_as_an_uninterrupted_one_to_the_last_bit(data, whole, tmp_path, stops):
    state, folder = whole
    for stop_after in stops:
        run(data, tmp_path, stop_after)
    resumed = run(data, tmp_path)
    assert changed(state, resumed) == set()
    assert log_of(tmp_path) == log_of(folder)


def test_a_finished_run_is_left_alone(data, whole, tmp_path):
    state, _ = whole
    run(data, tmp_path)
    log = (tmp_path / "log.csv").read_bytes()
    assert changed(state, run(data, tmp_path)) == set()
    assert (tmp_path / "log.csv").read_bytes() == log


def test_the_log_has_one_line_per_pass_with_every_exits_accuracy(whole):
    rows = log_of(whole[1])
    assert [(r["stage"], r["pass"], r["passes"]) for r in rows] == [
        ("end-to-end", "1", "3"), ("end-to-end", "2", "3"), ("end-to-end", "3", "3"),
        ("self-distillation", "1", "1"),
    ]  # fmt: skip
    assert list(rows[0]) == ["stage", "pass", "passes", "loss", "block_1", "block_2", "block_3"]
    for row in rows:
        assert math.isfinite(float(row["loss"]))
        assert all(
            float(row[f"block_{b}"]) in (0, 0.2, 0.4, 0.6, 0.8, 1) for b in (1, 2, 3)
        )  # of five images


def test_the_settings_of_a_run_are_recorded(whole):
    config = json.loads((whole[1] / "config.json").read_text())
    assert config["recipe"] == "lgvit"
    assert config["settings"]["passes"] == 4
    assert config["settings"]["batch"] == 4


@pytest.mark.parametrize(
    ("recipe", "settings"), [("sdn", SETTINGS), ("lgvit", Settings(passes=4, batch=4, seed=1))]
)
def test_other_settings_are_refused(data, tmp_path, recipe, settings):
    run(data, tmp_path, stop_after=1)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(
        ValueError, match="holds a run with other settings; choose another --out or delete it"
    ):
        train(new_network(), get_recipe(recipe), settings, data, tmp_path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_even_steps_leave_the_heads_untouched(data, tmp_path):
    states = [{n: t.clone() for n, t in new_network().state_dict().items()}]
    states += [run(data, tmp_path, stop_after=1) for _ in range(4)]
    steps = list(itertools.pairwise(states))
    moved = [bool(changed(before, after, "heads.")) for before, after in steps]
    assert moved == [False, True, False, True]  # on even steps no decay, no momentum, no batch norm either
    assert all(changed(before, after, "backbone.vit.blocks") for before, after in steps)


def test_a_frozen_stage_moves_the_heads_and_nothing_else(data, whole, tmp_path):
    before = run(data, tmp_path, stop_after=9)
    after = whole[0]
    assert changed(before, after, "backbone.") == set()  # not even the stem's batch norm
    heads = {n for n in before if n.startswith("heads.")}
    assert changed(before, after, "heads.") == heads
    assert "backbone.vit.patch_embed.backbone.0.bn.running_mean" in before
    assert changed(new_network().state_dict(), before, "backbone.vit.patch_embed.backbone.0.bn.running_mean")


def test_deeberts_first_stage_leaves_the_heads_untouched(data, tmp_path):
    before = {n: t.clone() for n, t in new_network().state_dict().items()}
    first = run(data, tmp_path, stop_after=9, recipe="deebert")
    assert changed(before, first, "heads.") == set()
    second = run(data, tmp_path, recipe="deebert")
    assert changed(first, second, "backbone.") == set()
    assert changed(first, second, "heads.")


def test_a_signal_saves_the_run_and_gives_the_handlers_back(data, whole, tmp_path, monkeypatch):
    taken, take_step = [], loop._Run.take_step

    def signalled(self, stage, total):
        taken.append(self.step)
        if len(taken) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return take_step(self, stage, total)

    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(loop._Run, "take_step", signalled)
    with pytest.raises(Stopped):
        train(new_network(), get_recipe("lgvit"), SETTINGS, data, tmp_path)
    assert taken == [0, 1, 2, 3, 4]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
    monkeypatch.undo()
    assert changed(whole[0], run(data, tmp_path)) == set()


def test_a_checkpoint_is_whole_or_not_there(data, tmp_path, monkeypatch):
    run(data, tmp_path, stop_after=2)
    before = (tmp_path / "last.pt").read_bytes()

    def cut_off(state, path):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", cut_off)
    with pytest.raises(OSError, match="no space left"):
        train(new_network(), get_recipe("lgvit"), SETTINGS, data, tmp_path, stop_after=1)
    assert (tmp_path / "last.pt").read_bytes() == before


def test_the_learning_rate_warms_up_and_then_falls_by_half_a_cosine():
    assert schedule(0.0, 0.05) == pytest.approx(0.001 / 0.051)
    assert schedule(0.025, 0.05) == pytest.approx(0.026 / 0.051)
    assert schedule(0.05, 0.05) == pytest.approx(1)
    assert schedule(0.05 + 0.95 / 3, 0.05) == pytest.approx(0.75)
    assert schedule(0.525, 0.05) == pytest.approx(0.5)
    assert schedule(1.0, 0.05) == pytest.approx(0)
    assert schedule(0.0, 0.0) == 1


def test_each_step_takes_its_own_learning_rate(data, tmp_path, monkeypatch):
    rates, take_step = [], loop._Run.take_step

    def watched(self, stage, total):
        loss = take_step(self, stage, total)
        rates.append([group["lr"] for o in self.optimisers for group in o.param_groups])
        return loss

    monkeypatch.setattr(loop._Run, "take_step", watched)
    train(new_network(), get_recipe("lgvit"), SETTINGS, data, tmp_path)
    factors = [schedule(step / 9, 0.05) for step in range(9)]
    np.testing.assert_allclose(rates[:9], [[2e-3 * f, 2e-3 * f, 1e-2 * f] for f in factors])
    frozen = [schedule(step / 3, 0.05) for step in range(3)]  # no block learns, so there is no Muon
    np.testing.assert_allclose(rates[9:], [[2e-3 * f, 2e-3 * f] for f in frozen])


def test_blocks_matrices_go_to_muon_and_the_rest_to_adamw_without_decay_of_vectors(data, tmp_path):
    network = new_network()
    batches = loop.Batches(data["train"], 4, 0, 0.0, 1.0)
    state = loop._Run(network, get_recipe("lgvit"), SETTINGS, batches, data["validation"], tmp_path, Team())
    state.prepare(get_recipe("lgvit").stages[0])
    adamw, muon = state.optimisers
    names = {id(p): n for n, p in network.named_parameters()}
    blocks = {names[id(p)] for p in muon.param_groups[0]["params"]}
    parts = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
    assert blocks == {f"backbone.vit.blocks.{i}.{part}.weight" for i in range(3) for part in parts}
    decayed, free = (group["params"] for group in adamw.param_groups)
    assert adamw.param_groups[0]["weight_decay"] == 0.05
    assert adamw.param_groups[1]["weight_decay"] == 0
    assert all(p.ndim > 1 for p in decayed)
    assert all(p.ndim <= 1 for p in free)
    assert len(blocks) + len(decayed) + len(free) == len(names)


def test_accuracy_per_exit_is_the_share_of_images_each_gets_right(data):
    network, split = new_network().eval(), data["train"]
    right = accuracy_per_exit(network, split, SETTINGS, batch=5)
    images = (torch.from_numpy(split.images)[:, None].float() / 255 - SETTINGS.mean) / SETTINGS.std
    predicted = network.analyse(images).predicted
    np.testing.assert_allclose(right, (predicted == split.labels[:, None]).mean(axis=0), atol=1e-6)
