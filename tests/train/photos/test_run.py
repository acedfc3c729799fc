"""Stretches of training, tiny ones: what learns, how fast, and how a run goes on."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from explorer.train.checkpoint import Stopped
from explorer.train.photos import distil
from explorer.train.photos.distil import Run
from explorer.train.photos.readouts import PENALTY, even, read, read_outs, rebalance
from explorer.train.photos.stretch import FINAL, LAYER_DECAY, Stretch, rate
from explorer.train.photos.student import at_size, seen_by
from explorer.train.ridge import solve
from tests.train.photos.tiny import STRETCH, trained

HEADS = Stretch(stage=2, crops=8, size=56, batch=4, solved=16)


def changes(run, before):
    return {n for n, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[n])}


def test_what_is_frozen_stays_and_the_rest_learns(network, tmp_path, photographs, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = trained(network, tmp_path, photographs, teacher, STRETCH)
    changed = changes(run, before)
    assert not any(f"blocks.{block}." in name for name in changed for block in range(6))
    assert all(f"backbone.vit.blocks.{block}.attn.qkv.weight" in changed for block in range(6, 12))
    assert {"backbone.vit.head.weight", "heads.0.classifier.linears.0.weight"} <= changed
    assert "backbone.vit.pos_embed" not in changed
    assert run.crops == 16
    average = run.averaged().state_dict()["backbone.vit.head.weight"]
    assert not torch.equal(average, before["backbone.vit.head.weight"])  # follows
    assert not torch.equal(average, run.network.state_dict()["backbone.vit.head.weight"])  # behind
    assert [row["crops"] for row in run.history[0]["curve"]] == [0, 16]


def test_every_line_of_the_curve_is_measured_once(network, tmp_path, photographs, teacher, monkeypatch):
    monkeypatch.setattr(distil, "MEASURE_EVERY", STRETCH.crops // 2)
    measured = []
    run = Run(network, [], tmp_path)
    run.train(STRETCH, photographs, teacher, lambda _: measured.append(run.crops) or {"first": 0.5})
    assert measured == [0, 8, 16]
    assert [row["crops"] for row in run.history[0]["curve"]] == measured


def test_student_and_teacher_run_in_the_precision_asked_for(network, tmp_path, photographs, teacher):
    stretch, losses, lessons = replace(STRETCH, own=0.5, exits_every=1, solved=8, size=70), [], []

    def watched(views):
        lessons.append(torch.is_autocast_enabled("cpu"))
        return teacher(views)

    for precision in ("float32", "bfloat16"):
        run = Run(at_size(network, 56), [], tmp_path / precision, precision=precision)
        run.begin(stretch, photographs, watched)
        run.prepare(stretch)
        losses.append(run.take_step(stretch, photographs, watched))
        assert run.averaged().precision == getattr(torch, precision)
        assert {p.dtype for p in run.network.parameters()} == {torch.float32}
    exact, quick = losses
    assert exact != quick
    assert quick == pytest.approx(exact, rel=0.02)
    # the first of each four, on grey, only tells teachers apart: it runs exactly
    assert lessons == [False] * 4 + [False, True, True, True]


def test_stage_two_moves_the_heads_alone(network, tmp_path, photographs, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = trained(network, tmp_path, photographs, teacher, HEADS)
    changed = changes(run, before)
    # The final read-out is solved where the stage begins, and then stays.
    final = {"backbone.vit.head.weight", "backbone.vit.head.bias"}
    assert final < changed
    assert all(name.startswith("heads.") for name in changed - final)
    for name in final:
        torch.testing.assert_close(run.average[name], run.network.state_dict()[name], rtol=0, atol=0)


def test_a_network_that_teaches_itself_asks_no_teacher_and_begins_where_it_stood(
    network, tmp_path, photographs, teacher, monkeypatch
):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    stretch = replace(STRETCH, own=1.0, exits_every=1, solved=0, crops=4)
    lessons = []
    told = distil.by_teacher
    monkeypatch.setattr(distil, "by_teacher", lambda *args: lessons.append(args[:3]) or told(*args))

    def none(_):
        raise AssertionError("a teacher was asked")

    run = Run(network, [{"settings": {}, "seen": 0, "seconds": 0.0, "curve": [], "done": True}], tmp_path)
    run.train(stretch, photographs, none, lambda _: {"first": 0.5, "five": 0.75})
    ((_, outputs, answers),) = lessons
    torch.testing.assert_close(outputs.final, answers)  # it says what it said
    assert len(outputs.logits) == 5  # behind blocks 7 to 11; those behind frozen blocks are left alone
    assert not any(
        f"blocks.{block}." in n or f"heads.{block}." in n for n in changes(run, before) for block in range(3)
    )
    run.save()
    again = Run(at_size(network, 56), [], tmp_path)
    assert again.resume()
    for name, tensor in again._before(stretch).state_dict().items():
        assert torch.equal(tensor, before[name]), (
            name
        )  # as it stood when the stretch began, after a resume too


def test_the_final_read_out_has_its_share_of_the_loss(network, tmp_path, photographs, teacher):
    def loss(final_share):
        stretch = replace(STRETCH, own=0.5, exits_every=1, solved=0, final_share=final_share)
        run = Run(at_size(network, 56), [], tmp_path / str(final_share))
        run.begin(stretch, photographs, teacher)
        run.prepare(stretch)
        return run.take_step(stretch, photographs, teacher)

    exits, final = loss(0.0), loss(1.0)
    assert exits != pytest.approx(final, rel=5e-4)
    assert loss(0.25) == pytest.approx(0.75 * exits + 0.25 * final, rel=1e-5)


def test_half_of_the_lesson_can_be_its_own(network, tmp_path, photographs, teacher, monkeypatch):
    lessons = []
    told = distil.by_teacher
    monkeypatch.setattr(distil, "by_teacher", lambda *args: lessons.append(args[1:3]) or told(*args))
    taught = []
    stretch = replace(STRETCH, own=0.5, crops=4)
    trained(network, tmp_path, photographs, lambda seen: taught.append(teacher(seen)) or taught[-1], stretch)
    ((outputs, answers),) = lessons
    torch.testing.assert_close(answers, (taught[-1] + outputs.final) / 2, rtol=1e-4, atol=1e-4)


def test_where_a_stretch_begins_read_outs_are_solved_on_the_average(network, tmp_path, photographs, teacher):
    run = trained(network, tmp_path, photographs, teacher, STRETCH)
    expected = run.averaged()
    seen = [run._views(photographs, HEADS, distil.APART + i, mild=True) for i in range(4)]
    inputs, answers = read(expected, lambda i: (seen_by(seen[i], 56), teacher(seen[i])), 4)
    *early, final = read_outs(expected)
    lessons = answers
    for linear, there in ((final, inputs[-1]), *zip(early, inputs, strict=False)):
        solve(linear, there, lessons, PENALTY)
        even(linear, there, lessons)
        rebalance(linear, linear(there))
        if linear is final:  # the exits learn from it and from the teacher, in equal parts
            lessons = (answers + linear(there).detach()) / 2
    run.begin(HEADS, photographs, teacher)
    for name, tensor in run.network.state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[name]), name
        assert torch.equal(tensor, run.average[name]), name
    run.average["backbone.vit.head.bias"].add_(1)  # the two stay apart
    assert not torch.equal(
        run.average["backbone.vit.head.bias"], run.network.state_dict()["backbone.vit.head.bias"]
    )


def test_a_reading_is_named_by_the_teacher_and_the_views_it_is_of(network, tmp_path, photographs, teacher):
    run = Run(network, [], tmp_path)
    name = run._reading(STRETCH, photographs, teacher)
    assert name == run._reading(replace(STRETCH, solved=99), photographs, teacher)  # more views: goes on
    others = [
        run._reading(STRETCH, photographs, lambda seen: teacher(seen) + torch.arange(1000)),
        run._reading(replace(STRETCH, seed=1), photographs, teacher),
        run._reading(replace(STRETCH, size=112), photographs, teacher),
    ]
    assert len({name, *others}) == 4


def test_a_stretch_that_solves_nothing_keeps_the_read_outs(network, tmp_path, photographs, teacher):
    run = trained(network, tmp_path, photographs, teacher, STRETCH)
    before = run.averaged().state_dict()
    run.begin(replace(HEADS, solved=0), photographs, teacher)
    for name, tensor in run.network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_the_heads_of_a_new_run_pass_tokens_on_and_their_read_outs_are_solved(
    network, tmp_path, photographs, teacher
):
    before = at_size(network, 56)
    run = Run(network, [], tmp_path)
    run.begin(STRETCH, photographs, teacher)
    for name, tensor in run.network.backbone.state_dict().items():
        assert name.startswith("vit.head.") or torch.equal(tensor, before.backbone.state_dict()[name]), name
    for head in run.network.heads[:4]:
        assert head.local.project[-1].weight.abs().max() == 0
    for head, old in zip(run.network.heads, before.heads, strict=True):
        assert not torch.equal(head.classifier.linears[0].weight, old.classifier.linears[0].weight)
    run.step = 1  # cut off: what was begun is not begun again
    weight = run.network.heads[0].classifier.linears[0].weight.detach().clone()
    run.begin(STRETCH, photographs, teacher)
    assert len(run.history) == 1
    assert torch.equal(run.network.heads[0].classifier.linears[0].weight, weight)


def test_heads_learn_fastest_and_the_embedding_slowest(network, tmp_path, photographs, teacher):
    stretch = replace(STRETCH, frozen=0, lr=1e-4, lr_heads=5e-4)
    run = Run(network, [], tmp_path)
    run.begin(stretch, photographs, teacher)
    run.prepare(stretch)
    groups = run.optimiser.param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    vit = run.network.backbone.vit
    assert rates[id(vit.head.weight)] == rates[id(run.network.heads[0].local.expand[0].weight)] == 5e-4
    assert rates[id(vit.norm.weight)] == rates[id(vit.blocks[11].attn.qkv.weight)] == 1e-4
    np.testing.assert_allclose(rates[id(vit.blocks[9].mlp.fc1.weight)], 1e-4 * LAYER_DECAY**2)
    np.testing.assert_allclose(rates[id(vit.pos_embed)], 1e-4 * LAYER_DECAY**12)
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert decays[id(vit.blocks[9].mlp.fc1.weight)] == distil.WEIGHT_DECAY
    assert decays[id(vit.head.weight)] == distil.WEIGHT_DECAY
    assert decays[id(vit.head.bias)] == decays[id(vit.norm.weight)] == 0


def test_the_rate_rises_stays_and_falls_in_the_last_third():
    assert [rate(step, 0.0, 3) for step in (0, 1, 2, 3, 99)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    progress = (0.0, 1 - FINAL, 1 - FINAL / 2, 1.0)
    np.testing.assert_allclose([rate(999, p) for p in progress], [1, 1, 0.5, 0], atol=1e-12)


def test_a_stretch_ends_by_its_clock_where_that_is_sooner(network, tmp_path, photographs, teacher):
    run = trained(network, tmp_path, photographs, teacher, replace(STRETCH, crops=10**6, minutes=1e-6))
    assert run.history[0]["done"]
    assert run.crops == 4  # one step, whose end was past the clock
    run.history[0]["seconds"] = 30.0
    assert run.progress(replace(STRETCH, crops=10**6, minutes=1.0)) == 0.5


def test_a_stretch_of_no_views_solves_the_read_outs_alone(network, tmp_path, photographs, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = Run(network, [{"settings": {}, "seen": 4, "seconds": 1.0, "curve": [], "done": True}], tmp_path)
    run.train(replace(HEADS, crops=0), photographs, teacher, lambda _: {"first": 0.5})
    linears = {"backbone.vit.head.weight", "backbone.vit.head.bias"}
    linears |= {f"heads.{i}.classifier.linears.0.{part}" for i in range(8) for part in ("weight", "bias")}
    assert changes(run, before) == linears
    assert [row["crops"] for row in run.history[1]["curve"]] == [4]
    assert run.history[1]["done"]


def test_a_run_told_to_stop_ends_as_one_that_was_not(network, tmp_path, photographs, teacher, monkeypatch):
    whole = trained(at_size(network, 56), tmp_path / "whole", photographs, teacher, STRETCH)
    take_step = Run.take_step

    def stop_at_the_second(self, *args):
        loss = take_step(self, *args)
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    monkeypatch.setattr(Run, "take_step", stop_at_the_second)
    with pytest.raises(Stopped):
        trained(at_size(network, 56), tmp_path / "cut", photographs, teacher, STRETCH)
    monkeypatch.undo()
    torch.manual_seed(99)
    again = trained(at_size(network, 56), tmp_path / "cut", photographs, teacher, STRETCH)
    assert again.crops == whole.crops == 16
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name]), name
    for name, tensor in whole.average.items():
        assert torch.equal(tensor, again.average[name]), name


def test_a_stretch_from_before_a_setting_existed_goes_on_if_it_has_its_default(
    network, tmp_path, photographs, teacher
):
    run = Run(network, [], tmp_path)
    run.begin(STRETCH, photographs, teacher)
    del run.history[0]["settings"]["final_share"]
    run.begin(STRETCH, photographs, teacher)
    assert len(run.history) == 1
    run.begin(replace(STRETCH, final_share=0.3), photographs, teacher)  # another stretch
    assert len(run.history) == 2


def test_a_run_told_to_stop_while_it_solves_read_outs_stops_there(network, tmp_path, photographs, teacher):
    asked = []

    def stopping(seen):
        asked.append(len(seen))
        os.kill(os.getpid(), signal.SIGTERM)
        return teacher(seen)

    with pytest.raises(Stopped):
        trained(network, tmp_path, photographs, stopping, STRETCH)
    assert len(asked) == 1
    assert not (tmp_path / "last.pt").exists()  # nothing was learned: the same command begins again


def test_a_training_that_meets_an_exception_ends_with_it(network, tmp_path, photographs):
    def broken(_):
        raise RuntimeError("the teacher fell ill")

    with pytest.raises(RuntimeError, match="the teacher fell ill"):
        trained(network, tmp_path, photographs, broken, STRETCH)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_next_stretch_goes_on_from_the_last_at_its_own_size(network, tmp_path, photographs, teacher):
    following = Stretch(stage=1, crops=8, size=84, frozen=6, batch=4, solved=16)
    run = trained(network, tmp_path, photographs, teacher, STRETCH, following)
    assert [stretch["settings"] for stretch in run.history] == [asdict(STRETCH), asdict(following)]
    assert run.crops == 24
    assert run.network.backbone.grid == (6, 6)
    assert run.averaged().backbone.grid == (6, 6)
    assert json.loads((tmp_path / "history.json").read_text()) == run.history


def test_the_distiller_runs_bare():
    """Beside a large GPU there is no gradio, typer, rich, captum or plotly."""
    absent = ("gradio", "typer", "rich", "captum", "plotly", "huggingface_hub")
    code = (
        f"import sys\nfor name in {absent}: sys.modules[name] = None\n"
        "import explorer.train.photos.distil, explorer.train.photos.measure, explorer.train.photos.teacher"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
