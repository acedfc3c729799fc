"""train --recipe distil, and ship: one stretch of training on photographs, and the model folder made from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from explorer.data.labelled import load_labelled
from explorer.model.bundle import load_model_folder
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.distil import Run
from explorer.train.photos.measure import decode, progress
from explorer.train.photos.photographs import Source, load_photographs
from explorer.train.photos.ship import ship
from explorer.train.photos.stretch import Stretch
from explorer.train.photos.student import SIZE, at_size, new_student
from explorer.train.photos.teacher import TeacherSpec, load_teacher


def run(
    stretch: Stretch,
    out: Path,
    sources: Sequence[Source],
    teachers: Sequence[TeacherSpec],
    start: Path,
    labelled: Path | None = None,
    device: str = "cpu",
    threads: int = 2,
    precision: str = "auto",
) -> None:
    """Train one stretch in `out`. A new run starts from `start`: a model folder, or a ViT-S/14's weights.

    Every 10,000 views it is measured on the even positions of `labelled`. Raises `ValueError` or `FileNotFoundError` in
    plain words, and `Stopped`.
    """
    torch.set_num_threads(threads)
    teacher = load_teacher(teachers).to(device)
    measured = decode(load_labelled(labelled).half(odd=False)) if labelled else None
    photographs = load_photographs(sources, out / "decoded")
    network, history = started(start, stretch.size)
    training = Run(network, history, out, device, precision)
    training.resume()
    training.train(
        stretch, photographs, teacher, (lambda network: progress(network, measured)) if measured else None
    )


def ship_run(source: Path, out: Path, labelled: Path, sources: Path | None, threads: int = 2) -> None:
    """Write the model folder `out` from the run in `source`. `sources` is a text file: what it learned from, by line.

    Raises `FileNotFoundError` or `ValueError` in plain words.
    """
    torch.set_num_threads(threads)
    if not (source / "last.pt").exists():
        raise FileNotFoundError(
            f"there is no run in {source}; start one with python -m explorer train --recipe distil."
        )
    described = sources.read_text(encoding="utf-8").splitlines() if sources else []
    run = Run(*started(source, SIZE), source)
    run.resume()
    ship(at_size(run.averaged(), SIZE), run.history, load_labelled(labelled), described, out)


def started(start: Path, size: int) -> tuple[MultiExitViT, list[dict[str, Any]]]:
    """The network and the history that a run begins with: from a model folder, another run, or a bare backbone.

    Raises `FileNotFoundError`.
    """
    if (start / "config.json").exists():
        network = load_model_folder(start).network
        network.temperatures = (1.0,) * len(network.exits)  # training uses none
        told = start / "training.json"
        history = json.loads(told.read_text(encoding="utf-8")).get("history", []) if told.exists() else []
        return at_size(network, size), history
    if (start / "last.pt").exists():
        run = Run(new_student(None, size), [], start)
        run.resume()
        return at_size(run.averaged(), size), run.history
    return new_student(start, size), []
