"""One stretch of training: its settings, and the learning rates they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.views import Augmentation

WARM_UP = 100  # steps in which the learning rate rises where the optimiser starts anew
FINAL = 1 / 3  # share of a stretch in which the rate falls to nothing, at its end
LAYER_DECAY = (
    0.85  # each block learns so much slower than the next: what is general stays (Clark et al. 2020)
)


@dataclass(frozen=True)
class Stretch:
    """One stretch of training; a model's history is a list of them."""

    stage: int  # 1: blocks, heads and read-outs by the teacher; 2: heads alone, by the final read-out
    crops: int  # how many views it sees at most; 0 solves the read-outs alone
    minutes: float | None = None  # or how long it trains at most; the rate follows whichever ends first
    size: int = (
        154  # pixels the student sees: a multiple of the patch; smaller is quicker, 224 is what is shipped
    )
    frozen: int = 3  # blocks that stay as they are, from the first; 0 trains the embedding too
    lr: float = 5e-5  # AdamW: blocks and norms
    lr_heads: float = 2.5e-4  # exit heads and read-outs
    # Share of stage 1's lesson that is the model's own answer, as its last read-out stood when the stretch began; the
    # rest is the teacher's. The whole of it, 1, moves what deep blocks know to shallower ones and teaches nothing new.
    # Exits behind frozen blocks are left to stage 2 then.
    own: float = 0.0
    # Stage 1 asks the exits every so many steps, and the final read-out alone else. LGViT alternates, which is 2.
    exits_every: int = 2
    batch: int = 32
    solved: int = 4_096  # views on which the read-outs are solved where it begins; 0 keeps them
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0


def crops_of(history: Iterable[dict[str, Any]]) -> int:
    """Views learned from in all stretches of a history."""
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


def rate(step: int, progress: float, warm_up: int = WARM_UP) -> float:
    """Learning-rate factor: a linear rise, constant, then straight down to nothing at `progress` 1."""
    return min(1.0, (step + 1) / (warm_up + 1), max(0.0, (1 - progress) / FINAL))
