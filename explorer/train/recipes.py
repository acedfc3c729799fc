"""The recipes: LGViT in full and the baselines it is compared with, on the same backbone and exits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from explorer.model.exits import ExitSpec, lgvit_exits, linear_exits, shared_exits, sl_vit_exits
from explorer.train.losses import (
    Loss,
    copycat,
    depth_weighted,
    exits_only,
    final_only,
    mean_of_all,
    ramped_sum,
    self_distillation,
)


@dataclass(frozen=True)
class Stage:
    """A stretch of training with one loss.

    `frozen`: backbone and final classifier are fixed and in eval mode, only the heads learn. `alternate`:
    every even step takes the final loss alone (LGViT's stage 1). `unlabelled`: the pictures are distorted beyond
    what the data set shows, for a loss that uses the network's own answers instead of labels.
    """

    name: str
    share: float  # of the recipe's passes over the training images
    loss: Loss
    frozen: bool = False
    alternate: bool = False
    unlabelled: bool = False


@dataclass(frozen=True)
class Recipe:
    """A way to train: which exits, and in which stages."""

    name: str
    title: str
    exits: Callable[..., list[ExitSpec]]  # of blocks, LGViT's where none are given
    stages: tuple[Stage, ...]

    def passes(self, stage: int, total: int) -> int:
        """How many whole passes of `total` a stage has: rounded so that all stages together have `total`."""
        before = sum(s.share for s in self.stages[:stage])
        return round(total * (before + self.stages[stage].share)) - round(total * before)

    def after_training(self) -> Recipe:
        """What remains if the backbone is already trained: the stages whose loss is not the final read-out's alone."""
        left = tuple(stage for stage in self.stages if stage.loss is not final_only)
        whole = sum(stage.share for stage in left)
        return replace(self, stages=tuple(replace(stage, share=stage.share / whole) for stage in left))


# A quarter of the passes go to the second stage, in every recipe that has one (ours; the paper trains 50
# epochs of stage 1 from pretrained weights).
_FIRST, _SECOND = 0.75, 0.25

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "lgvit",
            "LGViT: local and global heads, both stages",
            lgvit_exits,
            (
                Stage("end-to-end", _FIRST, depth_weighted, alternate=True),
                Stage("self-distillation", _SECOND, self_distillation, frozen=True),
            ),
        ),
        Recipe(
            "lgvit-stage1",
            "LGViT's heads, stage 1 only",
            lgvit_exits,
            (Stage("end-to-end", 1.0, depth_weighted, alternate=True),),
        ),
        Recipe("sdn", "SDN: linear heads, joint", linear_exits, (Stage("joint", 1.0, ramped_sum),)),
        Recipe(
            "deebert",
            "DeeBERT: linear heads, backbone frozen",
            linear_exits,
            (
                Stage("final", _FIRST, final_only),
                Stage("heads", _SECOND, exits_only, frozen=True),
            ),
        ),
        Recipe(
            "softmax-shared",
            "Sorted: one read-out shared by all depths",
            shared_exits,
            (Stage("sorted", 1.0, mean_of_all),),
        ),
        Recipe(
            "sl-vit",
            "SL-ViT: single-layer transformers as heads (our reconstruction), Copycat, backbone frozen",
            sl_vit_exits,
            (
                Stage("final", _FIRST, final_only),
                Stage("copycat", _SECOND / 2, copycat, frozen=True, unlabelled=True),
                Stage("labels", _SECOND / 2, exits_only, frozen=True),
            ),
        ),
    )
}


def get_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises `ValueError` with the names there are."""
    if name not in RECIPES:
        raise ValueError(f"there is no recipe '{name}'; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
