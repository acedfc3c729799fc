"""Read-outs solved by ridge regression: gradient descent gets there late, if ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT
from explorer.train.checkpoint import save_whole
from explorer.train.ridge import inputs_of

# Of the ridge regression, chosen on labelled photographs; docs/photos.md has the numbers.
PENALTY = 0.01
# How much of the spread that ridge regression takes from a class is given back, 1 being all of it.
EVEN = 0.75
# Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314: their tau, which is 1 there.
TAU = 0.75
CHUNK = 16  # batches that are kept together while read-outs are being solved
_FLOOR = 1e-6  # of how often a class is named


def read_outs(network: MultiExitViT) -> list[nn.Linear]:
    """The linear classifier of every exit, and last the final one."""
    early = [head.classifier.linears[0] for head in network.heads]  # type: ignore[union-attr,index]
    return [*early, network.backbone.vit.head]


def read(
    network: MultiExitViT,
    lesson: Callable[[int], tuple[Tensor, Tensor]],
    batches: int,
    store: Path | None = None,
) -> tuple[list[Tensor], Tensor]:
    """What every read-out reads, the final one last (N, D) each, and the answers (N, C), of all batches together.

    `lesson(i)` gives the network's input of batch i and the answers to it. What was read is kept in the folder `store`,
    chunk by chunk, so that an interrupted reading resumes from there. Leaves the network in eval mode.
    """
    network.eval()
    chunks = []
    for first in range(0, batches, CHUNK):
        path = store / f"{first:06}.pt" if store else None
        if path and path.exists():
            chunks.append(torch.load(path, weights_only=True, map_location=network.device))
            continue
        chunk = _read(network, [lesson(i) for i in range(first, min(first + CHUNK, batches))])
        chunks.append(chunk)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_whole(chunk, path)
    return (
        [torch.cat(parts) for parts in zip(*(inputs for inputs, _ in chunks), strict=True)],
        torch.cat([answers for _, answers in chunks]),
    )


@torch.no_grad()
def _read(network: MultiExitViT, lessons: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], Tensor]:
    with inputs_of(read_outs(network)) as inputs, network.in_precision():
        for images, _ in lessons:
            network(images)
    return [torch.cat(kept) for kept in inputs], torch.cat([answers for _, answers in lessons])


@torch.no_grad()
def even(linear: nn.Linear, inputs: Tensor, answers: Tensor) -> None:
    """Give the classes of a solved read-out a more even spread over views (N, D), and the spread of answers (N, C).

    Ridge regression shrinks an answer towards its mean where the inputs say little about it: a class that shallow
    tokens hardly show would never be named, however clear one view is. So each class's logit, less its mean,
    is divided by its spread to the power EVEN.
    """
    logits = linear(inputs)
    mean, spread = logits.mean(dim=0), logits.std(dim=0) + 1e-6
    factor = spread**-EVEN
    factor *= answers.std() / ((logits - mean) * factor).std()
    linear.weight.mul_(factor[:, None])
    linear.bias.sub_(mean).mul_(factor)


@torch.no_grad()
def rebalance(linear: nn.Linear, logits: Tensor) -> None:
    """Correct what photographs teach a read-out wrongly: that most classes are rare.

    A read-out that has hardly seen a koala calls it a gibbon. The remedy is logit adjustment: each class's logit minus
    the logarithm of how often the network names it, by the logits (N, C) it gave on views of the kind trained on.
    """
    named = logits.softmax(dim=-1).mean(dim=0)
    linear.bias.sub_(TAU * (named + _FLOOR).log())
