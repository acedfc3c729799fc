"""Grades on networks whose right answer is known: one that sees a single patch, and one whose weights are shuffled."""

import numpy as np
import pytest
import torch

from explorer.explain import grading
from explorer.explain.grading import area, edges, grade, reduced
from explorer.explain.map import Map, Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.explain.sanity import likeness, randomise, sanity
from explorer.model.backbone import build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT

GRID = (4, 4)
EXITS = [ExitSpec(2, "lph-pw"), ExitSpec(3, "linear")]


@pytest.fixture
def network():
    torch.manual_seed(0)
    backbone = build_backbone(
        "vit", img_size=32, patch_size=8, num_classes=3, embed_dim=32, depth=4, num_heads=2
    )
    network = MultiExitViT(backbone, EXITS)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.5 if "head" in name else 0.2)
    return network.eval()


def one_patch(images, row=1, column=2):
    """Logits of a network that is sure of class 1 exactly as far as one patch is bright."""
    bright = images[:, 0, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8].mean(dim=(1, 2))
    return torch.stack([torch.zeros_like(bright), bright * 4 - 2, torch.full_like(bright, -30)], dim=1)


def test_the_map_of_the_patch_that_matters_wins_and_its_curves_are_steps(network, monkeypatch):
    monkeypatch.setattr(grading, "logits_of", lambda _n, images, _e: one_patch(images))
    values = np.zeros(GRID, np.float32)
    values[1, 2] = 1
    graded = grade(network, torch.ones(1, 1, 32, 32), Target(0, (1,)), Map(values, False, "logit"))
    sure, unsure = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))
    shown = graded["curves"]["shown"]
    # Covered with the mean colour, 0, the patch is dark at once and stays so.
    assert shown["deletion"]["values"] == pytest.approx([sure] + [unsure] * 10, abs=1e-4)
    assert graded["fractions"][0] == 0
    assert graded["fractions"][-1] == 1
    assert graded["fractions"][1] == pytest.approx(2 / 16, abs=1e-4)
    assert shown["deletion"]["area"] == pytest.approx(unsure + (sure - unsure) * 2 / 16 / 2, abs=1e-3)
    random = graded["curves"]["random"]["deletion"]["values"]
    assert random[0] == pytest.approx(sure, abs=1e-4)
    assert random[-1] == pytest.approx(unsure, abs=1e-4)
    assert graded["curves"]["random"]["deletion"]["area"] > shown["deletion"]["area"]


def test_insertion_starts_blurred_and_ends_with_the_picture(network, monkeypatch):
    monkeypatch.setattr(grading, "logits_of", lambda _n, images, _e: one_patch(images))
    image = torch.zeros(1, 1, 32, 32)
    image[..., 8:16, 16:24] = 1
    values = np.zeros(GRID, np.float32)
    values[1, 2] = 1
    graded = grade(network, image, Target(0, (1,)), Map(values, False, "logit"))
    curve = graded["curves"]["shown"]["insertion"]["values"]
    sure = 1 / (1 + np.exp(-2))
    assert curve[0] < sure - 0.01  # some of the patch's light is blurred away
    assert curve[1:] == pytest.approx([sure] * 10, abs=1e-4)


def test_a_groups_probability_is_the_sum_of_its_members(network):
    image = torch.randn(1, 3, 32, 32)
    one = Map(np.arange(16, dtype=np.float32).reshape(GRID), False, "logit")
    whole = grade(network, image, Target(2, (0, 1, 2)), one)["curves"]["shown"]["deletion"]
    assert whole["values"] == pytest.approx([1.0] * 11, abs=1e-4)
    assert whole["area"] == pytest.approx(1.0, abs=1e-4)


def test_the_area_under_a_falling_line_is_a_triangle():
    assert area(np.array([0, 0.5, 1.0]), np.array([1, 0.5, 0.0])) == 0.5


def test_edges_are_where_the_brightness_changes_and_nowhere_at_the_border():
    image = torch.zeros(1, 2, 8, 8)
    image[..., 4:] = 1
    found = edges(image)
    assert (found[:, 3:5] == 4).all()  # Sobel's weights 1 + 2 + 1
    assert (found[:, :3] == 0).all()
    assert (found[:, 5:] == 0).all()


def test_one_map_is_taken_of_an_answer_with_axes(network):
    values = np.random.default_rng(0).random((4, 2, 4, 4)).astype(np.float32)
    many = Map(values, False, "attention", ("block", "head"))
    np.testing.assert_allclose(reduced(many, network, 0, {}).values, values[1].mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(reduced(many, network, 0, {"block": 3, "head": 1}).values, values[3, 1])


def test_the_likeness_of_maps_is_spearmans_of_their_sizes():
    def of(*values):
        return Map(np.array([values], np.float32), True, "logit")

    assert likeness(of(1, 2, 3, 4), of(-10, 20, 30, 100), (1, 4)) == 1.0
    assert likeness(of(1, 2, 3, 4), of(4, 3, 2, 1), (1, 4)) == -1.0
    # Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: covariance 1.125, deviations (1.125 * 1.25) ** 0.5.
    assert likeness(of(1, 2, 2, 4), of(1, 2, 3, 4), (1, 4)) == pytest.approx(0.9487, abs=1e-4)
    assert likeness(of(1, 2, 3, 4), of(0, 0, 0, 0), (1, 4)) is None
    assert likeness(of(1, 2, 3, 4), of(5, 5, 5, 5), (1, 4)) is None


@torch.no_grad()
def test_shuffling_keeps_every_parameters_entries_and_forgets_their_places(network):
    after = network.backbone.layers[0].attn.qkv.weight
    before = after.clone()
    randomise(after, torch.Generator().manual_seed(1))
    assert torch.equal(before.flatten().sort().values, after.flatten().sort().values)
    assert abs(float(np.corrcoef(before.flatten(), after.flatten())[0, 1])) < 0.1


def test_weights_are_lost_from_the_top_down_and_the_network_keeps_its_own(network):
    image = torch.randn(1, 3, 32, 32)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    stages = sanity("grad-cam", network, image, Target(2, (1,)))
    assert [(s["stage"], s["block"]) for s in stages] == [
        ("trained", None), ("head", None), ("blocks", 4), ("blocks", 2), ("blocks", 1), ("all", None),
    ]  # fmt: skip
    assert stages[0]["likeness"] == 1.0
    assert all(abs(s["likeness"]) <= 1 for s in stages if s["likeness"] is not None)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_rollout_does_not_notice_a_lost_head_but_a_lost_block(network):
    stages = sanity("rollout", network, torch.randn(1, 3, 32, 32), Target(1, (1,)))
    assert [s["block"] for s in stages] == [None, None, 3, 2, 1, None]
    assert stages[1]["likeness"] == 1.0
    assert stages[2]["likeness"] < 0.99


def test_the_map_that_is_on_show_is_the_one_that_loses_its_weights(network):
    image, target = torch.randn(1, 3, 32, 32), Target(0, (1,))
    attention = explain("attention", network, image, target)
    for index in ({"block": 0, "head": 1}, {"block": 1, "head": None}):
        first, *_ = sanity("attention", network, image, target, index)
        assert first["map"] == pack(attention.at(index["block"], index["head"]))
