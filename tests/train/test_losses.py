"""Every loss term, worked out by hand on tensors small enough to do so."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import tensor

from explorer.model.backbone import TokenShape, build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.heads import GlobalAggregationHead, Readout
from explorer.model.multi_exit import MultiExitViT, Outputs
from explorer.trace import Exit
from explorer.train.losses import (
    depth_weighted,
    exits_only,
    final_only,
    gram,
    heterogeneous_distillation,
    homogeneous_distillation,
    prediction_distillation,
    ramped_sum,
    self_distillation,
)

LN2, LN3, LN4 = np.log([2, 3, 4])
LABELS = tensor([0])
# Cross-entropy with label 0: ln 2, ln 4/3, ln 4.
EVEN, SURE, WRONG = tensor([[0.0, 0.0]]), tensor([[LN3, 0.0]]), tensor([[0.0, LN3]])


def outputs_of(logits=(), final=EVEN, features=(), hidden=None):
    return Outputs(list(logits), list(features), final, torch.zeros(1, 1, 1) if hidden is None else hidden)


def network_of(*exits, **facts):
    """Only what the losses ask of a network."""
    return SimpleNamespace(exits=tuple(Exit(b, k) for b, k in exits), **facts)


# --- labels ---


def test_final_only_is_the_final_read_outs_cross_entropy():
    assert final_only(None, outputs_of([WRONG], SURE), LABELS, 0.0).item() == pytest.approx(LN4 - LN3)


def test_cross_entropy_is_a_mean_over_the_batch():
    final = torch.cat([SURE, SURE])
    loss = final_only(None, outputs_of(final=final), tensor([0, 1]), 0.0)
    assert loss.item() == pytest.approx(((LN4 - LN3) + LN4) / 2)


def test_depth_weighted_weighs_by_block_number():
    network = network_of((4, "linear"), (6, "linear"), (12, "final"))
    loss = depth_weighted(network, outputs_of([EVEN, WRONG], SURE), LABELS, 0.0)
    assert loss.item() == pytest.approx((4 * LN2 + 6 * LN4 + 12 * (LN4 - LN3)) / 22)


@pytest.mark.parametrize(
    ("progress", "weights"), [(0.0, (0.01, 0.01)), (1.0, (0.25, 0.5)), (0.5, (0.13, 0.255))]
)
def test_ramped_sum_rises_from_a_hundredth_to_the_share_of_the_cost(progress, weights):
    network = network_of(
        (4, "linear"), (6, "linear"), (12, "final"), macs=np.array([25, 50, 110]), macs_full=100
    )
    loss = ramped_sum(network, outputs_of([EVEN, WRONG], SURE), LABELS, progress)
    assert loss.item() == pytest.approx((LN4 - LN3) + weights[0] * LN2 + weights[1] * LN4)


def test_exits_only_is_a_plain_sum_without_the_final_exit():
    loss = exits_only(None, outputs_of([EVEN, WRONG], SURE), LABELS, 0.5)
    assert loss.item() == pytest.approx(LN2 + LN4)


# --- the final read-out's answers ---


def test_prediction_distillation_is_kl_from_the_teacher_at_temperature_2_over_all_elements():
    teacher, student = tensor([[2 * LN3, 0.0]]), EVEN  # at temperature 2: (3/4, 1/4) and (1/2, 1/2)
    kl = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    assert prediction_distillation(student, teacher).item() == pytest.approx(4 * kl / 2)
    backwards = 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)
    assert prediction_distillation(teacher, student).item() == pytest.approx(4 * backwards / 2)
    # A batch of two, one of which agrees already: four elements.
    both = prediction_distillation(torch.cat([student, teacher]), torch.cat([teacher, teacher]))
    assert both.item() == pytest.approx(4 * kl / 4)


def test_a_student_that_agrees_costs_nothing():
    assert prediction_distillation(SURE, SURE + 5).item() == pytest.approx(0, abs=1e-6)


def test_the_teacher_is_not_taught():
    teacher, student = SURE.clone().requires_grad_(), EVEN.clone().requires_grad_()
    prediction_distillation(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0


# --- features: from the last block to the first and last head of each kind ---


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def channel_kl(student, teacher):
    """Sum over tokens and channels of p (ln p - ln q), mean over images."""
    p, q = log_softmax(np.asarray(teacher, float)), log_softmax(np.asarray(student, float))
    return (np.exp(p) * (p - q)).sum() / len(p)


GRID, WIDTH = (3, 3), 8
ALIKE = SimpleNamespace(prefix=1, blocks=7, shape=lambda _block: "the same behind every block")


def lgvit_like():
    """Three local heads, then GAHs of strides 2, 2 and 3, one prefix token, nine patches."""
    kinds = ["lph-dw", "lph-dw", "lph-pw", "gah", "gah", "gah"]
    gahs = [
        GlobalAggregationHead(TokenShape(GRID, WIDTH, 1), Readout(WIDTH, 2, 1), stride=s) for s in (2, 2, 3)
    ]
    exits = [(b, k) for b, k in enumerate(kinds, start=1)]
    return network_of(*exits, (7, "final"), heads=[None] * 3 + gahs, backbone=ALIKE)


@pytest.fixture
def features():
    """For two images: 9 tokens of each local head, 4, 4 and 1 of the global ones; the last block's tokens."""
    rng = torch.Generator().manual_seed(0)
    counts = [9, 9, 9, 4, 4, 1]
    return [torch.randn(2, n, WIDTH, generator=rng) for n in counts], torch.randn(2, 10, WIDTH, generator=rng)


