"""Where the exits are and which head each has: LGViT's published layout, and plain linear ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ExitSpec:
    """One early exit: after block `block` (from 1), with the head `head` and that head's options."""

    block: int
    head: str
    options: dict[str, Any] = field(default_factory=dict)


_HeadChoice = tuple[str, dict[str, Any]]  # the head's name and its options
_LPH_DW: _HeadChoice = ("lph-dw", {})
_LPH_PW: _HeadChoice = ("lph-pw", {})
_GAH_2: _HeadChoice = ("gah", {"stride": 2})
_GAH_3: _HeadChoice = ("gah", {"stride": 3})
# Heads from the shallowest exit to the deepest, by number of exits (LGViT, arXiv 2308.00255).
LGVIT_HEADS: dict[int, list[_HeadChoice]] = {
    8: [_LPH_DW, _LPH_DW, _LPH_PW, _LPH_PW, _GAH_2, _GAH_2, _GAH_3, _GAH_3],
    6: [_LPH_DW, _LPH_PW, _GAH_2, _GAH_2, _GAH_3, _GAH_3],
    4: [_LPH_DW, _LPH_PW, _GAH_2, _GAH_3],
    2: [_LPH_DW, _GAH_2],
}
# On Swin the authors' code thins less, by 1, 1, 2 and 2 instead of the 2, 2, 3 and 3 that the paper gives for any
# backbone: models/swin_highway/modeling_highway_swin.py makes the last three heads of stage 3 "attention_r1",
# "attention_r1", "attention_r2" and the one of stage 4 "attention_r2"; the digit is the stride. Their grids are 14 x 14
# and 7 x 7, and neither a checkpoint nor its config.json names a stride: weights would load under any, and a head that
# was trained on all tokens would be shown a quarter of them. So reading their weights requires following their code.
_GAH_1: _HeadChoice = ("gah", {"stride": 1})
LGVIT_SWIN_HEADS = [_LPH_DW, _LPH_DW, _LPH_PW, _LPH_PW, _GAH_1, _GAH_1, _GAH_2, _GAH_2]
# Blocks of the eight exits of a 24-block Swin: one in stage 2, six in stage 3, one in stage 4.
LGVIT_SWIN_BLOCKS = (4, 7, 10, 13, 16, 19, 22, 23)
# Blocks of the eight exits of a 12-block ViT or DeiT, same source.
LGVIT_BLOCKS = (4, 5, 6, 7, 8, 9, 10, 11)


def lgvit_exits(blocks: tuple[int, ...] = LGVIT_BLOCKS) -> list[ExitSpec]:
    """LGViT's heads at those blocks. Raises `ValueError` when LGViT defines no layout for that many exits."""
    if len(blocks) not in LGVIT_HEADS:
        raise ValueError(
            f"LGViT defines {', '.join(map(str, LGVIT_HEADS))} exits, not {len(blocks)}; list the heads."
        )
    return [
        ExitSpec(block, head, options)
        for block, (head, options) in zip(blocks, LGVIT_HEADS[len(blocks)], strict=True)
    ]


def lgvit_swin_exits(blocks: tuple[int, ...] = LGVIT_SWIN_BLOCKS) -> list[ExitSpec]:
    """LGViT's heads on Swin, at those eight blocks."""
    return [
        ExitSpec(block, head, options)
        for block, (head, options) in zip(blocks, LGVIT_SWIN_HEADS, strict=True)
    ]


def linear_exits(blocks: tuple[int, ...] = LGVIT_BLOCKS) -> list[ExitSpec]:
    """A plain linear head on the class token at each of those blocks."""
    return [ExitSpec(block, "linear") for block in blocks]


def shared_exits(blocks: tuple[int, ...] = LGVIT_BLOCKS) -> list[ExitSpec]:
    """The network's own read-out at each of those blocks too."""
    return [ExitSpec(block, "shared") for block in blocks]


def sl_vit_exits(blocks: tuple[int, ...] = LGVIT_BLOCKS) -> list[ExitSpec]:
    """A vision transformer of a single layer at each of those blocks."""
    return [ExitSpec(block, "sl-vit", {"patch": 2, "width": 32, "heads": 2}) for block in blocks]
