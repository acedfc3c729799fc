"""Rules with learned parts: by hand, at the ends of their range, and never out of step between infer and analyse."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.backbone import build_backbone
from explorer.model.exits import ExitSpec, lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import RULES, Seen, Setting, decide
from explorer.rules.jei_dnn import statistics

EARLY, CLASSES, WIDTH = 5, 4, 16
LEARNED = [name for name, rule in RULES.items() if rule.addon in ("berxit", "jei-dnn", "palbert")]
TOP = np.nextafter(1, 2)


def parts_of(rng) -> dict[str, dict[str, np.ndarray]]:
    """Random parts of all addons, large enough that images leave at different exits."""

    def drawn(*shape, scale=1.0):
        return rng.normal(scale=scale, size=shape).astype(np.float32)

    def layer(name, out, width, scale=1.0):
        return {f"{name}.weight": drawn(out, width, scale=scale), f"{name}.bias": drawn(out)}

    return {
        "berxit": layer("probe", 1, WIDTH, 0.5),
        "jei-dnn": {
            "gates.weight": drawn(EARLY, 4),
            "gates.bias": drawn(EARLY) - 1,
            "classifiers.weight": drawn(EARLY, CLASSES, WIDTH, scale=0.1),
            "classifiers.bias": drawn(EARLY, CLASSES),
        },
        "palbert": layer("pooler", WIDTH, WIDTH, 0.3)
        | layer("classifier", CLASSES, WIDTH)
        | layer("lambda.0", 2 * WIDTH, 2 * WIDTH, 0.3)
        | layer("lambda.1", 2 * WIDTH, 2 * WIDTH, 0.3)
        | layer("lambda.2", 1, 2 * WIDTH, 0.3),
    }


@pytest.fixture(scope="module")
def network():
    """Heads of every kind, one without tokens of its own; large weights, so that exits disagree."""
    torch.manual_seed(3)
    backbone = build_backbone(
        "vit", img_size=16, patch_size=4, in_chans=3, num_classes=CLASSES,
        embed_dim=WIDTH, depth=6, num_heads=2, mlp_ratio=2,
    )  # fmt: skip
    network = MultiExitViT(backbone, [ExitSpec(1, "linear"), *lgvit_exits((2, 3, 4, 5))], "net").eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.5 if "linears" in name or "head" in name else 0.25)
    network.addons = parts_of(np.random.default_rng(0))
    return network


def images(count, seed=5):
    return torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def trace(network):
    return network.analyse(images(16))


@pytest.mark.parametrize("name", LEARNED)
@given(data=st.data())
@settings(deadline=None, max_examples=12)
def test_infer_leaves_answers_and_costs_as_decided_on_the_trace(network, trace, name, data):
    count = data.draw(st.integers(1, 16))
    scores = trace.scores[name][:count]
    values = np.unique(scores[:, :-1])
    gaps = np.flatnonzero(np.diff(values) > 1e-4)  # not so near a score that rounding decides
    places = [*(values[gaps] + values[gaps + 1]) / 2, values[0] - 0.01, TOP]
    each = data.draw(st.lists(st.sampled_from(places), min_size=EARLY, max_size=EARLY))
    limits = each if data.draw(st.booleans()) else each[0]
    left = network.infer(images(16)[:count], RULES[name], limits)
    fired = decide(scores, limits)
    assert left.exit.tolist() == fired.tolist()
    under = trace.under(name)
    np.testing.assert_allclose(left.logits, under.logits[:count][np.arange(count), fired], atol=1e-4)
    assert left.macs.tolist() == under.macs[fired].tolist()


@pytest.mark.parametrize("name", LEARNED)
def test_images_leave_at_different_exits(trace, name):
    scores = trace.scores[name]
    assert len(set(decide(scores, float(np.quantile(scores[:, :-1], 0.8))).tolist())) >= 3


@pytest.mark.parametrize("name", LEARNED)
def test_every_threshold_above_one_is_the_full_network_and_zero_the_first_exit(trace, name):
    assert (decide(trace.scores[name], TOP) == EARLY).all()
    assert (decide(trace.scores[name], 0.0) == 0).all()


def test_parts_of_other_exits_widths_or_classes_are_refused(network):
    good = parts_of(np.random.default_rng(0))
    for name, part, axis in (
        ("berxit", "probe.weight", 1),
        ("jei-dnn", "gates.weight", 0),
        ("jei-dnn", "classifiers.bias", 1),
        ("palbert", "pooler.weight", 1),
        ("palbert", "classifier.bias", 0),
        ("palbert", "lambda.0.weight", 1),
    ):
        network.addons = {**good, name: {**good[name], part: good[name][part].take([0, 1], axis=axis)}}
        with pytest.raises(ValueError, match=r"exits|channels|classes"):
            network.reader(RULES[name])
    network.addons = good


# --- by hand: one image, states and logits that need no network ---


def read(name, parts, states, logits=None, classes=2):
    """Verdicts of a rule on one image whose pooled state at exit e is `states[e]`."""
    states = np.asarray(states, np.float32)
    setting = Setting(len(states), classes, widths=(states.shape[1],) * len(states), parts=parts)
    reader = RULES[name].reader(setting)
    reader.begin(1)
    logits = np.zeros((len(states), classes)) if logits is None else np.asarray(logits)
    return [
        reader.step(e, Seen(logits[e : e + 1].astype(np.float32), tokens=states[e][None, None]))
        for e in range(len(states))
    ]


def test_the_probe_scores_one_minus_the_error_it_expects():
    # Of mean 0 and variance 1 already: 2 * 1 + 0 * (-1) + 1 = 3.
    parts = {"probe.weight": np.array([[2.0, 0.0]]), "probe.bias": np.array([1.0])}
    scores = [float(v.score[0]) for v in read("berxit", parts, [[1, -1], [-1, 1]])]
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(3)), 1 / (1 + np.exp(-1))], atol=1e-6)


def test_a_probe_costs_one_product_per_channel_and_exit(trace):
    assert trace.readings["berxit"].macs.tolist() == [WIDTH * e for e in range(1, EARLY + 2)]
    gates = [4 + CLASSES * WIDTH] * EARLY + [0]
    assert trace.readings["jei-dnn"].macs.tolist() == np.cumsum(gates).tolist()
    step = WIDTH * WIDTH + WIDTH * CLASSES + 2 * (2 * WIDTH) ** 2 + 2 * WIDTH
    assert trace.readings["palbert"].macs.tolist() == [step * e for e in range(1, EARLY + 2)]


def test_the_four_statistics_of_half_a_quarter_a_quarter():
    found = statistics(np.log([[0.5, 0.25, 0.25]]))[0]
    # p² is proportional to 4, 1, 1
    sharpened = -(2 / 3 * np.log(2 / 3) + 2 * 1 / 6 * np.log(1 / 6))
    np.testing.assert_allclose(found, [0.5, 1.5 * np.log(2), 0.25, sharpened], atol=1e-12)


def gates(biases, classes=2):
    early = len(biases)
    return {
        "gates.weight": np.zeros((early, 4)),
        "gates.bias": np.asarray(biases, float),
        "classifiers.weight": np.zeros((early, classes, 2)),
        "classifiers.bias": np.arange(early * classes, dtype=float).reshape(early, classes),
    }


def test_gates_share_an_image_among_the_exits():
    # g = 1/4, 1/2, 1/2: P = 1/4, 1/2, 1/4 (all that is left), 0; c = 1/4, (1/2) / (3/4), 1, 1.
    verdicts = read("jei-dnn", gates([-np.log(3), 0, 0]), [[0, 0]] * 4)
    np.testing.assert_allclose([v.looks["gate"][0] for v in verdicts], [0.25, 0.5, 0.5, 1])
    np.testing.assert_allclose([v.looks["share"][0] for v in verdicts], [0.25, 0.5, 0.25, 0])
    np.testing.assert_allclose([v.score[0] for v in verdicts], [0.25, 2 / 3, 1, 1])
    assert [None if v.answer is None else v.answer[0].tolist() for v in verdicts] == [
        [0, 1],
        [2, 3],
        [4, 5],
        None,
    ]


def test_gates_that_never_open_are_the_full_network_and_a_first_that_always_does_ends_it_there():
    shut = [v.score[0] for v in read("jei-dnn", gates([-1e4] * 3), [[0, 0]] * 4)]
    assert decide(shut, 0.5) == 3
    wide = [v.score[0] for v in read("jei-dnn", gates([1e4, -1e4, -1e4]), [[0, 0]] * 4)]
    assert decide(wide, 0.5) == 0
    assert not np.isnan(wide).any()


def halting(biases):
    """PALBERT's parts for two exits: a pooler and classifier that pass on, and λ = sigmoid(b + 2 h_before[0])."""
    last = {"lambda.0.weight": np.array([[0, 0, 2.0, 0]]), "lambda.0.bias": np.array([biases])}
    return last | {
        "pooler.weight": np.eye(2), "pooler.bias": np.zeros(2),
        "classifier.weight": np.eye(2), "classifier.bias": np.zeros(2),
    }  # fmt: skip