def test_heterogeneous_distillation_teaches_the_first_and_last_of_each_kind(features):
    seen, hidden = features
    patches = hidden[:, 1:].numpy()
    every_second, every_third = [0, 2, 6, 8], [0]  # of a 3 x 3 grid, row by row
    expected = (
        channel_kl(seen[0], patches)
        + channel_kl(seen[2], patches)
        + channel_kl(seen[3], patches[:, every_second])
        + channel_kl(seen[5], patches[:, every_third])
    )
    loss = heterogeneous_distillation(lgvit_like(), outputs_of(features=seen, hidden=hidden))
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_heterogeneous_distillation_by_hand():
    network = network_of((1, "lph-pw"), (2, "final"), backbone=ALIKE)
    hidden = tensor([[[9.0, 9.0], [LN3, 0.0], [0.0, 0.0]]])  # [CLS], then patches (3/4, 1/4) and (1/2, 1/2)
    student = torch.zeros(1, 2, 2)
    loss = heterogeneous_distillation(network, outputs_of(features=[student], hidden=hidden))
    assert loss.item() == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))  # one head, taught once


def test_the_last_block_is_not_taught(features):
    seen, hidden = features
    hidden.requires_grad_()
    seen = [f.requires_grad_() for f in seen]
    heterogeneous_distillation(lgvit_like(), outputs_of(features=seen, hidden=hidden)).backward()
    assert hidden.grad is None
    assert [f.grad is not None for f in seen] == [True, False, True, True, False, True]


# --- features: from the deepest head of each kind to the others ---


def test_a_gram_matrix_is_the_channels_products_summed_over_tokens():
    assert gram(tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist() == [[[10, 14], [14, 20]]]


def test_homogeneous_distillation_by_hand():
    network = network_of((1, "lph-dw"), (2, "lph-pw"), (3, "gah"), (4, "gah"), (5, "final"))
    local = [tensor([[[1.0, 2.0]]]), tensor([[[3.0, 2.0]]])]  # squared error (4 + 0) / 2
    distant = [tensor([[[1.0, 0.0], [0.0, 1.0]]]), tensor([[[1.0, 2.0]]])]  # 2 tokens against 1
    # Gram matrices: the identity, and (1 2; 2 4): (0 + 4 + 4 + 9) / 4
    loss = homogeneous_distillation(network, outputs_of(features=[*local, *distant]))
    assert loss.item() == pytest.approx(2 + 17 / 4)


def test_homogeneous_distillation_teaches_all_but_the_deepest_of_each_kind(features):
    seen = [f.requires_grad_() for f in features[0]]
    loss = homogeneous_distillation(lgvit_like(), outputs_of(features=seen, hidden=features[1]))
    expected = sum(((seen[i] - seen[2]) ** 2).mean() for i in (0, 1))
    grams = [f.transpose(1, 2) @ f for f in seen]
    expected = expected + sum(((grams[i] - grams[5]) ** 2).mean() for i in (3, 4))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    loss.backward()
    assert [f.grad is not None for f in seen] == [True, True, False, True, True, False]


# --- the whole second stage ---


def test_self_distillation_weighs_its_four_terms(features):
    network, (seen, hidden) = lgvit_like(), features
    logits = [torch.randn(2, 2, generator=torch.Generator().manual_seed(i)) for i in range(6)]
    labels, final = tensor([0, 1]), torch.tensor([[1.0, -1.0], [0.5, 2.0]])
    outputs = outputs_of(logits, final, seen, hidden)
    expected = (
        0.7 * exits_only(network, outputs, labels, 0)
        + 0.3 * sum(prediction_distillation(z, final) for z in logits)
        + 0.01 * heterogeneous_distillation(network, outputs)
        + 0.01 * homogeneous_distillation(network, outputs)
    )
    assert self_distillation(network, outputs, labels, 0.3).item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_second_stage_reaches_every_head_and_nothing_of_a_frozen_backbone():
    torch.manual_seed(0)
    backbone = build_backbone(
        "vit", img_size=12, patch_size=4, num_classes=3, embed_dim=8, depth=5, num_heads=2
    )
    network = MultiExitViT(backbone, lgvit_exits((1, 2, 3, 4)))
    network.backbone.requires_grad_(False)
    outputs = network(torch.randn(4, 3, 12, 12))
    self_distillation(network, outputs, tensor([0, 1, 2, 0]), 0.0).backward()
    assert all(p.grad is None for p in network.backbone.parameters())
    assert all(p.grad is not None for p in network.heads.parameters())
    for head in network.heads:
        assert head.classifier.linears[0].weight.grad.abs().sum() > 0
