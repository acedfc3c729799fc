"""python -m explorer distil: one stretch of training on photographs, after whatever was trained before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from explorer.model.bundle import load_model_folder
from explorer.train.photos.crops import Crops
from explorer.train.photos.distil import Run, Stretch
from explorer.train.photos.measure import Held, composed, held, natural, photos_in, progress
from explorer.train.photos.pictures import Pictures, load_pictures
from explorer.train.photos.student import at_size, new_student, seen_by, start_read_outs
from explorer.train.photos.teacher import Teacher, load_teacher

REGRESSED = 4_000  # crops from which the first read-outs are computed
FIRST = 10**9  # their numbers, far from those of the crops trained on


def run(
    stretch: Stretch,
    out: Path,
    data: Path,
    start: Path | None,
    photos: Path | None,
    threads: int,
    regressed: int = REGRESSED,
) -> None:
    """Train one stretch in `out`/run. `start` is a shipped model folder to go on from, if the run is new.

    `data` holds pictures/ and weights/; `photos` natural photos for the learning curve alone. Raises
    `ValueError` or `FileNotFoundError` in plain words.
    """
    torch.set_num_threads(threads)
    teacher = load_teacher(data / "weights" / "efficientnet_lite0.safetensors")
    pictures = load_pictures(data / "pictures")
    training = _run_of(stretch, out / "run", data, start, pictures, teacher, regressed)
    sets = _held_sets(data / "pictures", photos, teacher)
    training.train(stretch, pictures, teacher, lambda network: progress(network, sets))


def _run_of(
    stretch: Stretch,
    folder: Path,
    data: Path,
    start: Path | None,
    pictures: Pictures,
    teacher: Teacher,
    regressed: int,
) -> Run:
    """The run in that folder; a new one from a shipped model, or from the bare backbone, if there is none."""
    if start is not None:
        network = at_size(load_model_folder(start).network, stretch.size)
        history = json.loads((start / "training.json").read_text())["history"]
    else:
        network = new_student(data / "weights" / "vits14_saliency.safetensors", stretch.size)
        history = []
    if start is None and not (folder / "last.pt").exists():
        start_read_outs(network, _regressed(pictures, teacher, stretch.size, regressed))
    run = Run(network, history, folder)
    run.resume()
    return run


def _regressed(
    pictures: Pictures, teacher: Teacher, size: int, count: int
) -> Iterator[tuple[Tensor, Tensor]]:
    crops = Crops(pictures, FIRST + count, seed=0)
    for first in range(FIRST, FIRST + count, 32):
        batch = torch.stack([crops[i] for i in range(first, min(first + 32, FIRST + count))])
        yield seen_by(batch, size), teacher(batch)[0].clone()


def _held_sets(pictures: Path, photos: Path | None, teacher: Teacher) -> dict[str, Held]:
    apart = load_pictures(pictures, held_out=True)
    sets = {"held_out": held(composed(apart, 400), teacher)}
    if photos is not None:
        sets["natural"] = held(natural(photos_in(photos)), teacher)
    return sets
