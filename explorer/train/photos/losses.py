"""The losses of the photo training: LGViT's two stages with soft answers in place of labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from explorer.model.multi_exit import MultiExitViT, Outputs
from explorer.train.losses import self_distillation

# Our own weights: of the divergence of the likely classes, and of the error of all logits, which says more.
LIKELY, LOGITS = 0.3, 1.0


def answer_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student), and the mean-squared error of the centred logits, both (N, C)."""
    divergence = F.kl_div(
        F.log_softmax(logits, dim=-1), F.log_softmax(teacher, dim=-1), reduction="batchmean", log_target=True
    )
    return LIKELY * divergence + LOGITS * F.mse_loss(_centred(logits), _centred(teacher))


def _centred(logits: Tensor) -> Tensor:
    return logits - logits.mean(dim=-1, keepdim=True)


def by_teacher(
    network: MultiExitViT, outputs: Outputs, teacher: Tensor, final: float | None = None
) -> Tensor:
    """LGViT's stage 1 with the teacher's logits (N, C) for labels: for the exits that ran and the final read-out.

    Each weighs as much as the number of its block; `final` is a share of the whole for the final read-out instead.
    """
    last = answer_loss(outputs.final, teacher)
    if not outputs.logits:
        return last
    *blocks, depth = [e.block for e in network.exits][-1 - len(outputs.logits) :]
    exits = sum(b * answer_loss(z, teacher) for b, z in zip(blocks, outputs.logits, strict=True)) / sum(
        blocks
    )
    share = depth / (depth + sum(blocks)) if final is None else final
    return share * last + (1 - share) * exits


def by_itself(network: MultiExitViT, outputs: Outputs) -> Tensor:
    """LGViT's stage 2 with the final read-out's soft answer in place of the label, and the logits' error (ours).

    As in stage 1 the likely classes weigh less than all logits together.
    """
    final = outputs.final.detach()
    of_logits = sum(F.mse_loss(_centred(z), _centred(final)) for z in outputs.logits)
    return LIKELY * self_distillation(network, outputs, final.softmax(dim=-1), 0.0) + LOGITS * of_logits
