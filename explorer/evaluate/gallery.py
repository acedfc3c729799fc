"""The hardest and easiest test images of a model, as one picture beside it: gallery.png and gallery.json.

The test images themselves are not shipped with a model; these few are, so that the page can show them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data.fashion import LABELS, load_fashion
from explorer.evaluate.record import Record, load_records
from explorer.model.bundle import read_labels
from explorer.model.catalog import find_model

COUNT = 24  # of the hardest, and as many of the easiest
COLUMNS = 8  # pictures in a row of the sprite
_SMALL = 64  # pixels: up to this size lossless PNG; larger pictures would take megabytes


def ease(record: Record) -> NDArray[np.float64]:
    """How easy each image is, (N,), in [-1, 1]: the mean over exits of confidence, negative where the exit is wrong.

    Our own, from what a record holds. -1: every exit was sure of a wrong answer; 1: all were sure of the right one.
    """
    confidence = record.scores["confidence"]
    return np.where(record.correct, confidence, -confidence).mean(axis=1)


def choose(record: Record, count: int = COUNT) -> tuple[list[int], list[int]]:
    """Indices of the hardest images, hardest first, and of the easiest, easiest first; none is in both."""
    order = np.argsort(ease(record), kind="stable")
    count = min(count, len(order) // 2)
    return order[:count].tolist(), order[::-1][:count].tolist()


def write_gallery(
    folder: Path,
    record: Record,
    picture: Callable[[int], Image.Image],
    split: str = "test",
    credits: Sequence[str] = (),
) -> Path:
    """Put a model's gallery into its folder; `picture(i)` is image i of the split as the network sees it.

    `credits` name each image's author where that is required.
    """
    hardest, easiest = choose(record)
    pictures = [picture(i) for i in (*hardest, *easiest)]
    width, height = pictures[0].size
    sprite = Image.new(pictures[0].mode, (COLUMNS * width, -(-len(pictures) // COLUMNS) * height))
    for place, one in enumerate(pictures):
        sprite.paste(one, (place % COLUMNS * width, place // COLUMNS * height))
    name = "gallery.png" if max(width, height) <= _SMALL else "gallery.jpg"
    sprite.save(folder / name, **({"optimize": True} if name.endswith("png") else {"quality": 90}))
    facts = {
        "sprite": name,
        "tile": [width, height],
        "columns": COLUMNS,
        "split": split,
        "hardest": hardest,
        "easiest": easiest,
        "credits": [credits[i] for i in (*hardest, *easiest)] if credits else [],
    }
    (folder / "gallery.json").write_text(json.dumps(facts) + "\n")
    return folder / name


@dataclass(frozen=True)
class Gallery:
    """A model's gallery, read back."""

    sprite: Image.Image
    tile: tuple[int, int]  # width, height
    columns: int
    split: str
    hardest: list[int]  # indices of images of the split
    easiest: list[int]
    credits: list[str]  # author of each tile's image; empty where no credit is required

    @property
    def indices(self) -> list[int]:
        """Which image of the split each tile shows, in the order of the sprite."""
        return self.hardest + self.easiest

    def picture(self, place: int) -> Image.Image:
        """The picture of a tile. Raises `IndexError` where there is none."""
        if not 0 <= place < len(self.indices):
            raise IndexError(f"the gallery has {len(self.indices)} pictures; there is no {place}.")
        width, height = self.tile
        left, top = place % self.columns * width, place // self.columns * height
        return self.sprite.crop((left, top, left + width, top + height))


def read_gallery(folder: Path) -> Gallery | None:
    """The gallery of a model folder, or None if there is no readable one: a model works without it."""
    try:
        facts: dict[str, Any] = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))
        with Image.open(folder / Path(facts["sprite"]).name) as sprite:
            sprite.load()
        width, height = facts["tile"]
        return Gallery(
            sprite,
            (int(width), int(height)),
            int(facts["columns"]),
            str(facts["split"]),
            [int(i) for i in facts["hardest"]],
            [int(i) for i in facts["easiest"]],
            [str(credit) for credit in facts.get("credits", [])],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def run(name: str, data: Path | None) -> Path:
    """Write the gallery of a model trained on Fashion-MNIST; the path of its picture.

    Raises `ValueError`, `FileNotFoundError`.
    """
    folder = find_model(name)
    if read_labels(folder) != LABELS:
        raise ValueError(
            f"{name} was not trained on Fashion-MNIST's ten classes; its test images are not here."
        )
    path = folder / "evaluation.npz"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no evaluation.npz to choose by.")
    record, test = load_records(path)["test"], load_fashion(data)["test"]
    return write_gallery(folder, record, lambda i: Image.fromarray(test.images[i]))
