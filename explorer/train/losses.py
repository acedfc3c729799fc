"""The losses: LGViT's two stages, and those of the baselines on the same exits.

LGViT: Xu et al. 2023, arXiv 2308.00255. SDN: Kaya et al. 2019, arXiv 1810.07052. DeeBERT: Xin et al. 2020,
arXiv 2004.12993. Each takes the network, its outputs, the labels (N,) and how far training is, in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.model.heads import GlobalAggregationHead
from explorer.model.multi_exit import MultiExitViT, Outputs

# LGViT's coefficients: weight of the teacher's answers, temperature, weights of the two feature terms.
ALPHA, TEMPERATURE, HETEROGENEOUS, HOMOGENEOUS = 0.3, 2.0, 0.01, 0.01

Loss = Callable[[MultiExitViT, Outputs, Tensor, float], Tensor]


def final_only(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """Cross-entropy of the final read-out."""
    return F.cross_entropy(outputs.final, labels)


def depth_weighted(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """LGViT's stage 1 on odd steps: (sum_i b_i CE_i + B CE_final) / (sum_i b_i + B), b_i the exit's block."""
    blocks = [e.block for e in network.exits]
    answers = [*outputs.logits, outputs.final]
    total = sum(b * F.cross_entropy(a, labels) for b, a in zip(blocks, answers, strict=True))
    return total / sum(blocks)  # type: ignore[return-value]


def ramped_sum(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """SDN's joint loss: CE_final + sum_i tau_i CE_i, tau_i rising from 0.01 to the exit's share of cost."""
    total = F.cross_entropy(outputs.final, labels)
    for logits, macs in zip(outputs.logits, network.macs, strict=False):
        share = float(macs) / network.macs_full
        total = total + (0.01 + (share - 0.01) * progress) * F.cross_entropy(logits, labels)
    return total


def exits_only(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """DeeBERT's second stage: the plain sum of the early exits' cross-entropies."""
    return torch.stack([F.cross_entropy(logits, labels) for logits in outputs.logits]).sum()


def mean_of_all(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """Sorted fine-tuning's loss: the mean cross-entropy of all depths, the last being the whole network."""
    return (exits_only(network, outputs, labels, progress) + F.cross_entropy(outputs.final, labels)) / (
        len(outputs.logits) + 1
    )


def copycat(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """The exits learn the final read-out's hard answers; the pictures need no labels."""
    return exits_only(network, outputs, outputs.final.argmax(dim=-1), progress)


def self_distillation(network: MultiExitViT, outputs: Outputs, labels: Tensor, progress: float) -> Tensor:
    """LGViT's stage 2: labels, the final read-out's answers, and the two kinds of feature distillation."""
    of_labels = (1 - ALPHA) * exits_only(network, outputs, labels, progress)
    of_answers = ALPHA * sum(prediction_distillation(z, outputs.final) for z in outputs.logits)
    return (
        of_labels
        + of_answers
        + HETEROGENEOUS * heterogeneous_distillation(network, outputs)
        + HOMOGENEOUS * homogeneous_distillation(network, outputs)
    )


def prediction_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student) at temperature 2, times 4, averaged over all elements of the logits (N, C)."""
    divergence = F.kl_div(
        F.log_softmax(student / TEMPERATURE, dim=-1),
        F.log_softmax(teacher.detach() / TEMPERATURE, dim=-1),
        reduction="none",
        log_target=True,
    )
    return divergence.mean() * TEMPERATURE**2


def _channel_divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """KL between channel distributions of token sets (N, tokens, D): sum over tokens, mean over images."""
    return F.kl_div(
        F.log_softmax(student, dim=-1),
        F.log_softmax(teacher.detach(), dim=-1),
        reduction="batchmean",
        log_target=True,
    )


def _by_family(network: MultiExitViT, family: str) -> list[int]:
    return [i for i, e in enumerate(network.exits[:-1]) if e.family == family]


def heterogeneous_distillation(network: MultiExitViT, outputs: Outputs) -> Tensor:
    """The last block's patch tokens teach the first and last head of each kind.

    Local heads against all tokens, global heads against the tokens picked at their own stride. A head on tokens of
    another grid or width than the last block's (Swin's earlier stages) has no such teacher, and is left out (ours).
    """
    total = outputs.hidden.new_zeros(())
    patches = outputs.hidden[:, network.backbone.prefix :]
    shape, last = network.backbone.shape, network.backbone.shape(network.backbone.blocks)
    local, distant = (
        [i for i in _by_family(network, family) if shape(network.exits[i].block) == last]
        for family in ("local", "global")
    )
    for i in sorted({*local[:1], *local[-1:]}):
        total = total + _channel_divergence(outputs.features[i], patches)
    for i in sorted({*distant[:1], *distant[-1:]}):
        head = network.heads[i]
        assert isinstance(head, GlobalAggregationHead)
        total = total + _channel_divergence(outputs.features[i], head.kept(outputs.hidden))
    return total


def homogeneous_distillation(network: MultiExitViT, outputs: Outputs) -> Tensor:
    """The deepest head of each kind teaches the others of its kind.

    Local: mean-squared error of the token features. Global: of the D x D channel Gram matrices, so that
    different token counts compare. The paper does not say whether the teaching head is detached; here it is
    (ours). Heads on tokens of another shape, in an earlier stage of a Swin, are left out (ours).
    """
    total = outputs.hidden.new_zeros(())
    local, distant = _by_family(network, "local"), _by_family(network, "global")
    features = outputs.features
    for i in local[:-1]:
        if features[i].shape == features[local[-1]].shape:
            total = total + F.mse_loss(features[i], features[local[-1]].detach())
    for i in distant[:-1]:
        if features[i].shape[-1] == features[distant[-1]].shape[-1]:
            total = total + F.mse_loss(gram(features[i]), gram(features[distant[-1]]).detach())
    return total


def gram(features: Tensor) -> Tensor:
    """Channel Gram matrices features^T features: (N, tokens, D) -> (N, D, D)."""
    return features.transpose(1, 2) @ features
