"""Occlusion: how much the logit drops when a piece of the picture is covered (Zeiler & Fergus 2014)."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.explain.map import Map, Method, Target
from explorer.explain.score import class_score, logits_of
from explorer.explain.turns import pause
from explorer.model.multi_exit import MultiExitViT

MOST = 8  # our own: pieces along a side; each costs another pass of the network
AT_ONCE = 8


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """The logit minus that with the piece covered by the mean colour (0 once normalised); signed.

    Pieces are whole patches, or squares of patches where there are more than `MOST` along a side (arXiv 1311.2901,
    section 4.2).
    """
    rows, columns = (_pieces(side) for side in network.backbone.grid)
    height, width = image.shape[2] // rows, image.shape[3] // columns
    covered = image.repeat(rows * columns, 1, 1, 1)
    for piece in range(rows * columns):
        y, x = piece // columns * height, piece % columns * width
        covered[piece, :, y : y + height, x : x + width] = 0
    drops = []
    with torch.inference_mode():
        whole = class_score(logits_of(network, image, target.exit), target.classes)
        for part in covered.split(AT_ONCE):
            pause()
            drops.append(whole - class_score(logits_of(network, part, target.exit), target.classes))
    return Map(torch.cat(drops).unflatten(0, (rows, columns)).float().cpu().numpy(), True, "logit")


def _pieces(patches: int) -> int:
    """The largest number of equal pieces of whole patches along a side, at most `MOST`."""
    return max(count for count in range(1, MOST + 1) if patches % count == 0)


METHOD = Method(explain, frozenset({"exit", "class"}))
