"""A grain: a coarser reading of a model's classes, from grains.json in its folder. NumPy only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.trace import merged_logits

CLASSES = "classes"  # the name of the finest grain, which every model has and no file lists


@dataclass(frozen=True)
class Grain:
    """Groups of classes, each answered as one: a network that says "Labrador" also says "dog"."""

    name: str  # "kinds"
    title: str  # "100 kinds"
    labels: tuple[str, ...]  # of its G groups
    groups: NDArray[np.int64]  # (C,) the group of each class, in 0..G - 1
    temperatures: tuple[float, ...] | None = None  # (E,) dividing the merged log-probabilities; None: all 1
    thresholds: dict[str, float] = field(default_factory=dict)  # by rule, where the model has its own
    opens: bool = False  # whether the page opens with it

    def read(self, logits: NDArray[np.float32], exit: int) -> NDArray[np.float32]:
        """One exit's logits (..., C) converted to those of the groups, (..., G), over the grain's temperature there."""
        merged = merged_logits(logits, self.groups)
        if self.temperatures is None:
            return merged
        return np.divide(merged, np.float32(self.temperatures[exit]), dtype=np.float32)


def read_grains(folder: Path, config: dict[str, Any]) -> tuple[tuple[Grain, ...], list[str]]:
    """The grains of a model folder, from the finest to the coarsest, and a sentence for each that is left out.

    grains.json is a list of {name, title, labels, groups}; config.json may set, under `grains`, a grain's own
    `temperatures` and `thresholds`, and whether the page `opens` with it. A folder without grains.json has none.
    """
    path = folder / "grains.json"
    if not path.exists():
        return (), []
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return (), ["The file grains.json is not JSON; its grains are left out."]
    # A wrong encoding of labels.txt is detected where its words are read; here lines are only counted.
    labels = (folder / "labels.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    exits = len(config["exits"]) + 1
    grains, notes = [], []
    for entry in stored if isinstance(stored, list) else []:
        try:
            grains.append(_grain(entry, len(labels), config.get("grains", {}), exits))
        except (KeyError, TypeError, ValueError):
            notes.append("A grain in grains.json does not fit the model's classes; it is left out.")
    known = {grain.name for grain in grains}
    notes += [
        f"There is no grain '{name}' in grains.json; its settings are left out."
        for name in config.get("grains", {})
        if name not in known and name != CLASSES
    ]
    return tuple(sorted(grains, key=lambda grain: -len(grain.labels))), notes


def _grain(entry: dict[str, Any], classes: int, settings: dict[str, Any], exits: int) -> Grain:
    """Raises `ValueError`, `KeyError` or `TypeError` if the entry is not a grain of that many classes."""
    own = settings.get(entry["name"], {})
    grain = Grain(
        name=str(entry["name"]),
        title=str(entry["title"]),
        labels=tuple(map(str, entry["labels"])),
        groups=np.array(entry["groups"], dtype=np.int64),
        temperatures=tuple(own["temperatures"]) if own.get("temperatures") else None,
        thresholds=dict(own.get("thresholds", {})),
        opens=bool(own.get("opens", False)),
    )
    if grain.groups.shape != (classes,) or set(grain.groups.tolist()) != set(range(len(grain.labels))):
        raise ValueError("every class needs a group, and every group a class.")
    if grain.temperatures is not None and (len(grain.temperatures) != exits or min(grain.temperatures) <= 0):
        raise ValueError("temperatures are above 0, one per exit.")
    return grain


def write_grains(folder: Path, grains: Sequence[Grain]) -> Path:
    """Write grains.json into a model folder; temperatures and thresholds go into its config."""
    facts = [
        {"name": g.name, "title": g.title, "labels": g.labels, "groups": g.groups.tolist()} for g in grains
    ]
    path = folder / "grains.json"
    path.write_text(json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def choose_grain(grains: Sequence[Grain], name: str | None) -> Grain | None:
    """The grain of that name; None for the classes themselves. Raises `ValueError` with the available names."""
    if name is None or name == CLASSES:
        return None
    for grain in grains:
        if grain.name == name:
            return grain
    names = ", ".join([CLASSES, *(grain.name for grain in grains)])
    raise ValueError(f"this model has no grain '{name}'; choose one of {names}.")
