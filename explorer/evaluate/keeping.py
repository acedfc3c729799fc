"""Measures a model folder on validation and test images and stores all results in it, for every command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track

from explorer.data.fashion import Split
from explorer.evaluate.conformal import Watcher, write_conformal
from explorer.evaluate.performance import add_performance
from explorer.evaluate.record import Record, evaluate, load_records, rounded, save_records
from explorer.evaluate.tradeoff import Aim, own_thresholds
from explorer.model.bundle import Model, ModelError, read_config, write_thresholds


def measure(
    model: Model, splits: Mapping[str, Split], name: str, batch: int, watch: Watcher | None = None
) -> Record:
    """One split through the network, `batch` images at a time, under a progress bar."""
    total = -(-len(splits[name]) // batch)
    steps = evaluate(model, splits[name], batch, watch)
    *_, record = track(steps, f"{model.name}: {name}", total, console=Console(stderr=True), transient=True)
    return record


def measure_and_keep(
    model: Model, folder: Path, splits: Mapping[str, Split], batch: int = 32
) -> dict[str, Record]:
    """Run the model that lies in `folder` over "validation" and "test", and store all results.

    That is evaluation.npz, thresholds of every rule at every grain, performance control's bins and conformal sets.
    `splits` are images as the network sees them. Returns what was stored.
    """
    model.network.addons.pop("performance", None)  # its bins are about to be found again
    if _test_labels(folder) != splits["test"].labels.tolist():
        for old in ("rules.json", "gallery.json"):  # of other pictures; can be written again from these
            (folder / old).unlink(missing_ok=True)
    validation = Watcher(model)
    records = {"validation": measure(model, splits, "validation", batch, validation)}
    test = Watcher(model, validation.limits())
    records["test"] = measure(model, splits, "test", batch, test)
    keep(folder, records)
    write_conformal(validation, test, folder)
    return load_records(folder / "evaluation.npz")


def _test_labels(folder: Path) -> list[int] | None:
    """Labels of the test images measured before; None if there are none."""
    try:
        return load_records(folder / "evaluation.npz")["test"].labels.tolist()
    except (FileNotFoundError, ModelError):
        return None


def keep(folder: Path, records: Mapping[str, Record]) -> None:
    """Write evaluation.npz and, into the config, the model's own thresholds of every rule at every grain.

    Thresholds follow the aim in the folder's config. Also write performance control's bins, which come from the
    same images.
    """
    aim = Aim(**read_config(folder).get("aim", {}))
    records = {split: rounded(record) for split, record in records.items()}
    save_records(records, folder / "evaluation.npz")
    write_thresholds(folder, *own_thresholds(records["validation"], aim))
    add_performance(folder, aim)
