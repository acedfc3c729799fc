"""What is known of a model before it is loaded: classes, exits, size, accuracy. For lists of models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from explorer.model.addons import addon_names, addon_path, own_addons
from explorer.model.bundle import ModelError, read_config, read_labels
from explorer.rules import rules_with
from explorer.rules.rule import LEARNED


@dataclass(frozen=True)
class Facts:
    """Facts about a model folder."""

    classes: int
    exits: int  # early ones
    size: int  # bytes of its weights
    right: float | None  # share of its test pictures that its last layer gets right; None if not measured
    reference: str  # "labels", or the "teacher" whose answers count as right
    learned: tuple[str, ...] = ()  # the rules whose trained parts it has
    shared: bool = False  # whether all its exits share one read-out

    def json(self) -> dict[str, Any]:
        return asdict(self)


def facts_of(folder: Path) -> Facts | None:
    """The facts of a model folder, without its weights; None where they cannot be read."""
    try:
        when = tuple(
            (folder / name).stat().st_mtime_ns if (folder / name).exists() else 0
            for name in ("config.json", "labels.txt", "evaluation.npz")
        )
        when += tuple(addon_path(folder, name).stat().st_mtime_ns for name in addon_names(folder))
        return _facts(folder, when)
    except (ModelError, OSError):
        return None


@lru_cache(maxsize=256)
def _facts(folder: Path, _when: tuple[int, ...]) -> Facts:
    config = read_config(folder)
    files = [folder / Path(name).name for name in config["weights"]]
    return Facts(
        classes=len(read_labels(folder)),
        exits=len(config["exits"]),
        size=sum(path.stat().st_size for path in files if path.is_file()),
        right=_right(folder / "evaluation.npz"),
        reference="teacher" if config.get("reference") == "teacher" else "labels",
        learned=tuple(
            name for name, rule in rules_with(own_addons(folder, config)).items() if rule.family == LEARNED
        ),
        shared=bool(config["exits"]) and all(exit_.get("head") == "shared" for exit_ in config["exits"]),
    )


def _right(path: Path) -> float | None:
    """Accuracy of the last layer on the split "test"; see `evaluate.record.save_records`."""
    if not path.exists():
        return None
    try:
        with np.load(path) as stored:
            return float((stored["test_predicted"][:, -1] == stored["test_labels"]).mean())
    except Exception:  # NumPy, zipfile and zlib each have their own error for a damaged file
        return None
