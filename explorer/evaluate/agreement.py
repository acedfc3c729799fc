"""A model compared with its teacher on unlabelled photographs: more of them than labelled ones, and more varied.

It measures how often an exit agrees with the teacher, which makes mistakes too. Stored as the split "unlabelled".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.console import Console
from rich.progress import track
from rich.table import Table

from explorer.data.alike import ALIKE, fingerprint, nearest
from explorer.data.collection import read_members
from explorer.evaluate.keeping import keep
from explorer.evaluate.record import UNLABELLED, Record, joined, load_records, record_of
from explorer.grain import CLASSES
from explorer.model.bundle import Model, load_model_folder
from explorer.model.catalog import find_model
from explorer.pipeline import see, to_tensor
from explorer.train.photos.photographs import Source, pictures_of
from explorer.train.photos.teacher import TeacherSpec, load_teacher

BATCH = 25


def run(
    name: str,
    sources: Sequence[Source],
    teachers: Sequence[TeacherSpec],
    trained_on: Sequence[Path],
    count: int,
) -> Record:
    """Compare a model with its teachers on at most `count` photographs of the sources; store it in its evaluation.

    A source's share is its pictures times its weight. Near-duplicates of a picture in `trained_on`, or of an
    earlier one here, are left out. Raises `ValueError` or `FileNotFoundError`, in one sentence.
    """
    folder = find_model(name)
    if not (folder / "evaluation.npz").exists():
        raise FileNotFoundError(f"{name} was never evaluated; run evaluate --save first.")
    model, teacher = load_model_folder(folder), load_teacher(teachers)
    if model.input.sight != "photo":
        raise ValueError(f"{name} does not look at photographs; nothing to compare.")
    seen = _apart(_chosen(model, sources, count), trained_on)
    if not len(seen):
        raise ValueError("every photograph nearly equals one that was trained on; name others by --data.")
    parts: list[Record] = []
    starts = range(0, len(seen), BATCH)
    for start in track(starts, f"{name}: unlabelled", console=Console(stderr=True), transient=True):
        images = seen[start : start + BATCH]
        views = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        answers = teacher(views).argmax(dim=1).numpy()
        if answers.max() >= len(model.labels):
            raise ValueError(
                f"the teacher names classes that {name} does not have; name one of its own classes."
            )
        trace = model.network.analyse(torch.cat([to_tensor(model, image) for image in images]))
        parts.append(record_of(trace, answers, model.grains, model.network.addons))
    records = load_records(folder / "evaluation.npz") | {UNLABELLED: joined(parts)}
    keep(folder, records)
    return load_records(folder / "evaluation.npz")[UNLABELLED]


def table(record: Record) -> Table:
    """Agreement at every exit and grain, with the margin of error (95 %)."""
    readings = {CLASSES: record, **record.grains}
    rows = Table("Exit", *[f"{grain}, %" for grain in readings], "±")
    rows.title = f"Agreement with the teacher on {len(record.labels)} photographs without labels"
    shares = np.stack([read.accuracy for read in readings.values()])
    margins = 1.96 * np.sqrt(shares * (1 - shares) / len(record.labels)).max(axis=0)
    for block, agreed, margin in zip(record.blocks, shares.T, margins, strict=True):
        rows.add_row(f"block {block}", *[f"{100 * share:.1f}" for share in agreed], f"{100 * margin:.1f}")
    return rows


def _chosen(model: Model, sources: Sequence[Source], count: int) -> Iterator[NDArray[np.uint8]]:
    """What the model sees (H, W, 3) of `count` pictures, spread evenly over each source, unreadable ones left out."""
    listed = [(source, pictures_of(source.path)) for source in sources]
    total = sum(source.weight * len(pictures) for source, pictures in listed)
    for source, pictures in listed:
        wanted = min(len(pictures), round(count * source.weight * len(pictures) / total)) if total else 0
        places = np.linspace(0, len(pictures) - 1, wanted).round().astype(int)
        for image in read_members(pictures[place] for place in places):
            if not isinstance(image, str):
                yield np.asarray(see(model, image).image)


def _apart(seen: Iterator[NDArray[np.uint8]], trained_on: Sequence[Path]) -> NDArray[np.uint8]:
    """Those pictures (N, H, W, 3) that are not near-duplicates of an earlier one or of one in `trained_on`."""
    kept: list[NDArray[np.uint8]] = []
    prints = np.empty((0, 4), np.uint64)
    for image in seen:
        own = fingerprint(Image.fromarray(image))[None]
        if nearest(own, prints)[0] > ALIKE:
            kept.append(image)
            prints = np.concatenate([prints, own])
    least = np.full(len(kept), ALIKE + 1)
    for path in trained_on:
        least = np.minimum(least, nearest(prints, _prints(path)))
    return np.array([image for image, bits in zip(kept, least, strict=True) if bits > ALIKE], np.uint8)


def _prints(path: Path) -> NDArray[np.uint64]:
    """Fingerprints (M, 4) of a folder's or an archive's pictures: of each whole picture and of its middle square."""
    found, title = [], f"{path.stem}: looking for copies"
    pictures = track(pictures_of(path), title, console=Console(stderr=True), transient=True)
    for image in read_members(pictures):
        if not isinstance(image, str):
            found += [fingerprint(image), fingerprint(ImageOps.fit(image, (min(image.size),) * 2))]
    return np.array(found, np.uint64).reshape(-1, 4)
