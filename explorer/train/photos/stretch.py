"""One stretch of training: its settings, as `--set NAME=VALUE` gives them, and the learning rates they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from math import inf, nan
from typing import Any

from torch import nn

from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.views import Augmentation

WARM_UP = 100  # steps in which the learning rate rises when the optimiser restarts
FINAL = 1 / 3  # share of a stretch, at its end, in which the rate falls to zero
LAYER_DECAY = (
    0.85  # each block's rate as a share of the next one's: general features stay (Clark et al. 2020)
)


def _setting(default: Any, low: float = 0, high: float = inf) -> Any:
    """A field that `--set` may set to a number in that range. docs/photos.md explains each to users."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class Stretch:
    """One stretch of training; a model's history is a list of them."""

    stage: int = _setting(1, 1, 2)  # 1: blocks, heads and read-outs by the teacher; 2: heads, by the end
    crops: int = _setting(50_000)  # how many views it sees at most; 0 solves the read-outs alone
    minutes: float | None = _setting(None)  # or how long at most; the rate follows whichever ends first
    # Pixels the student sees: a multiple of the patch. Smaller is quicker; 224 is what is shipped.
    size: int = 154
    frozen: int = _setting(3)  # blocks that stay as they are, from the first; 0 trains the embedding too
    lr: float = 5e-5  # AdamW: blocks and norms
    lr_heads: float = _setting(2.5e-4)  # exit heads and read-outs
    # Share of stage 1's target that is the model's own answer, by its last read-out when the stretch began; the rest is
    # the teacher's. A share of 1 moves what deep blocks know to shallower ones and teaches nothing new. Exits behind
    # frozen blocks are then left to stage 2.
    own: float = _setting(0.0, 0, 1)
    # Share of stage 1's loss that is the final read-out's if `own` is above 0; the exits share the rest. With LGViT's,
    # about a fifth, the final answers drifted.
    final_share: float = _setting(0.5, 0, 1)
    # Stage 1 trains the exits every N steps, otherwise only the final read-out. LGViT alternates, so N is 2.
    exits_every: int = _setting(2, 1)
    batch: int = 32
    solved: int = _setting(4_096)  # views on which the read-outs are solved at its start; 0 keeps them
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0


SETTINGS = {one.name: one for one in fields(Stretch) if one.metadata}


def stretch_of(settings: Sequence[str], **common: Any) -> Stretch:
    """The stretch of those NAME=VALUE settings, and of options that other trainings have too, None where not given.

    Raises `ValueError`, a sentence.
    """
    given = {name: value for name, value in common.items() if value is not None}
    for text in settings:
        name, _, value = text.partition("=")
        if name not in SETTINGS:
            raise ValueError(
                f"--set {text}: there is no setting '{name}'; choose one of {', '.join(SETTINGS)}."
            )
        given[name] = _number(name, value)
    return Stretch(**given)


def _number(name: str, value: str) -> float:
    whole = SETTINGS[name].type == "int"
    low, high = SETTINGS[name].metadata["range"]
    try:
        number = int(value) if whole else float(value)
    except ValueError:
        number = nan
    if not low <= number <= high or number == inf:
        kind = "a whole number" if whole else "a number"
        bounds = f"from {low:g}" + (f" to {high:g}" if high < inf else " up")
        raise ValueError(f"--set {name}={value}: {name} takes {kind} {bounds}.")
    return number


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