def test_the_halting_distribution_and_its_sum():
    # λ1 = 1/2 (no exit before); λ2 = sigmoid(2 tanh 1).
    second = 1 / (1 + np.exp(-2 * np.tanh(1)))
    verdicts = read("palbert", halting(0.0), [[1, -1], [-1, 1]])
    np.testing.assert_allclose([v.looks["halt"][0] for v in verdicts], [0.5, second], atol=1e-6)
    np.testing.assert_allclose([v.looks["share"][0] for v in verdicts], [0.5, second / 2], atol=1e-6)
    np.testing.assert_allclose([v.score[0] for v in verdicts], [0.5, 0.5 + second / 2], atol=1e-6)
    h = np.tanh(1)
    np.testing.assert_allclose([v.answer[0] for v in verdicts], [[h, -h], [-h, h]], atol=1e-6)


def test_q_below_the_first_share_leaves_at_once():
    scores = [v.score[0] for v in read("palbert", halting(0.0), [[1, -1], [-1, 1]])]
    assert decide(scores, 0.49) == 0
    assert decide(scores, 0.51) == 1


def test_mixed_answers_weigh_each_exit_by_its_share():
    states = [[1, -1], [-1, 1]]
    own = read("palbert", halting(0.0), states)
    mixed = read("palbert-mixed", halting(0.0), states)
    np.testing.assert_array_equal([v.score for v in mixed], [v.score for v in own])

    def chances(logits):
        return np.exp(logits) / np.exp(logits).sum()

    shares = np.array([v.looks["share"][0] for v in own])
    both = sum(s * chances(v.answer[0]) for s, v in zip(shares, own, strict=True)) / shares.sum()
    np.testing.assert_allclose(chances(mixed[0].answer[0]), chances(own[0].answer[0]), atol=1e-6)
    np.testing.assert_allclose(chances(mixed[1].answer[0]), both, atol=1e-6)


def test_a_network_that_never_halts_mixes_without_a_warning():
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        verdicts = read("palbert-mixed", halting(-1e4), [[1, -1], [-1, 1]])
    assert all(np.isfinite(v.answer).all() for v in verdicts)
