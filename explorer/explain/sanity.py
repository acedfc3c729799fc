"""Does a method look at what was learned? Its map again and again while weights are randomised from the top down."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.explain.grading import reduced
from explorer.explain.grids import on_grid
from explorer.explain.map import Map, Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.explain.turns import pause
from explorer.model.multi_exit import MultiExitViT

PARTS = 3  # our own: groups in which the blocks below the exit lose their weights


def sanity(
    name: str,
    network: MultiExitViT,
    image: Tensor,
    target: Target,
    index: dict[str, int | None] | None = None,
) -> list[dict[str, Any]]:
    """The method's map with the trained weights, then with more and more of them randomised, and how alike they are.

    The cascading test of Adebayo et al. 2018, "Sanity checks for saliency maps", arXiv 1810.03292: the exit's head,
    then the blocks below it from the top down, then the embedding too. Each part of `[{"stage", "block", "likeness",
    "map"}]` says which: "trained", "head", "blocks" (all from `block` up), "all". `likeness` is the rank correlation
    of the absolute values with the first map, on the patch grid; None where either map is flat. A method whose
    likeness stays near 1 does not look at what was learned. `index` picks one map of a method with axes (`reduced`).

    The network is not touched: a copy of it is.
    """
    twin = deepcopy(network)
    generator = torch.Generator().manual_seed(0)
    block = network.exits[target.exit].block
    first = _map(name, network, image, target, index or {})
    found = [{"stage": "trained", "block": None, "likeness": 1.0, "map": pack(first)}]
    if first.evidence is not None:
        found[0]["likeness"] = None
    for stage, lowest, weights in _stages(twin, target.exit, block):
        pause()
        for weight in weights:
            randomise(weight, generator)
        twin.eval()  # folds the new weights
        again = _map(name, twin, image, target, index or {})
        alike = likeness(first, again, network.backbone.grid)
        found.append({"stage": stage, "block": lowest, "likeness": alike, "map": pack(again)})
    return found


def _map(
    name: str, network: MultiExitViT, image: Tensor, target: Target, index: dict[str, int | None]
) -> Map:
    return reduced(explain(name, network, image, target), network, target.exit, index)


def _stages(
    network: MultiExitViT, exit_index: int, block: int
) -> list[tuple[str, int | None, list[nn.Parameter]]]:
    """From the top: (stage, lowest block from 1, what loses its values then)."""
    layers = network.backbone.layers
    rest = dict(network.backbone.named_parameters())
    for name in [name for name, weight in rest.items() if _is_in(weight, layers)]:
        del rest[name]
    readout = {name for name in rest if name.split(".")[1] in ("norm", "fc_norm", "head")}
    last = exit_index == len(network.heads)
    top = [rest[name] for name in readout] if last else list(network.heads[exit_index].parameters())
    stages: list[tuple[str, int | None, list[nn.Parameter]]] = [("head", None, top)]
    ends = np.rint(np.linspace(block, 0, min(PARTS, block) + 1)).astype(int)
    for above, below in pairwise(ends):
        part = [weight for layer in layers[below:above] for weight in layer.parameters()]
        stages.append(("blocks", int(below) + 1, part))
    return [*stages, ("all", None, [rest[name] for name in rest if name not in readout])]


def _is_in(weight: nn.Parameter, layers: Sequence[nn.Module]) -> bool:
    return any(weight is one for layer in layers for one in layer.parameters())


@torch.no_grad()
def randomise(weight: Tensor, generator: torch.Generator) -> None:
    """Shuffles the entries of a parameter: what was learned is gone, but not the size of the weights."""
    order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
    weight.copy_(weight.flatten()[order].view_as(weight))


def likeness(one: Map, other: Map, grid: tuple[int, int]) -> float | None:
    """Spearman's rank correlation of two maps' absolute values on the patch grid; None if either says nothing."""
    if one.evidence is not None or other.evidence is not None:
        return None
    a, b = (_ranks(on_grid(np.abs(each.values), grid).ravel()) for each in (one, other))
    spread = float(a.std() * b.std())
    return None if spread == 0 else round(float(((a - a.mean()) * (b - b.mean())).mean()) / spread, 4)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return ((ends - 1 + ends - count) / 2)[place]
