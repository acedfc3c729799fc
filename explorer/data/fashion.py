"""Fashion-MNIST (Xiao et al. 2017, MIT licence): where it is found, and the split we train and choose on."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
VALIDATION = 5_000  # images held out from training; all choices are made on them
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Split:
    """Images (N, 28, 28) uint8, dark background, and labels (N,) int64; photographs are (N, H, W, 3).

    Where a teacher replaces labels, the training labels are its probabilities (N, C) float32.
    """

    images: NDArray[np.uint8]
    labels: NDArray[Any]

    def __len__(self) -> int:
        return len(self.labels)


def _read_idx(folder: Path, stem: str) -> NDArray[np.uint8]:
    """One idx file, gzipped or not: http://yann.lecun.com/exdb/mnist describes the format.

    Raises `FileNotFoundError` or `ValueError` with a readable message.
    """
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.exists():
            try:
                raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                if raw[:3] != b"\0\0\x08":
                    raise ValueError("no idx file of bytes")
                shape = np.frombuffer(raw, ">u4", raw[3], offset=4)
                return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)
            except (ValueError, IndexError, EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"{path} is damaged or no idx file; fetch Fashion-MNIST again.") from error
    raise FileNotFoundError(f"no {stem}[.gz] in {folder}; --data needs Fashion-MNIST's four idx files.")


def _split(folder: Path, part: str) -> Split:
    images, labels = (
        _read_idx(folder, f"{part}-images-idx3-ubyte"),
        _read_idx(folder, f"{part}-labels-idx1-ubyte"),
    )
    return Split(images, labels.astype(np.int64))


def find_folder(folder: Path | None = None, download_to: Path = Path("checkpoints/data")) -> Path:
    """The folder of the idx files: the one given, else Debian's package, else torchvision's download."""
    if folder is not None:
        return folder
    if DEBIAN_FOLDER.is_dir():
        return DEBIAN_FOLDER
    from torchvision.datasets import FashionMNIST

    try:
        return Path(FashionMNIST(download_to, download=True).raw_folder)
    except Exception as error:  # torchvision raises whatever its mirrors raise
        raise FileNotFoundError(
            "Fashion-MNIST is not here and cannot be downloaded; install Debian's package "
            "dataset-fashion-mnist or name a folder with its four idx files by --data."
        ) from error


def load_fashion(folder: Path | None = None) -> dict[str, Split]:
    """`train` (55,000), `validation` (5,000 training images, drawn by a fixed seed) and `test` (10,000)."""
    folder = find_folder(folder)
    whole, test = _split(folder, "train"), _split(folder, "t10k")
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(whole))
    held_out, rest = np.sort(order[:VALIDATION]), np.sort(order[VALIDATION:])
    return {
        "train": Split(whole.images[rest], whole.labels[rest]),
        "validation": Split(whole.images[held_out], whole.labels[held_out]),
        "test": test,
    }
