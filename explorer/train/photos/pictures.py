"""The unlabelled pictures: which folders, which are kept apart, all decoded once into memory."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from explorer.data.reading import UnreadableImage, read_image

# Kept apart by whole packages, for a package holds one picture in several sizes and colours.
HELD_OUT = ("kphotoalbum", "ukui-wallpapers")
# Figures of scikit-image's own photographs: those are among the photographs everyone tests with.
LEFT_OUT = ("python-skimage-doc",)
HELD_OUT_OBJECTS = 8  # of the cut-out objects, every eighth is kept apart
KINDS = ("scenes", "objects", "cliparts", "mixed")


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures by kind: `scenes` and `mixed` in RGB, `objects` and `cliparts` cut out, in RGBA."""

    kinds: dict[str, list[Image.Image]]

    def __len__(self) -> int:
        return sum(map(len, self.kinds.values()))


def load_pictures(folders: Sequence[Path], held_out: bool = False) -> Pictures:
    """The pictures to train on, or those `held_out`; each folder has SOURCES.tsv and a sub-folder per kind.

    SOURCES.tsv says of each file which package it is from. Raises `FileNotFoundError` without it.
    """
    kinds: dict[str, list[Image.Image]] = {kind: [] for kind in KINDS}
    for folder in folders:
        objects = 0
        for file, package in _sources(folder):
            kind = file.partition("/")[0]
            if kind not in kinds or package in LEFT_OUT:
                continue
            apart = package in HELD_OUT
            if kind == "objects":
                objects += 1
                apart = objects % HELD_OUT_OBJECTS == 0
            if apart == held_out:
                kinds[kind].append(_open(folder / file, kind))
    return Pictures({kind: images for kind, images in kinds.items() if images})


def _sources(folder: Path) -> list[tuple[str, str]]:
    """Every file of a folder and its package, in a fixed order."""
    path = folder / "SOURCES.tsv"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no SOURCES.tsv; --pictures needs folders with one.")
    with path.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return sorted((row["file"], row["debian_package"]) for row in rows)


def _open(path: Path, kind: str) -> Image.Image:
    if kind in ("scenes", "mixed"):
        return read_image(path)
    try:
        return Image.open(path).convert("RGBA")
    except OSError as error:
        raise UnreadableImage(f"{path} cannot be read; fetch the pictures again.") from error
