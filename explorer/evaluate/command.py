"""python -m explorer evaluate: run models over Fashion-MNIST, or read their stored evaluations; print the tables."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from explorer.data.fashion import LABELS, Split, load_fashion
from explorer.data.labelled import Labelled, load_labelled
from explorer.evaluate import report
from explorer.evaluate.chart import write_chart
from explorer.evaluate.keeping import keep, measure, measure_and_keep
from explorer.evaluate.matched import checked, matched, matched_table, write_rows
from explorer.evaluate.pace import SIZES, pace_of
from explorer.evaluate.record import Record, load_records
from explorer.grain import CLASSES
from explorer.model.bundle import Model, load_model_folder, read_config, read_labels
from explorer.model.catalog import find_model, list_models, named_here
from explorer.pipeline import see, to_tensor
from explorer.rules.chosen import Chosen, read_chosen


def run(
    names: list[str] | None,
    data: Path | None,
    thresholds: Path | None,
    stored: bool,
    markdown: bool,
    chart: Path | None = None,
    grain: str = CLASSES,
    save: bool = False,
    rules: bool = False,
) -> None:
    """Print accuracy per exit and the trade-offs, or what a file's thresholds give; and draw `chart` if given.

    Raises `ValueError` or `FileNotFoundError`, in one sentence. Without names: every model measured against labels.
    One measured against a teacher's answers has an agreement rate, which is not accuracy,
    so the two never share a table. `grain` reads the answers more coarsely; `save` stores the results in the
    models' folders, with a threshold for every rule and grain.
    `rules` compares the rules at the same savings instead, at every grain, and with `save` stores that for the page.
    """
    chosen = read_chosen(thresholds) if thresholds else None
    if chosen and grain == CLASSES:
        grain = chosen.grain or CLASSES
    if chosen and not names:
        names = [named_here(chosen.model)]
    folders = [find_model(name) for name in names] if names else _labelled(None if stored else data, stored)
    if not folders:
        raise ValueError("there is no model on this machine; train one or name one by --model.")
    if chosen:
        for folder in folders:
            _check(chosen, folder)
    if chart and not chart.parent.is_dir():  # before anything runs, which takes minutes
        raise ValueError(f"there is no folder {chart.parent} to put the chart into; make it first.")
    references = {_reference(folder) for folder in folders}
    if len(references) > 1:
        raise ValueError(
            "some of these were measured against labels, some against a teacher; evaluate them separately."
        )
    by_teacher = references == {"teacher"} and (
        stored or rules
    )  # what is measured now is compared with labels
    measure = "agreement with the teacher" if by_teacher else "accuracy"
    models: dict[str, report.Records] = {}
    for folder in folders:
        title = read_config(folder)["title"]
        title = f"{title} ({folder})" if title in models else title
        if stored or (rules and (folder / "evaluation.npz").exists()):
            records = _stored(folder)
            if save and not rules:  # rules added since, and performance control's bins
                keep(folder, records)
                records = _stored(folder)
        elif save:
            model = load_model_folder(folder)
            records = measure_and_keep(model, folder, *_splits(model, data))
        else:
            records = records_of(load_model_folder(folder), data)
        if rules:
            _compare(folder, title, records, data, stored, save, markdown)
            continue
        models[title] = {split: record.at(grain) for split, record in records.items()}
    if rules:
        return
    if chosen:
        if chosen.left_out:
            for folder, title in zip(folders, models, strict=True):
                heads = load_model_folder(folder).network.head_macs
                models[title] = {s: r.without(chosen.left_out, heads) for s, r in models[title].items()}
        tables = [report.chosen_table(records, chosen, title) for title, records in models.items()]
    else:
        tables = [make(models, measure) for make in report.TABLES]
    if chart:
        write_chart(models, chart, measure)
    for table in tables:
        _show(table, markdown)


def _show(table: Table, markdown: bool) -> None:
    if markdown:
        print(report.markdown(table) + "\n", flush=True)
    else:
        Console(markup=False).print(table)


def _compare(
    folder: Path,
    title: str,
    records: report.Records,
    data: Path | None,
    stored: bool,
    save: bool,
    markdown: bool,
) -> None:
    """Print every rule at the same savings; timed unless only stored results are read."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    said = ""
    if stored:
        rows = matched(records)
    else:
        model = load_model_folder(folder)
        tell(f"{model.name}: reading {SIZES[-1]} test images")
        inputs = torch.cat([to_tensor(model, image) for image in _sample(model, data, SIZES[-1])])
        pace = pace_of(model, inputs, tell)
        tell(f"{model.name}: choosing thresholds")
        rows = matched(records, pace)
        tell(f"{model.name}: holding the times against images that really leave")
        said = checked(rows, model, inputs, pace)
    if save:
        write_rows(rows, folder)
    for table in matched_table(rows, title):
        _show(table, markdown)
    if said:
        print(said)


