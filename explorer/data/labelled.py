"""A folder of photographs with their true classes: labels.tsv beside the pictures.

labels.tsv is tab-separated, its first line naming the columns: `file` and `class` (the index of the class in the
model's order) have to be there; `author`, `licence` and `page` say whom a picture is by, where they are given.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data.photo import SIZE, see_photo
from explorer.data.reading import read_image


@dataclass(frozen=True)
class Labelled:
    """N photographs, sorted by file name."""

    folder: Path
    files: tuple[str, ...]
    classes: NDArray[np.int64]  # (N,) true class of each
    credits: tuple[str, ...]  # author, licence and page of each, as one line; empty where unknown

    def __len__(self) -> int:
        return len(self.files)

    def image(self, index: int) -> Image.Image:
        """One of them whole, RGB."""
        return read_image(self.folder / self.files[index])

    def picture(self, index: int, size: int = SIZE) -> Image.Image:
        """What a network for photographs of that input size sees of one of them."""
        return see_photo(self.image(index), size).image

    def half(self, odd: bool) -> Labelled:
        """Those at even places of the sorted file names, for choosing, or those at `odd` ones, for reporting."""
        part = slice(int(odd), None, 2)
        return Labelled(self.folder, self.files[part], self.classes[part], self.credits[part])


def load_labelled(folder: Path) -> Labelled:
    """Read a folder's labels.tsv. Raises `FileNotFoundError` or `ValueError`, in one plain sentence."""
    path = folder / "labels.tsv"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no labels.tsv that names the class of each picture.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    try:
        rows.sort(key=lambda row: row["file"])
        classes = np.array([int(row["class"]) for row in rows], np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} needs the columns file and class, a whole number each.") from error
    if not rows:
        raise ValueError(f"{path} names no picture.")
    lost = [row["file"] for row in rows if not (folder / row["file"]).exists()]
    if lost:
        raise FileNotFoundError(f"{folder} lacks {lost[0]}, which its labels.tsv names.")
    return Labelled(folder, tuple(row["file"] for row in rows), classes, tuple(map(_credit, rows)))


def _credit(row: dict[str, str]) -> str:
    return ", ".join(filter(None, (row.get(key) for key in ("author", "licence", "page"))))
