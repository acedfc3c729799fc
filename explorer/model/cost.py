"""Multiply-accumulates (MACs) of every part of a network.

Counted: matrix products and convolutions. Not counted: norms, activations, softmax, additions, as is usual. A
backbone's parts are counted by torch's own FLOP counter (two per multiply-accumulate) on a copy without weights, on the
"meta" device, where nothing is computed: no family needs its own formula. Heads compute their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.model.backbone import Backbone
from explorer.model.heads import Head


@dataclass(frozen=True)
class Costs:
    """MACs of a backbone's parts, for one image."""

    embed: int  # patch embedding or stem
    blocks: tuple[int, ...]  # each block, including token merging before it
    readout: int  # the final norm and classifier

    @property
    def full(self) -> int:
        """The backbone run to its end, without any early exit."""
        return self.embed + sum(self.blocks) + self.readout

    def behind(self, block: int) -> int:
        """Everything up to and with that block (from 1; 0: the embedding alone)."""
        return self.embed + sum(self.blocks[:block])


@torch.no_grad()
def count(backbone: Backbone) -> Costs:
    """MACs of every part. The backbone itself is left as it is.

    With plain attention and an MLP of width M a block on N tokens of width D is 4 N D^2 + 2 N D M + 2 N^2 D.
    """
    hollow = _hollow(backbone)
    images = torch.zeros(1, backbone.channels, *backbone.input_size, device="meta")
    with FlopCounterMode(display=False) as counter:
        totals = [0]

        def macs() -> int:
            totals.append(counter.get_total_flops() // 2)
            return totals[-1] - totals[-2]

        tokens = hollow.embed(images)
        embed, blocks = macs(), []
        for block in range(1, backbone.blocks + 1):
            tokens = hollow.block(block, tokens)
            blocks.append(macs())
        hollow.readout(tokens)
        return Costs(embed, tuple(blocks), macs())


def _hollow(backbone: Backbone) -> Backbone:
    """A copy whose weights have shapes only. Its attention is made of matrix products, which the counter sees."""
    weights: dict[int, Tensor] = {
        id(p): nn.Parameter(torch.empty_like(p, device="meta"), requires_grad=False)
        for p in backbone.parameters()
    }
    weights |= {id(b): torch.empty_like(b, device="meta") for b in backbone.buffers()}
    copy = deepcopy(backbone, weights).eval()
    for module in copy.modules():
        if hasattr(module, "fused_attn"):
            setattr(module, "fused_attn", False)  # noqa: B010 - a plain attribute, which mypy mistakes for a tensor
    return copy


def single_macs(costs: Costs, blocks: Sequence[int], heads: Sequence[Head]) -> NDArray[np.int64]:
    """What an image costs in a network cut off after each exit, with that head alone; the last is whole: (E,)."""
    cut = [costs.behind(block) + head.macs() for block, head in zip(blocks, heads, strict=True)]
    return np.array([*cut, costs.full], dtype=np.int64)


def exit_macs(costs: Costs, blocks: Sequence[int], heads: Sequence[Head]) -> NDArray[np.int64]:
    """What one image costs that leaves at each exit, and at the end: (E,). Every head up to there counts."""
    paid = np.cumsum([*(head.macs() for head in heads), 0])
    alone = np.array([*(costs.behind(block) for block in blocks), costs.full])
    return (alone + paid).astype(np.int64)
