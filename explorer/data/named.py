"""Public data sets by name, as torchvision reads them: from a folder on this machine, or downloaded into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from explorer.data.fashion import LABELS, load_fashion
from explorer.data.folders import Labelled, Picture

ROOT = Path("checkpoints/data")  # where downloads go, unless another folder is named
VALIDATION = 0.1  # of the training pictures, drawn by a fixed seed where a set has no validation split
_SEED = 0


@dataclass(frozen=True)
class NamedSet:
    """How torchvision provides a set: its class there, and the arguments of each of our splits."""

    kind: str
    train: dict[str, Any]
    test: dict[str, Any]
    validation: dict[str, Any] | None = None


_BY_SPLIT = ({"split": "train"}, {"split": "test"})
SETS: dict[str, NamedSet] = {
    "cifar10": NamedSet("CIFAR10", {"train": True}, {"train": False}),
    "cifar100": NamedSet("CIFAR100", {"train": True}, {"train": False}),
    "food101": NamedSet("Food101", *_BY_SPLIT),
    "flowers": NamedSet("Flowers102", *_BY_SPLIT, {"split": "val"}),
    "pets": NamedSet("OxfordIIITPet", {"split": "trainval"}, {"split": "test"}),
}
NAMES = (*SETS, "fashion-mnist")


def is_named(data: Path) -> bool:
    """Whether that is the name of a set and not a folder on this machine."""
    return str(data) in NAMES and not data.exists()


def list_named(name: str, root: Path | None = None) -> Labelled:
    """A set's pictures, not read yet. Raises `FileNotFoundError` where it is not here and cannot be fetched."""
    if name == "fashion-mnist":
        return _fashion(root)
    found = SETS[name]
    home = root or ROOT
    train = _open(name, found.kind, home, found.train)
    test = _open(name, found.kind, home, found.test)
    if found.validation is None:
        places = np.random.default_rng(_SEED).permutation(len(train))
        count = max(1, round(VALIDATION * len(train)))
        parts = {
            "train": _pairs(train, np.sort(places[count:])),
            "validation": _pairs(train, np.sort(places[:count])),
        }
    else:
        parts = {
            "train": _pairs(train),
            "validation": _pairs(_open(name, found.kind, home, found.validation)),
        }
    classes = tuple(str(name).replace("_", " ") for name in train.classes)
    return Labelled(classes, parts | {"test": _pairs(test)})


def _open(name: str, kind: str, home: Path, options: dict[str, Any]) -> Any:
    from torchvision import datasets

    make = partial(getattr(datasets, kind), home, **options)
    try:
        return make()
    except ModuleNotFoundError as error:
        raise FileNotFoundError(
            f"{name} is read by the package {error.name}, which is not installed; pip install {error.name}."
        ) from error
    except (RuntimeError, OSError):  # missing or incomplete
        pass
    try:
        home.mkdir(parents=True, exist_ok=True)
        return make(download=True)
    except Exception as error:  # torchvision raises whatever its mirrors raise
        raise FileNotFoundError(
            f"{name} is not in {home} and cannot be downloaded; put it there as torchvision has it, "
            "or name its folder by --root."
        ) from error


def _pairs(found: Any, places: Sequence[int] | np.ndarray | None = None) -> list[tuple[Picture, int]]:
    """Pictures that are read on demand, and their classes, without reading any."""
    labels = getattr(found, "targets", None) or found._labels  # torchvision has no single name for them
    return [
        (partial(_read, found, int(i)), int(labels[i]))
        for i in (range(len(labels)) if places is None else places)
    ]


def _read(found: Any, place: int) -> Image.Image:
    return found[place][0].convert("RGB")


def _fashion(root: Path | None) -> Labelled:
    parts = {}
    for split, read in load_fashion(root).items():
        open_: list[Callable[[], Image.Image]] = [partial(_grey, image) for image in read.images]
        parts[split] = [(picture, int(label)) for picture, label in zip(open_, read.labels, strict=True)]
    return Labelled(LABELS, parts)


def _grey(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image).convert("RGB")
