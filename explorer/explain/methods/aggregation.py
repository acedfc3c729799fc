"""A global aggregation head's own attention, on the patches it keeps."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.explain.attending import weights_of
from explorer.explain.map import Map, Method, Target
from explorer.explain.score import tokens_before
from explorer.model.heads import GlobalAggregationHead
from explorer.model.multi_exit import MultiExitViT


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """Attention weights in [0, 1] of the exit's own 8 heads, with the axis head, over the whole grid.

    The head keeps every `stride`-th patch both ways: the others are 0, because it does not look at them. Its read-out
    averages its output tokens, so a map is the mean over the kept patches' rows; or, with `target.patch`, the row of
    the kept patch nearest to that one.
    """
    head = network.heads[target.exit]
    if not isinstance(head, GlobalAggregationHead):
        raise ValueError("Only a global aggregation head has attention of its own.")
    tokens = tokens_before(network, image, network.exits[target.exit].block)
    with torch.no_grad(), network.in_precision():
        x = head.kept(tokens)
        qkv = head.qkv(x).unflatten(-1, (3, head.ATTENTION_HEADS, -1)).permute(2, 0, 3, 1, 4)
        weights = weights_of(qkv[0].float(), qkv[1].float())[0]  # (heads, kept, kept)
    kept = head.places - head.prefix
    row = weights.mean(dim=1) if target.patch is None else weights[:, _nearest(head, target.patch)]
    values = torch.zeros(len(row), head.grid[0] * head.grid[1], device=row.device)
    values[:, kept] = row
    return Map(values.unflatten(1, head.grid).cpu().numpy(), False, "attention", ("head",))


def _nearest(head: GlobalAggregationHead, patch: int) -> int:
    """Which of the kept patches lies nearest to a patch."""
    columns = head.grid[1]
    kept = (head.places - head.prefix).cpu()
    row, column = divmod(patch, columns)
    return int(((kept // columns - row) ** 2 + (kept % columns - column) ** 2).argmin())


METHOD = Method(explain, frozenset({"exit", "patch"}), frozenset({"global"}))
