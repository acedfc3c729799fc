"""The mean of the weights of runs that share a beginning: better on unseen photos than any one of them.

"Model soups" (Wortsman et al. 2022, arXiv 2203.05482). It works where the runs have not drifted far apart; their
read-outs are solved anew where the next stretch begins, as they always are.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.stretch import crops_of

History = list[dict[str, Any]]


def mean_of(networks: Sequence[MultiExitViT]) -> dict[str, Tensor]:
    """The state whose every floating-point tensor is the mean of the networks'; counters are the first's.

    Raises `ValueError` if they differ in structure or are made for different sizes.
    """
    states = [network.state_dict() for network in networks]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    if any(other != shapes[0] for other in shapes[1:]):
        raise ValueError("these runs train different networks; only runs of one network can be averaged.")
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in states[0].items()
    }


def joined(histories: Sequence[History]) -> History:
    """One history: what all share, then what the others did and the first did not, then the rest of the first.

    So the first run's last stretch is the last, which the next one follows; it says in `averaged` after how many crops
    each of the runs was that became one behind it; one may be the beginning of another. Stretches of the others say in
    `parted_at` after how many crops their run went its own way.
    Raises `ValueError` where the runs share nothing.
    """
    first, *others = histories
    shared = 0
    while all(len(h) > shared and _same(h[shared], first[shared]) for h in histories):
        shared += 1
    if not shared:
        raise ValueError("these runs share no stretch; only runs with a common beginning can be averaged.")
    history = first[:shared]
    for stretch in (s for other in others for s in other[shared:]):
        if not any(_same(stretch, known) for known in [*history, *first[shared:]]):
            history.append({"parted_at": crops_of(first[:shared])} | stretch)
    history = copy.deepcopy(history + first[shared:])
    history[-1]["averaged"] = [crops_of(h) for h in histories]
    return history


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether these are the same stretch, which more than one average may have taken up."""
    return all(one[name] == other[name] for name in ("settings", "seen", "seconds", "curve"))