def _sample(model: Model, data: Path | None, count: int) -> NDArray[np.uint8]:
    """The first `count` test images, as the network sees them; of photographs, no others are read."""
    if data is not None and (data / "labels.tsv").exists():
        return _seen(model, load_labelled(data).half(odd=True), count)
    return _splits(model, data)[0]["test"].images[:count]


def _labelled(data: Path | None, stored: bool) -> list[Path]:
    """The models on this machine that were measured against labels; unless `stored`, only those that can use `data`."""
    folders = [entry.folder for entry in list_models() if _reference(entry.folder) == "labels"]
    return folders if stored else [folder for folder in folders if _fits(folder, data)]


def _fits(folder: Path, data: Path | None) -> bool:
    if data is not None and (data / "labels.tsv").exists():
        return read_config(folder)["input"]["sight"] == "photo"
    return read_labels(folder) == LABELS


def _reference(folder: Path) -> str:
    return read_config(folder).get("reference", "labels")


def _check(chosen: Chosen, folder: Path) -> None:
    """Before anything runs: the thresholds must fit the model, and should be chosen for it."""
    config = read_config(folder)
    chosen.check_left_out([e["block"] for e in config["exits"]])
    chosen.check(len(config["exits"]) + 1, config["name"])
    if chosen.model not in (config["name"], folder.name):
        print(f"{chosen.path}: chosen for the model '{chosen.model}', used on '{folder}'.", file=sys.stderr)


def records_of(model: Model, data: Path | None) -> dict[str, Record]:
    """Run a model over the validation and test images, under a progress bar.

    `data` is Fashion-MNIST's folder, or one of labelled photographs: even positions are for validation, odd ones
    for test. Raises `ValueError` for a model with other classes.
    """
    splits, batch = _splits(model, data)
    return {name: measure(model, splits, name, batch) for name in ("validation", "test")}


def _splits(model: Model, data: Path | None) -> tuple[dict[str, Split], int]:
    """The images to measure on, by split, and how many go through the network together."""
    if data is not None and (data / "labels.tsv").exists():
        return _photographs(model, load_labelled(data)), 25
    if model.labels != LABELS:
        raise ValueError(
            f"{model.name} was not trained on Fashion-MNIST's ten classes; name a folder with labels.tsv by --data."
        )
    return load_fashion(data), 250


def _photographs(model: Model, labelled: Labelled) -> dict[str, Split]:
    """What the model's network sees of the photographs, by split. Raises `ValueError` where the classes don't fit."""
    if model.input.sight != "photo":
        raise ValueError(f"{model.name} does not look at photographs; nothing to compare.")
    if labelled.classes.max() >= len(model.labels) or labelled.classes.min() < 0:
        raise ValueError(f"{labelled.folder} names classes that {model.name} does not have.")
    splits = {}
    for name, part in (("validation", labelled.half(odd=False)), ("test", labelled.half(odd=True))):
        splits[name] = Split(_seen(model, part, len(part)), part.classes)
    return splits


def _seen(model: Model, part: Labelled, count: int) -> NDArray[np.uint8]:
    return np.stack([np.asarray(see(model, part.image(i)).image) for i in range(min(count, len(part)))])


def _stored(folder: Path) -> dict[str, Record]:
    path = folder / "evaluation.npz"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no evaluation.npz; run evaluate without --stored.")
    return load_records(path)
