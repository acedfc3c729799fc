"""What a rule's images take is the sum of the stretches they walk, each measured once for all rules."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.evaluate import matched
from explorer.evaluate import pace as module
from explorer.evaluate.pace import SIZES, Pace, pace_of
from explorer.model import multi_exit
from explorer.model.bundle import load_model_folder
from explorer.rules import RULES, Reader, Rule, Verdict
from tests.evaluate.test_matched import record, row

# Two exits; walks of 1, 4, 16 and 64 images took so many ms in each of the two stretches.
NETWORK = np.array([[2.0, 10.0], [4.0, 20.0], [16.0, 32.0], [64.0, 64.0]])
OWN = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 1.0], [4.0, 4.0]])
PACE = Pace(NETWORK, {("classes", "free"): np.zeros((4, 2)), ("classes", "dear"): OWN})


def test_an_image_alone_takes_the_stretches_up_to_where_it_leaves_and_the_rule_s_own_steps():
    fired = np.array([0, 0, 1])
    assert PACE.alone("classes", "free", fired) == pytest.approx((2 + 2 + 12) / 3)
    assert PACE.alone("classes", "dear", fired) == pytest.approx((2.5 + 2.5 + 13) / 3)


def test_a_batch_takes_each_stretch_with_the_images_that_are_still_in_it():
    fired = np.zeros(128, np.int64)
    fired[:4] = (
        1  # the first 64 have four that stay; the second 64 all leave, and nobody runs the second stretch
    )
    assert PACE.together("classes", "free", fired) == pytest.approx((64 + 20 + 64) / 2 / 64)
    fired[10] = 1  # five: between what four and sixteen took
    assert PACE.together("classes", "free", fired) == pytest.approx((64 + 21 + 64) / 2 / 64)
    extra = np.append(fired, [1] * 30)  # no full batch
    assert PACE.together("classes", "free", extra) == PACE.together("classes", "free", fired)


def test_fewer_images_than_a_batch_are_one_batch():
    assert PACE.together("classes", "dear", np.array([0, 0, 1, 0])) == pytest.approx((4.5 + 10.5) / 4)


@pytest.fixture
def model(tiny_model_folder, monkeypatch):
    """A network on a clock of its own: a block takes 1 ms an image, a step of the rule "slow" 3 ms."""
    loaded = load_model_folder(tiny_model_folder)
    seconds = [0.0]
    advance = loaded.network.advance

    def slowly(tokens, done, until, watch=None):
        seconds[0] += 0.001 * len(tokens) * (until - done)
        return advance(tokens, done, until, watch)

    class Slow(Reader):
        def step(self, exit, seen):  # noqa: ARG002
            seconds[0] += 0.003
            return Verdict(seen.confidence)

    monkeypatch.setattr(loaded.network, "advance", slowly)
    monkeypatch.setattr(module, "perf_counter", lambda: seconds[0])
    monkeypatch.setattr(multi_exit, "perf_counter", lambda: seconds[0])
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setitem(RULES, "slow", Rule("slow", "Slow", "", "", "", "", 0, 1, 1, 1, Slow))
    return loaded


def images(count):
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(2))


def test_the_network_and_each_rule_s_own_steps_are_timed_apart_at_every_grain(model):
    lines = []
    found = pace_of(model, images(6), lines.append)
    assert [line.split("timing ")[1] for line in lines] == [
        "1 image at a time",
        "4 images at a time",
        "16 images at a time",
        "64 images at a time",
    ]
    blocks = np.diff([0, *(exit_.block for exit_ in model.network.exits)])
    np.testing.assert_allclose(found.network, np.outer(SIZES, blocks))  # images are taken again where few
    grains = {"classes", *(grain.name for grain in model.grains)}
    assert {grain for grain, rule in found.rules if rule == "slow"} == grains
    for (_, rule), own in found.rules.items():
        np.testing.assert_allclose(own, 3 if rule == "slow" else 0)


def test_the_sum_is_what_images_take_that_really_leave(model):
    inputs = images(64)
    pace = pace_of(model, inputs)
    trace = model.network.analyse(inputs)
    for share in (0.0, 0.5, 0.9, 1.0):
        threshold = np.quantile(trace.scores["confidence"], share)
        ran = model.network.infer(inputs, RULES["slow"], threshold)
        alone = [model.network.infer(one[None], RULES["slow"], threshold).ms[0] for one in inputs]
        assert pace.alone("classes", "slow", ran.exit) == pytest.approx(np.mean(alone))
        assert 64 * pace.together("classes", "slow", ran.exit) == pytest.approx(ran.ms.max())


def test_it_is_timed_on_one_thread_and_the_others_are_given_back(model, monkeypatch):
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        infer = model.network.infer
        monkeypatch.setattr(
            model.network, "infer", lambda *given: seen.append(torch.get_num_threads()) or infer(*given)
        )
        pace_of(model, images(2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}


def test_a_row_has_times_where_a_pace_is_given():
    found = record()
    records = {"validation": found, "test": found}
    pace = Pace(NETWORK, {("classes", rule): OWN for rule in found.scores})
    given = row(matched.matched(records, pace), "confidence", 2.0)
    assert given.block == 1  # all four leave at the first exit
    assert (given.ms_1, given.ms_64) == (2.5, 4.5 / 4)
    assert replace(given, ms_1=None, ms_64=None) == row(matched.matched(records), "confidence", 2.0)
