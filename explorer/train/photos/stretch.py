"""One stretch of training: its settings, and the learning rates they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.views import Augmentation

WARM_UP = 100  # steps in which the learning rate rises when the optimiser restarts
FINAL = 1 / 3  # share of a stretch, at its end, in which the rate falls to zero
LAYER_DECAY = (
    0.85  # each block's rate as a share of the next one's: general features stay (Clark et al. 2020)
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
    # Share of stage 1's target that is the model's own answer, by its last read-out when the stretch began; the rest is
    # the teacher's. A share of 1 moves what deep blocks know to shallower ones and teaches nothing new. Exits behind
    # frozen blocks are then left to stage 2.
    own: float = 0.0
    # Share of stage 1's loss that is the final read-out's if `own` is above 0; the exits share the rest. With LGViT's,
    # about a fifth, the final answers drifted.
    final_share: float = 0.5
    # Stage 1 trains the exits every N steps, otherwise only the final read-out. LGViT alternates, so N is 2.
    exits_every: int = 2
    batch: int = 32
    solved: int = 4_096  # views on which the read-outs are solved at its start; 0 keeps them
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0


def crops_of(history: Iterable[dict[str, Any]]) -> int:
    """Views learned from in all stretches of a history."""
    return sum(stretch["seen"] for stretch in history)


def learning_rates(network: MultiExitViT, stretch: Stretch) -> dict[int, float]:
    """Learning rates by parameter id: heads and read-outs learn fastest, the embedding slowest."""
    vit = network.backbone.vit
    rates = dict.fromkeys(map(id, network.parameters()), stretch.lr_heads)
    parts = [(nn.ModuleList([vit.patch_embed]), 0), (vit.norm, len(vit.blocks))]
    parts += [(block, number) for number, block in enumerate(vit.blocks, start=1)]
    slow = {id(p): number for part, number in parts for p in part.parameters()}
    slow |= {id(p): 0 for p in vit.parameters(recurse=False)}  # class token and positions
    return rates | {p: stretch.lr * LAYER_DECAY ** (len(vit.blocks) - n) for p, n in slow.items()}


def rate(step: int, progress: float, warm_up: int = WARM_UP) -> float:
    """Learning-rate factor: a linear rise, constant, then linearly down to zero at `progress` 1."""
    return min(1.0, (step + 1) / (warm_up + 1), max(0.0, (1 - progress) / FINAL))
