"""python -m explorer distil: one stretch of training on photographs, after whatever was trained before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from explorer.model.bundle import load_model_folder
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.average import joined, mean_of
from explorer.train.photos.distil import Run
from explorer.train.photos.measure import Held, composed, held, natural, photos_in, progress
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.ship import ship, splits
from explorer.train.photos.stretch import Stretch
from explorer.train.photos.student import SIZE, at_size, new_student
from explorer.train.photos.teacher import WEIGHTS, Teacher, load_teacher

BACKBONE_WEIGHTS = "vits14_saliency.safetensors"
MEASURED, CUTS = 200, 3  # composed crops, and cuts of every natural photo besides the whole, for the curve


def run(
    stretch: Stretch,
    out: Path,
    data: Path,
    start: Path | None,
    photos: Path | None,
    threads: int,
    more: Sequence[Path] = (),
) -> None:
    """Train one stretch in `out`/run. `start` is a shipped model folder to go on from, if the run is new.

    `data` holds pictures/ and weights/, `more` are further folders of pictures; `photos` holds natural photos for
    the learning curve alone. Raises `ValueError` or `FileNotFoundError` in plain words.
    """
    torch.set_num_threads(threads)
    teacher = load_teacher(data / "weights" / WEIGHTS)
    teacher.compile()
    pictures = load_pictures([data / "pictures", *more])
    training = _run_of(stretch, out / "run", data, start)
    sets = _held_sets(data / "pictures", photos, teacher)
    # New crops of the pictures trained on: what they are ahead of the others by is learned by heart.
    sets["trained_on"] = held(composed(pictures, MEASURED), teacher)
    training.train(stretch, pictures, teacher, lambda network: progress(network, sets))


def ship_run(out: Path, source: Path, data: Path, photos: Path, threads: int) -> None:
    """The model folder `out` of the run in `source`/run. Raises `FileNotFoundError` or `ValueError`, in words."""
    torch.set_num_threads(threads)
    network, history = _trained(source, data)
    teacher = load_teacher(data / "weights" / WEIGHTS)
    measured = splits(data / "pictures", photos, teacher)
    ship(at_size(network, SIZE), history, measured, photos, out)


def average_runs(sources: Sequence[Path], out: Path, data: Path) -> None:
    """A run in `out`/run that begins with the mean of others' weights; each source is like `out`, or a shipped folder.

    Raises `FileNotFoundError` or `ValueError`, in words.
    """
    if (out / "run" / "last.pt").exists():
        raise ValueError(f"{out} holds a run already; name another folder, or move that run away.")
    if len(sources) < 2:
        raise ValueError("an average takes two runs or more.")
    networks, histories = zip(*(_trained(source, data) for source in sources), strict=True)
    history = joined(histories)
    size = history[-1]["settings"]["size"]
    mean = at_size(networks[0], size)
    mean.load_state_dict(mean_of([at_size(network, size) for network in networks]))
    Run(mean, history, out / "run").save()


def _trained(source: Path, data: Path) -> tuple[MultiExitViT, list[dict[str, Any]]]:
    """The averaged network and the history of the run in `source`/run, or of a shipped model folder.

    Raises `FileNotFoundError` if it is neither.
    """
    if (source / "training.json").exists():
        return load_model_folder(source).network, json.loads((source / "training.json").read_text())[
            "history"
        ]
    if not (source / "run" / "last.pt").exists():
        raise FileNotFoundError(f"there is no run in {source}; start one with python -m explorer distil.")
    run = Run(new_student(data / "weights" / BACKBONE_WEIGHTS, SIZE), [], source / "run")
    run.resume()
    return run.averaged(), run.history


def _run_of(stretch: Stretch, folder: Path, data: Path, start: Path | None) -> Run:
    """The run in that folder; a new one from a shipped model, or from the bare backbone, if there is none."""
    if start is not None:
        network, history = _trained(start, data)
        network = at_size(network, stretch.size)
    else:
        network = new_student(data / "weights" / BACKBONE_WEIGHTS, stretch.size)
        history = []
    run = Run(network, history, folder)
    run.resume()
    return run


def _held_sets(pictures: Path, photos: Path | None, teacher: Teacher) -> dict[str, Held]:
    apart = load_pictures([pictures], held_out=True)
    sets = {"held_out": held(composed(apart, MEASURED), teacher)}
    if photos is not None:
        sets["natural"] = held(natural(photos_in(photos), CUTS), teacher)
    return sets
