"""A folder of photographs with their true classes: labels.tsv beside the pictures.

labels.tsv is tab-separated, its first line naming the columns: `file` and `class` (the index of the class in the
model's order) are required; `author`, `licence` and `page` credit a picture and are optional.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data.photo import SIZE, see_photo
from explorer.data.reading import read_image

_CC = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]+)/([0-9.]+)")
COLUMNS = ("file", "class", "name", "author", "licence", "page")


@dataclass(frozen=True)
class Row:
    """One photograph of a labelled folder."""

    file: str
    index: int  # of its true class
    name: str = ""
    author: str = ""
    licence: str = ""
    page: str = ""

    @property
    def credit(self) -> str:
        """Author, licence and page as one line; empty where unknown."""
        return ", ".join(filter(None, (self.author, self.licence, self.page)))

    @property
    def named(self) -> dict[str, str] | None:
        """Author, licence by its short name, and page, to show beside it; None where the author is unknown."""
        if not self.author:
            return None
        found = _CC.match(self.licence)
        licence = f"CC {found[1].upper()} {found[2]}" if found else self.licence
        return {"author": self.author, "licence": licence, "page": self.page}


@dataclass(frozen=True)
class Labelled:
    """N photographs, sorted by file name."""

    folder: Path
    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(row.file for row in self.rows)

    @property
    def classes(self) -> NDArray[np.int64]:
        """True class of each, (N,)."""
        return np.array([row.index for row in self.rows], np.int64)

    @property
    def credits(self) -> tuple[str, ...]:
        return tuple(row.credit for row in self.rows)

    def image(self, index: int) -> Image.Image:
        """One whole photograph, RGB."""
        return read_image(self.folder / self.rows[index].file)

    def picture(self, index: int, size: int = SIZE) -> Image.Image:
        """What a network for photographs of that input size sees of one photograph."""
        return see_photo(self.image(index), size).image

    def half(self, odd: bool) -> Labelled:
        """Those at even positions of the sorted file names, for choosing, or at `odd` ones, for reporting."""
        return Labelled(self.folder, self.rows[int(odd) :: 2])


def load_labelled(folder: Path) -> Labelled:
    """Read a folder's labels.tsv. Raises `FileNotFoundError` or `ValueError`, in one plain sentence."""
    path = folder / "labels.tsv"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no labels.tsv that names the class of each picture.")
    with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write a byte order mark
        told = list(csv.DictReader(file, delimiter="\t"))
    try:
        rows = [
            Row(r["file"], int(r["class"]), *(r.get(column) or "" for column in COLUMNS[2:])) for r in told
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} needs the columns file and class, a whole number each.") from error
    if not rows:
        raise ValueError(f"{path} names no picture.")
    lost = [row.file for row in rows if not row.file or not (folder / row.file).exists()]
    if lost:
        raise FileNotFoundError(f"{folder} lacks {lost[0]}, which its labels.tsv names.")
    return Labelled(folder, tuple(sorted(rows, key=lambda row: row.file)))


def write_labels(rows: Iterable[Row], folder: Path) -> None:
    """Write a folder's labels.tsv."""
    with (folder / "labels.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(astuple(row) for row in rows)
