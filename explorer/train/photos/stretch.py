"""One stretch of training: its settings, the learning rates they make, and how many crops a list of stretches saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

from explorer.model.multi_exit import MultiExitViT

TELLING = 3  # crops composed for each that is learned from
WARM_UP = 200  # steps in which the learning rate rises where the optimiser starts anew
WEIGHT_DECAY = 0.02
LAYER_DECAY = (
    0.85  # each block learns so much slower than the next: what is general stays (Clark et al. 2020)
)


@dataclass(frozen=True)
class Stretch:
    """One stretch of training; a model's history is a list of them."""

    stage: int  # 1: blocks, heads and read-outs by the teacher; 2: heads alone, by the final read-out
    crops: int  # how many crops it sees
    size: int = 154  # pixels the student sees: a multiple of 14; smaller is quicker, 224 is what is shipped
    frozen: int = 6  # blocks that stay as they are, from the first; 0 trains the embedding too
    lr: float = 1e-4  # AdamW: blocks and norms
    lr_heads: float = 5e-4  # exit heads and read-outs
    decay: bool = (
        False  # learning rate falls to nothing over the stretch, else it stays, so that another may follow
    )
    # Stage 1 asks the exits every so many steps, and the final read-out alone else. LGViT alternates, which is 2.
    exits_every: int = 2
    # Crops composed for each that is learned from: those whose answers say the most are chosen. Most crops show nothing
    # that has a name, and the teacher answers many times faster than the student learns.
    candidates: int = TELLING
    batch: int = 32
    new_heads: bool = False  # every exit head starts anew, as those of a new run do anyway
    regressed: int = 4_096  # crops on which the read-outs are solved where it begins
    seed: int = 0


def crops_of(history: Iterable[dict[str, Any]]) -> int:
    """Crops learned from in all stretches of a history, those of runs averaged into it too."""
    return sum(stretch["seen"] for stretch in history)


def learning_rates(network: MultiExitViT, stretch: Stretch) -> dict[int, float]:
    """Of every parameter by its id: heads and read-outs learn fastest, the embedding slowest."""
    vit = network.backbone.vit
    rates = dict.fromkeys(map(id, network.parameters()), stretch.lr_heads)
    parts = [(nn.ModuleList([vit.patch_embed]), 0), (vit.norm, len(vit.blocks))]
    parts += [(block, number) for number, block in enumerate(vit.blocks, start=1)]
    slow = {id(p): number for part, number in parts for p in part.parameters()}
    slow |= {id(p): 0 for p in vit.parameters(recurse=False)}  # class token and positions
    return rates | {p: stretch.lr * LAYER_DECAY ** (len(vit.blocks) - n) for p, n in slow.items()}


def rate(step: int, total: int, decay: bool, warm_up: int = WARM_UP) -> float:
    """Learning-rate factor: a linear rise, then constant, or straight down to nothing (warm-up, stable, decay)."""
    rising = min(1.0, (step + 1) / (warm_up + 1))
    return min(rising, 1 - step / total) if decay else rising
