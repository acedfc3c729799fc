"""Performance control's bins, from a model's validation images: an addon of a few kilobytes, at every grain."""

from __future__ import annotations

from pathlib import Path

from explorer.evaluate.record import Record, load_records
from explorer.evaluate.tradeoff import Aim, own_threshold
from explorer.grain import CLASSES
from explorer.model.addons import Parts, addon_path, save_addon
from explorer.model.bundle import write_thresholds
from explorer.rules.performance import RULE, reliability_bins


def performance_parts(validation: Record) -> Parts:
    """The addon's tensors, for every grain the record has."""
    readings = {CLASSES: validation, **validation.grains}
    return {
        f"{grain}.{name}": values
        for grain, record in readings.items()
        for name, values in reliability_bins(record.scores["confidence"], record.correct).items()
    }


def add_performance(folder: Path, aim: Aim) -> Path:
    """Fit the bins on the validation half of a folder's evaluation.npz; thresholds follow the aim.

    Returns the addon's path. Raises `FileNotFoundError` for a folder that was not evaluated.
    """
    path = folder / "evaluation.npz"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no evaluation.npz; evaluate the model first.")
    addon_path(folder, RULE.name).unlink(missing_ok=True)  # old bins, perhaps for other weights
    written = save_addon(folder, RULE.name, performance_parts(load_records(path)["validation"]))
    validation = load_records(path)["validation"]  # reload, with the rule that the bins now enable
    own = own_threshold(validation, RULE.name, aim)
    by_grain = {
        name: {RULE.name: own_threshold(record, RULE.name, aim)} for name, record in validation.grains.items()
    }
    write_thresholds(folder, {RULE.name: own}, by_grain)
    return written
