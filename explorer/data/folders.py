"""Your own pictures: a folder with a subfolder per class, split for training, choosing and reporting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.data.fashion import Split
from explorer.data.photo import see_photo
from explorer.data.reading import UnreadableImage, read_image

# Shares of the pictures where the folder does not split them itself; a picture's name decides its split.
VALIDATION, TEST = 0.15, 0.15
_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}
_IGNORED = (".", "__MACOSX")

Picture = Path | Callable[[], Image.Image]  # a file, or a function that returns an RGB picture


@dataclass(frozen=True)
class Labelled:
    """Pictures of known classes, not read yet: by split, (path, class) pairs."""

    classes: tuple[str, ...]
    parts: Mapping[str, Sequence[tuple[Picture, int]]]  # "train", "validation", "test"


def list_folder(folder: Path) -> Labelled:
    """A folder's pictures: FOLDER/CLASS/picture, or FOLDER/train/CLASS/picture and the like for val and test.

    Without a split of its own, a hash of each file's name decides: always the same, and new pictures move no old ones.
    Raises `FileNotFoundError` or `ValueError`, in one sentence.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; --data needs one with a subfolder per class.")
    given = {
        split: next((folder / name for name in names if (folder / name).is_dir()), None)
        for split, names in _NAMES.items()
    }
    if given["train"] is None:
        classes = _classes(folder)
        parts: dict[str, list[tuple[Path, int]]] = {split: [] for split in _NAMES}
        for path, label in _pictures(folder, classes):
            parts[_place(path)].append((path, label))
    else:
        classes = _classes(given["train"])
        parts = {split: list(_pictures(home, classes)) if home else [] for split, home in given.items()}
        for split in ("validation", "test"):
            if not parts[split]:  # taken from training, as above
                parts[split] = [pair for pair in parts["train"] if _place(pair[0]) == split]
                parts["train"] = [pair for pair in parts["train"] if _place(pair[0]) != split]
    if len(classes) < 2:
        raise ValueError(
            f"{folder} holds {len(classes)} classes; put pictures in a subfolder per class, at least two."
        )
    empty = [split for split, pairs in parts.items() if not pairs]
    if empty:
        raise ValueError(
            f"{folder} holds no pictures for {' and '.join(empty)}; add pictures to its classes."
        )
    return Labelled(classes, parts)


def _classes(folder: Path) -> tuple[str, ...]:
    return tuple(
        sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(_IGNORED))
    )


def _pictures(folder: Path, classes: tuple[str, ...]) -> Iterator[tuple[Path, int]]:
    for label, name in enumerate(classes):
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path, label


def _place(path: Path) -> str:
    share = int.from_bytes(sha256(path.name.encode()).digest()[:4], "big") / 2**32
    return "validation" if share < VALIDATION else "test" if share < VALIDATION + TEST else "train"


def list_unlabelled(folder: Path) -> Labelled:
    """All pictures of a folder, whatever its subfolders are called, split by a hash of their names; class 0 each.

    Raises `FileNotFoundError` or `ValueError`, in one sentence.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; --data needs one with pictures.")
    parts: dict[str, list[tuple[Path, int]]] = {split: [] for split in _NAMES}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            parts[_place(path)].append((path, 0))
    if not all(parts.values()):
        raise ValueError(f"{folder} holds too few pictures to train, choose and report on; add some.")
    return Labelled(("any",), parts)


def open_pictures(
    pairs: Sequence[tuple[Picture, int]], told: Callable[[str], None] = print
) -> Iterator[tuple[Image.Image, int]]:
    """Each picture, RGB, and its class. Unreadable ones are left out and reported to `told`."""
    for picture, label in pairs:
        try:
            yield read_image(picture) if isinstance(picture, Path) else picture(), label
        except UnreadableImage as error:
            told(f"{picture}: left out. {error}")


def load_split(
    pairs: Sequence[tuple[Picture, int]], size: tuple[int, int], told: Callable[[str], None] = print
) -> Split:
    """Read pictures as a network of that input size (height, width) sees them: (N, H, W, 3) uint8 and classes (N,).

    Unreadable ones are left out and reported to `told` in a sentence. Raises `ValueError` when nothing is left.
    """
    images, labels = [], []
    for picture, label in open_pictures(pairs, told):
        images.append(np.asarray(see_photo(picture, size).image))
        labels.append(label)
    if not images:
        raise ValueError("none of the pictures can be read; use JPEG, PNG or WebP files.")
    return Split(np.stack(images), np.array(labels, dtype=np.int64))
