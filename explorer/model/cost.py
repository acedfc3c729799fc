"""Multiply-accumulates (MACs) of every part, in closed form.

Counted: matrix products and convolutions. Not counted: norms, activations, softmax, additions, as is usual;
so `torch.utils.flop_counter` on the running model gives exactly twice these numbers (tests see to it).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.model.backbone import Backbone
from explorer.model.heads import Head


def embed_macs(backbone: Backbone) -> int:
    """The patch embedding, convolutional stem or ResNet stem: every convolution, output pixels x weights.

    The sizes come from a run without numbers (torch's "meta" device) on a copy: a ResNet pools and branches.
    """
    embed = deepcopy(backbone.vit.patch_embed).to("meta").eval()
    convolutions = [module for module in embed.modules() if isinstance(module, nn.Conv2d)]
    macs = []

    def count(conv: nn.Conv2d, inputs: tuple[Tensor], output: Tensor) -> None:
        macs.append(output[0, 0].numel() * conv.weight.numel())

    for conv in convolutions:
        conv.register_forward_hook(count)
    embed(torch.zeros(1, convolutions[0].in_channels, *embed.img_size, device="meta"))
    return sum(macs)


def block_macs(backbone: Backbone, block: int) -> int:
    """One block on N tokens of width D: N times the weights of its linear layers, and 2 N^2 D for attention.

    With a plain MLP of width M that is 4 N D^2 + 2 N D M + 2 N^2 D.
    """
    tokens = backbone.prefix + backbone.grid[0] * backbone.grid[1]
    linears = [m for m in backbone.vit.blocks[block - 1].modules() if isinstance(m, nn.Linear)]
    return tokens * sum(m.weight.numel() for m in linears) + 2 * tokens**2 * backbone.width


def readout_macs(backbone: Backbone) -> int:
    """The final classifier(s)."""
    classifiers = [getattr(backbone.vit, name, None) for name in ("head", "head_dist")]
    return sum(linear.weight.numel() for linear in classifiers if isinstance(linear, nn.Linear))


def full_macs(backbone: Backbone) -> int:
    """The backbone run to its end, without any early exit."""
    blocks = sum(block_macs(backbone, b) for b in range(1, backbone.blocks + 1))
    return embed_macs(backbone) + blocks + readout_macs(backbone)


def single_macs(backbone: Backbone, blocks: Sequence[int], heads: Sequence[Head]) -> NDArray[np.int64]:
    """What an image costs in a network cut off behind each exit, with that head alone; the last is whole: (E,)."""
    behind = embed_macs(backbone) + np.cumsum(
        [0, *(block_macs(backbone, b + 1) for b in range(max(blocks, default=0)))]
    )
    cut = [behind[block] + head.macs() for block, head in zip(blocks, heads, strict=True)]
    return np.array([*cut, full_macs(backbone)], dtype=np.int64)


def exit_macs(backbone: Backbone, blocks: Sequence[int], heads: Sequence[Head]) -> NDArray[np.int64]:
    """What one image costs that leaves at each exit, and at the end: (E,). Every head on the way is paid."""
    spent, done, totals = embed_macs(backbone), 0, []
    for block, head in zip(blocks, heads, strict=True):
        spent += sum(block_macs(backbone, b) for b in range(done + 1, block + 1)) + head.macs()
        done = block
        totals.append(spent)
    spent += sum(block_macs(backbone, b) for b in range(done + 1, backbone.blocks + 1))
    totals.append(spent + readout_macs(backbone))
    return np.array(totals, dtype=np.int64)
