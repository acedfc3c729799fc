"""The photographs learned from: folders or zip archives, decoded once into one array that several runs share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data.collection import Member, read_members
from explorer.data.sources import PICTURES, find_pictures

SIDE = 256  # pixels; every photograph is kept as a square of this side, with its own aspect stored beside it
PART = 32  # photographs that a thread decodes at a time


@dataclass(frozen=True)
class Source:
    """Where photographs come from, and how often each is drawn relative to those of other sources."""

    path: Path  # a folder, searched recursively, or a zip archive
    weight: float = 1.0


@dataclass(frozen=True)
class Photographs:
    """N decoded photographs. Squeezed to squares: a crop undoes that, see `explorer.train.photos.views`."""

    parts: tuple[NDArray[np.uint8], ...]  # (n, 3, SIDE, SIDE) of each source, mapped from files
    aspects: NDArray[np.float32]  # (N,) width / height
    weights: NDArray[np.float64]  # (N,) how often each is drawn; they sum to 1

    def __len__(self) -> int:
        return len(self.aspects)

    def pixels(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The chosen photographs (n,), squeezed: (n, 3, SIDE, SIDE)."""
        ends = np.cumsum([len(part) for part in self.parts])
        pixels = np.empty((len(chosen), 3, SIDE, SIDE), np.uint8)
        for place in np.argsort(chosen, kind="stable"):  # a mapped file is read forwards
            part = int(np.searchsorted(ends, chosen[place], side="right"))
            pixels[place] = self.parts[part][chosen[place] - ends[part]]
        return pixels


def parse_source(text: str) -> Source:
    """`FOLDER` or `FOLDER=WEIGHT`. Raises `ValueError` for a weight that is not a number above 0."""
    path, equals, weight = text.rpartition("=")
    if not equals or Path(text).exists():
        return Source(Path(text))
    try:
        number = float(weight)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"--data {text}: the weight must be a number above 0.")
    return Source(Path(path), number)


def load_photographs(sources: Sequence[Source], cache: Path) -> Photographs:
    """Every photograph of the sources. Each source is decoded once into `cache` and mapped from there after that.

    Raises `FileNotFoundError` for a source that is not there and `ValueError` for one without photographs.
    """
    parts = [(source, *_decoded(source.path, cache)) for source in sources]
    weights = np.concatenate([np.full(len(aspects), source.weight) for source, _, aspects in parts])
    return Photographs(
        parts=tuple(pixels for _, pixels, _ in parts),
        aspects=np.concatenate([aspects for *_, aspects in parts]),
        weights=weights / weights.sum(),
    )


def pictures_of(path: Path) -> list[Member]:
    """The pictures of a folder or an archive, in a fixed order. Raises `FileNotFoundError`."""
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; --data needs a folder or a zip archive of pictures.")
    found = [member for member in find_pictures([str(path)]) if member.problem is None]
    return sorted((m for m in found if Path(m.name).suffix.lower() in PICTURES), key=lambda m: m.name)


def _decoded(path: Path, cache: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pixels (N, 3, SIDE, SIDE) and aspects (N,) of a source; what cannot be read is left out."""
    members = pictures_of(path)
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    names = [member.name.removeprefix(str(path)) for member in members]
    key = sha256(repr((SIDE, stamp, names)).encode()).hexdigest()[:16]
    home = cache / f"{path.stem}-{key}"
    if not (home / "pixels.bin").exists():
        home.mkdir(parents=True, exist_ok=True)
        aspects = []
        # Written to a temporary name and renamed last, so that a kill leaves nothing that looks whole.
        with (home / "pixels.new").open("wb") as file:
            for square, aspect in _squares(members):
                file.write(square.tobytes())
                aspects.append(aspect)
        if not aspects:
            raise ValueError(f"{path} holds no photograph that can be read; name a folder or a zip archive.")
        np.save(home / "aspects.npy", np.array(aspects, np.float32))
        os.replace(home / "pixels.new", home / "pixels.bin")
    aspects = np.load(home / "aspects.npy")
    return np.memmap(home / "pixels.bin", np.uint8, "r", shape=(len(aspects), 3, SIDE, SIDE)), aspects


def _squares(members: list[Member]) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Pixels (3, SIDE, SIDE) and aspect of every picture that can be read, upright and in sRGB as on the page."""

    def squeezed(part: list[Member]) -> list[tuple[NDArray[np.uint8], float]]:
        images = (image for image in read_members(part) if not isinstance(image, str))
        return [(_square(image), image.width / image.height) for image in images]

    parts = [members[i : i + PART] for i in range(0, len(members), PART)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from chain.from_iterable(pool.map(squeezed, parts))


def _square(image: Image.Image) -> NDArray[np.uint8]:
    square = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(square).transpose(2, 0, 1)
