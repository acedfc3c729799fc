"""The losses of the photo training: LGViT's two stages where soft answers stand in place of labels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT, Outputs
from explorer.train.losses import self_distillation

# Our own weights: of the divergence of the likely classes, of the mean-squared error of all logits, which says more,
# and of the same error at each of the teacher's 7 x 7 places.
LIKELY, LOGITS, PLACES = 0.3, 1.0, 0.25


def answer_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student), and the mean-squared error of the centred logits, both (N, C)."""
    divergence = F.kl_div(
        F.log_softmax(logits, dim=-1), F.log_softmax(teacher, dim=-1), reduction="batchmean", log_target=True
    )
    return LIKELY * divergence + LOGITS * F.mse_loss(_centred(logits), _centred(teacher))


def _centred(logits: Tensor) -> Tensor:
    return logits - logits.mean(dim=-1, keepdim=True)


def place_loss(network: MultiExitViT, hidden: Tensor, places: Tensor) -> Tensor:
    """Mean-squared error at each of the teacher's places: places (N, C, h, w).

    The final read-out is linear on [CLS] and the mean of the patches, so it too has an answer at each place:
    that of [CLS] beside the patches there, whose mean is its answer.
    """
    backbone = network.backbone
    tokens = backbone.vit.norm(hidden)
    patches = tokens[:, backbone.prefix :].transpose(1, 2).unflatten(2, backbone.grid)  # (N, D, H, W)
    height, width = places.shape[-2:]
    at_places = F.adaptive_avg_pool2d(patches, (height, width)).flatten(2).transpose(1, 2)  # (N, places, D)
    classifier = backbone.vit.head
    assert isinstance(classifier, nn.Linear)
    of_class, of_patches = classifier.weight.split(backbone.width, dim=1)
    answers = F.linear(at_places, of_patches) + F.linear(tokens[:, :1], of_class, classifier.bias)
    return F.mse_loss(_centred(answers), _centred(places.flatten(2).transpose(1, 2)))


def by_teacher(
    network: MultiExitViT, outputs: Outputs, logits: Tensor, places: Tensor, final_turn: bool
) -> Tensor:
    """LGViT's stage 1 with the teacher's soft answer in place of the label."""
    final = answer_loss(outputs.final, logits)
    if final_turn:
        with network.in_precision():
            at_places = place_loss(network, outputs.hidden, places)
        return final + PLACES * at_places
    blocks = [e.block for e in network.exits]
    answers = [*(answer_loss(z, logits) for z in outputs.logits), final]
    return sum(b * a for b, a in zip(blocks, answers, strict=True)) / sum(blocks)  # type: ignore[return-value]


def by_itself(network: MultiExitViT, outputs: Outputs) -> Tensor:
    """LGViT's stage 2 with the final read-out's soft answer in place of the label, and the logits' error (ours).

    As in stage 1 the likely classes weigh less than all logits together.
    """
    final = outputs.final.detach()
    of_logits = sum(F.mse_loss(_centred(z), _centred(final)) for z in outputs.logits)
    return LIKELY * self_distillation(network, outputs, final.softmax(dim=-1), 0.0) + LOGITS * of_logits
