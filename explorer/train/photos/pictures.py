"""The unlabelled pictures: which folders, which are kept apart, all decoded once into memory."""

from __future__ import annotations

import csv
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


def load_pictures(folder: Path, held_out: bool = False) -> Pictures:
    """The pictures to train on, or those `held_out`; `folder` has SOURCES.tsv and a sub-folder per kind.

    SOURCES.tsv says of each file which package it is from. Raises `FileNotFoundError` without it.
    """
    sources = folder / "SOURCES.tsv"
    if not sources.exists():
        raise FileNotFoundError(f"{folder} has no SOURCES.tsv; --pictures needs a folder with one.")
    kinds: dict[str, list[Image.Image]] = {kind: [] for kind in KINDS}
    with sources.open(encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: row["file"])
    objects = 0
    for row in rows:
        kind, package = row["file"].partition("/")[0], row["debian_package"]
        if kind not in kinds or package in LEFT_OUT:
            continue
        apart = package in HELD_OUT
        if kind == "objects":
            objects += 1
            apart = objects % HELD_OUT_OBJECTS == 0
        if apart == held_out:
            kinds[kind].append(_open(folder / row["file"], kind))
    return Pictures({kind: images for kind, images in kinds.items() if images})


def _open(path: Path, kind: str) -> Image.Image:
    if kind in ("scenes", "mixed"):
        return read_image(path)
    try:
        return Image.open(path).convert("RGBA")
    except OSError as error:
        raise UnreadableImage(f"{path} cannot be read; fetch the pictures again.") from error
