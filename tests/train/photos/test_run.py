"""Stretches of training, tiny ones: what learns, how fast, and how a run goes on."""

import json
import os
import signal
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import nn

from explorer.train.loop import Stopped
from explorer.train.photos import distil
from explorer.train.photos.distil import Run
from explorer.train.photos.evening import TAU, even
from explorer.train.photos.lessons import taught
from explorer.train.photos.stretch import LAYER_DECAY, TELLING, WARM_UP, WEIGHT_DECAY, Stretch, rate
from explorer.train.photos.student import IMITATING, at_size, read, read_outs, seen_by, solve
from tests.train.photos.tiny import STRETCH, trained


def test_what_is_frozen_stays_and_the_rest_learns(network, tmp_path, pictures, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    changed = {
        name for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert not any(f"blocks.{block}." in name for name in changed for block in range(6))
    assert all(f"backbone.vit.blocks.{block}.attn.qkv.weight" in changed for block in range(6, 12))
    assert {"backbone.vit.head.weight", "heads.0.classifier.linears.0.weight"} <= changed
    assert "backbone.vit.pos_embed" not in changed
    assert (run.crops, run.composed) == (16, 3 * 16)
    average = run.averaged().state_dict()["backbone.vit.head.weight"]
    assert not torch.equal(average, before["backbone.vit.head.weight"])  # follows
    assert not torch.equal(average, run.network.state_dict()["backbone.vit.head.weight"])  # behind


def test_stage_two_moves_the_heads_alone(network, tmp_path, pictures, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    stretch = Stretch(stage=2, crops=8, size=56, batch=4, candidates=1, regressed=16)
    run = trained(network, tmp_path, pictures, teacher, stretch)
    changed = {
        name for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])
    }
    # The final read-out is solved where the stage begins, and then stays.
    final = {"backbone.vit.head.weight", "backbone.vit.head.bias"}
    assert final < changed
    assert all(name.startswith("heads.") for name in changed - final)
    for name in final:
        torch.testing.assert_close(run.average[name], run.network.state_dict()[name], rtol=0, atol=0)


def test_where_a_stretch_begins_read_outs_are_solved_on_the_average(network, tmp_path, pictures, teacher):
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    expected = run.averaged()
    stretch = Stretch(stage=2, crops=8, size=56, batch=4, candidates=1, regressed=16)
    lessons = list(taught(pictures, teacher, distil.APART, 4, 4, TELLING))
    inputs, answers = read(expected, [(seen_by(crops, 56), logits) for crops, (logits, _) in lessons])
    *early, final = read_outs(expected)
    solve(final, inputs[-1], answers)
    even(final, final(inputs[-1]))
    with torch.no_grad():
        own = final(inputs[-1])
    for linear, seen in zip(early, inputs, strict=False):  # the exits learn the final read-out's answers
        solve(linear, seen, own, IMITATING)
    run.begin(stretch, pictures, teacher)
    for name, tensor in run.network.state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[name]), name
        assert torch.equal(tensor, run.average[name]), name
    run.average["backbone.vit.head.bias"].add_(1)  # the two stay apart
    assert not torch.equal(
        run.average["backbone.vit.head.bias"], run.network.state_dict()["backbone.vit.head.bias"]
    )


def test_heads_begun_anew_pass_tokens_on_and_their_read_outs_are_solved(network, tmp_path, pictures, teacher):
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    before = run.averaged()
    anew = replace(STRETCH, new_heads=True)
    run.begin(anew, pictures, teacher)
    for name, tensor in run.network.backbone.state_dict().items():
        assert name.startswith("vit.head.") or torch.equal(tensor, before.backbone.state_dict()[name]), name
    for head in run.network.heads[:4]:
        assert head.local.project[-1].weight.abs().max() == 0
    for head, old in zip(run.network.heads, before.heads, strict=True):
        assert not torch.equal(head.classifier.linears[0].weight, old.classifier.linears[0].weight)
    run.step = 1  # cut off: what was begun is not begun again
    weight = run.network.heads[0].classifier.linears[0].weight.detach().clone()
    run.begin(anew, pictures, teacher)
    assert len(run.history) == 2
    assert torch.equal(run.network.heads[0].classifier.linears[0].weight, weight)


