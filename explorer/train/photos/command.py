"""python -m explorer distil: one stretch of training on photographs, after whatever was trained before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from explorer.model.bundle import load_model_folder
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.crops import Crops
from explorer.train.photos.distil import Run, Stretch
from explorer.train.photos.measure import Held, composed, held, natural, photos_in, progress, traces
from explorer.train.photos.pictures import Pictures, load_pictures
from explorer.train.photos.ship import ship, splits
from explorer.train.photos.student import SIZE, at_size, new_student, seen_by, start_read_outs
from explorer.train.photos.teacher import Teacher, load_teacher

TEACHER_WEIGHTS, BACKBONE_WEIGHTS = "efficientnet_lite0.safetensors", "vits14_saliency.safetensors"
MEASURED, CUTS = 200, 3  # composed crops, and cuts of every natural photo besides the whole, for the curve
REGRESSED = 4_000  # crops from which the first read-outs are computed
FIRST = 10**9  # their numbers, far from those of the crops trained on


def run(
    stretch: Stretch,
    out: Path,
    data: Path,
    start: Path | None,
    photos: Path | None,
    threads: int,
    more: Sequence[Path] = (),
    regressed: int = REGRESSED,
) -> None:
    """Train one stretch in `out`/run. `start` is a shipped model folder to go on from, if the run is new.

    `data` holds pictures/ and weights/, `more` are further folders of pictures; `photos` holds natural photos for
    the learning curve alone. Raises `ValueError` or `FileNotFoundError` in plain words.
    """
    torch.set_num_threads(threads)
    teacher = load_teacher(data / "weights" / TEACHER_WEIGHTS)
    teacher.compile()
    pictures = load_pictures([data / "pictures", *more])
    training = _run_of(stretch, out / "run", data, start, pictures, teacher, regressed)
    if stretch.stage == 2 and not (training.history and training.history[-1]["settings"]["stage"] == 2):
        training.begin_stage_2(lambda network: _final_logits(network, pictures, regressed))
    sets = _held_sets(data / "pictures", photos, teacher)
    training.train(stretch, pictures, teacher, lambda network: progress(network, sets))


def ship_run(out: Path, source: Path, data: Path, photos: Path, threads: int) -> None:
    """The model folder `out` of the run in `source`/run. Raises `FileNotFoundError` or `ValueError`, in words."""
    torch.set_num_threads(threads)
    if not (source / "run" / "last.pt").exists():
        raise FileNotFoundError(f"there is no run in {source}; start one with python -m explorer distil.")
    network = new_student(data / "weights" / BACKBONE_WEIGHTS, SIZE)
    run = Run(network, [], source / "run")
    run.resume()
    teacher = load_teacher(data / "weights" / TEACHER_WEIGHTS)
    measured = splits(data / "pictures", photos, teacher)
    ship(at_size(run.averaged(), SIZE), run.history, measured, photos, out)


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
        network = new_student(data / "weights" / BACKBONE_WEIGHTS, stretch.size)
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


def _final_logits(network: MultiExitViT, pictures: Pictures, count: int) -> Tensor:
    crops = torch.stack(composed(pictures, count, seed=3_000_003))
    return torch.from_numpy(traces(network, crops).logits[:, -1])


def _held_sets(pictures: Path, photos: Path | None, teacher: Teacher) -> dict[str, Held]:
    apart = load_pictures([pictures], held_out=True)
    sets = {"held_out": held(composed(apart, MEASURED), teacher)}
    if photos is not None:
        sets["natural"] = held(natural(photos_in(photos), CUTS), teacher)
    return sets
