"""Which crops are learned from, and what the teacher says of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from explorer.train.photos.crops import Crops
from explorer.train.photos.pictures import Pictures
from explorer.train.photos.teacher import Teacher

# How much rarer classes are preferred when crops are chosen: 1 would make all classes equally frequent.
RARITY, PRIOR_CROPS = 0.5, 1_024


def taught(
    pictures: Pictures, teacher: Teacher, first: int, count: int, batch: int, candidates: int, seed: int = 0
) -> Iterator[tuple[Tensor, tuple[Tensor, Tensor]]]:
    """`count` batches of crops uint8, each with the teacher's logits (N, C) and those of each place (N, C, h, w).

    Crops are composed from number `first` on; of `candidates` for each, those whose answers say most are kept.
    """
    prior = usual_answers(teacher, pictures, batch) if candidates > 1 else None
    for crops in batches(pictures, first, count, batch * candidates, seed):
        answers = _answers(teacher, crops, batch)
        if prior is None:
            yield crops, answers
        else:
            kept = most_telling(answers[0], prior, batch)
            yield crops[kept], (answers[0][kept], answers[1][kept])


def batches(pictures: Pictures, first: int, count: int, size: int, seed: int) -> Iterator[Tensor]:
    """`count` batches of `size` crops, composed by two processes beside the training.

    Between sittings the loader's workers may differ; its crops do not, for their number decides them.
    """
    numbers = range(first, first + count * size)
    yield from DataLoader(
        Subset(Crops(pictures, numbers.stop, seed), numbers),
        size,
        num_workers=2,
        prefetch_factor=3,
        multiprocessing_context="fork",
        worker_init_fn=_serve,
    )


def _serve(_: int) -> None:
    """Compose when the training waits: sharing its two cores would hold up each of its parallel operations.

    A stop told to all processes is the training's to heed, which saves first; a worker's death would break that off.
    """
    os.nice(19)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _answers(teacher: Teacher, crops: Tensor, batch: int) -> tuple[Tensor, Tensor]:
    """The teacher's logits (N, C) and those of each place, asked in batches of one size, for which it was compiled."""
    logits, places = zip(*(teacher(part) for part in crops.split(batch)), strict=True)
    return torch.cat(logits), torch.cat(places)


def usual_answers(teacher: Teacher, pictures: Pictures, batch: int, count: int = PRIOR_CROPS) -> Tensor:
    """The teacher's mean probability of each class on composed crops, (C,)."""
    crops = Crops(pictures, count, seed=2_000_003)
    numbers = [range(first, first + batch) for first in range(0, count - batch + 1, batch)]
    answers = [teacher(torch.stack([crops[i] for i in part]))[0] for part in numbers]
    return torch.cat(answers).softmax(dim=-1).mean(dim=0)


def most_telling(logits: Tensor, prior: Tensor, keep: int) -> Tensor:
    """Which `keep` of the crops with these answers (N, C) to learn from: the surest, of the rarest classes."""
    sure, said = logits.softmax(dim=-1).max(dim=-1)
    return (sure.log() - RARITY * prior[said].log()).topk(keep).indices