def test_heads_learn_fastest_and_the_embedding_slowest(network, tmp_path, pictures, teacher):
    stretch = replace(STRETCH, frozen=0, lr=1e-4, lr_heads=5e-4)
    run = Run(network, [], tmp_path)
    run.begin(stretch, pictures, teacher)
    # The heads of a new run begin anew, and a local head anew adds nothing to what it reads.
    assert all(head.local.project[-1].weight.abs().max() == 0 for head in run.network.heads[:4])
    run.prepare(stretch)
    groups = run.optimiser.param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    vit = run.network.backbone.vit
    assert rates[id(vit.head.weight)] == rates[id(run.network.heads[0].local.expand[0].weight)] == 5e-4
    assert rates[id(vit.norm.weight)] == rates[id(vit.blocks[11].attn.qkv.weight)] == 1e-4
    np.testing.assert_allclose(rates[id(vit.blocks[9].mlp.fc1.weight)], 1e-4 * LAYER_DECAY**2)
    np.testing.assert_allclose(rates[id(vit.pos_embed)], 1e-4 * LAYER_DECAY**12)
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert decays[id(vit.blocks[9].mlp.fc1.weight)] == WEIGHT_DECAY
    assert decays[id(vit.head.weight)] == 0  # conditioned: its steps are not its inputs' own


def test_the_rate_rises_stays_and_falls():
    assert [rate(step, 100, False, 3) for step in (0, 1, 2, 3, 99)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert [rate(step, 100, True, 0) for step in (0, 50, 75)] == [1.0, 0.5, 0.25]


def test_evening_takes_back_a_part_of_how_often_classes_are_named():
    logits = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log()
    linear = nn.Linear(2, 2)
    before = linear.bias.detach().clone()
    even(linear, logits)
    expected = before - TAU * torch.tensor([0.7, 0.3]).log()
    torch.testing.assert_close(linear.bias.detach(), expected, atol=1e-4, rtol=0)


def test_a_run_told_to_stop_ends_as_one_that_was_not(network, tmp_path, pictures, teacher, monkeypatch):
    whole = trained(at_size(network, 56), tmp_path / "whole", pictures, teacher, STRETCH)
    take_step = Run.take_step

    def stop_at_the_second(self, *args):
        loss = take_step(self, *args)
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    monkeypatch.setattr(Run, "take_step", stop_at_the_second)
    with pytest.raises(Stopped):
        trained(at_size(network, 56), tmp_path / "cut", pictures, teacher, STRETCH)
    monkeypatch.undo()
    torch.manual_seed(99)
    again = trained(at_size(network, 56), tmp_path / "cut", pictures, teacher, STRETCH)
    assert again.crops == whole.crops == 16
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name]), name
    for name, tensor in whole.average.items():
        assert torch.equal(tensor, again.average[name]), name


def test_the_next_stretch_goes_on_from_the_last_at_its_own_size(network, tmp_path, pictures, teacher):
    following = Stretch(stage=1, crops=8, size=84, frozen=6, batch=4, regressed=16)
    run = trained(network, tmp_path, pictures, teacher, STRETCH, following)
    assert [stretch["settings"] for stretch in run.history] == [asdict(STRETCH), asdict(following)]
    assert [stretch["warm_up"] for stretch in run.history] == [WARM_UP, 0]  # its optimiser was kept
    assert run.crops == 24
    assert run.network.backbone.grid == (6, 6)
    assert run.averaged().backbone.grid == (6, 6)
    assert json.loads((tmp_path / "history.json").read_text()) == run.history
