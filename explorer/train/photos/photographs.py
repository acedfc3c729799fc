"""The photographs learned from: folders or zip archives, decoded once into one array that several runs share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256  # pixels; every photograph is kept as a square of this side, with its own aspect stored beside it
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".ppm", ".tif", ".tiff"}
TOO_FEW = "{path} holds no photograph that can be read; name a folder or a zip archive of pictures."


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
    names: tuple[str, ...]  # source and file

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
    weights = np.concatenate([np.full(len(names), source.weight) for source, names, _, _ in parts])
    return Photographs(
        parts=tuple(pixels for _, _, pixels, _ in parts),
        aspects=np.concatenate([aspects for *_, aspects in parts]),
        weights=weights / weights.sum(),
        names=tuple(f"{source.path.stem}/{name}" for source, names, _, _ in parts for name in names),
    )


def pictures_of(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    """The names of a folder's or an archive's pictures in a fixed order, and how to read one's bytes.

    Raises `FileNotFoundError`.
    """
    if path.is_dir():
        found = (p.relative_to(path).as_posix() for p in path.rglob("*") if p.suffix.lower() in ENDINGS)
        return sorted(found), lambda name: (path / name).read_bytes()
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; --data needs a folder or a zip archive of pictures.")
    with ZipFile(path) as archive:
        names = sorted(n for n in archive.namelist() if Path(n).suffix.lower() in ENDINGS)

    def read(name: str) -> bytes:
        with ZipFile(path) as archive:  # opened each time: an open archive is not thread-safe
            return archive.read(name)

    return names, read


def _decoded(path: Path, cache: Path) -> tuple[list[str], NDArray[np.uint8], NDArray[np.float32]]:
    """Names, pixels (N, 3, SIDE, SIDE) and aspects (N,) of a source; what cannot be read is left out."""
    names, read = pictures_of(path)
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    key = sha256(repr((SIDE, stamp, names)).encode()).hexdigest()[:16]
    home = cache / f"{path.stem}-{key}"
    if not (home / "names.txt").exists():
        home.mkdir(parents=True, exist_ok=True)
        kept, aspects = [], []
        # Written to a temporary name and renamed last, so that a kill leaves nothing that looks whole.
        with (home / "pixels.new").open("wb") as file:
            for name, square, aspect in _decode_all(names, read):
                file.write(square.tobytes())
                kept.append(name)
                aspects.append(aspect)
        if not kept:
            raise ValueError(TOO_FEW.format(path=path))
        os.replace(home / "pixels.new", home / "pixels.bin")
        np.save(home / "aspects.npy", np.array(aspects, np.float32))
        (home / "names.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
    kept = (home / "names.txt").read_text(encoding="utf-8").splitlines()
    pixels = np.memmap(home / "pixels.bin", np.uint8, "r", shape=(len(kept), 3, SIDE, SIDE))
    return kept, pixels, np.load(home / "aspects.npy")


def _decode_all(
    names: Sequence[str], read: Callable[[str], bytes]
) -> Iterator[tuple[str, NDArray[np.uint8], float]]:
    def decode(name: str) -> tuple[str, NDArray[np.uint8], float] | None:
        try:
            with Image.open(BytesIO(read(name))) as image:
                whole = image.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        square = whole.resize((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=3.0)
        return name, np.asarray(square).transpose(2, 0, 1), whole.width / whole.height

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(names), 512):  # a bounded number at a time, for the memory's sake
            yield from filter(None, pool.map(decode, names[start : start + 512]))
