"""python -m explorer train --data FOLDER --backbone NAME: your pictures and classes, to an evaluated model folder."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from explorer.data.fashion import Split
from explorer.data.folders import list_folder, load_split
from explorer.evaluate import report
from explorer.evaluate.fitting import fit
from explorer.evaluate.gallery import write_gallery
from explorer.evaluate.record import Record, evaluate, save_records
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.train.batches import as_input
from explorer.train.loop import Settings, train
from explorer.train.recipes import get_recipe
from explorer.train.start import Start, begin, solve_readouts

BATCH = 32

_CARD = """---
library_name: timm
pipeline_tag: image-classification
tags:
- early-exit
- vision-transformer
- exit-explorer
---

# {title}

Made by `python -m explorer train --data {data} --backbone {backbone} --recipe {recipe}`: {classes} classes, learned
from {train} pictures in {passes} passes{frozen} ({minutes:.1f} minutes of training time), seed {seed}; before that
every read-out was solved by ridge regression. Temperatures and thresholds were chosen on {validation} other pictures,
and what follows was measured on {test} more, seen by neither.

- **Input**: {height} x {width} pixels, the middle of the picture.
- **Cost**: {macs:.0f} M multiply-accumulates to the end without exits.
- **Licence**: that of the backbone and of your pictures; say it here before you publish this.

{tables}
"""


def run(
    recipe_name: str,
    data: Path,
    backbone: str,
    out: Path,
    settings: Settings,
    size: int | None = None,
    title: str | None = None,
    scratch: bool = False,
    threads: int = 2,
) -> None:
    """Train (or go on training) in `out`/run, then write the evaluated model folder `out`.

    Raises `ValueError` or `FileNotFoundError`, sentences, and `Stopped` when asked to stop.
    """
    recipe = get_recipe(recipe_name)
    torch.set_num_threads(threads)
    found = list_folder(data)
    start = begin(
        backbone, recipe, len(found.classes), (size, size) if size else None, settings.seed, scratch
    )
    start.network.name = out.name
    settings = replace(settings, mean=start.mean, std=start.std)
    splits = {
        name: load_split(pairs, start.network.backbone.input_size) for name, pairs in found.parts.items()
    }
    settings = replace(settings, batch=min(settings.batch, len(splits["train"])))
    if not (out / "run" / "last.pt").exists():
        solve_readouts(start.network, _in_order(splits["train"], settings))
    train(start.network, recipe, settings, splits, out / "run")
    model = Model(
        name=out.name,
        title=title or f"{recipe.title.partition(':')[0]} on {data.name}, {len(found.classes)} classes",
        network=start.network.eval(),
        labels=found.classes,
        input=InputSpec("photo", start.mean, start.std),
        thresholds={},
    )
    facts = {"recipe": recipe.name, "settings": asdict(settings), "data": data.name, "backbone": backbone}
    finish(model, start, splits, facts, out)


def _in_order(split: Split, settings: Settings) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The whole split, as it is and mirrored where training mirrors."""
    batches = []
    for start in range(0, len(split), BATCH):
        images = torch.from_numpy(split.images[start : start + BATCH])
        labels = torch.from_numpy(split.labels[start : start + BATCH])
        batches.append((as_input(images, settings.mean, settings.std), labels))
    return batches


def finish(model: Model, start: Start, splits: dict[str, Split], facts: dict, out: Path) -> None:
    """Calibrate on the validation pictures, measure on the test pictures, write the folder and its card."""
    save_model(model, start.entry, out)
    written = load_model_folder(out)  # of the weights as written, in half precision
    thresholds, _ = fit(written, splits["validation"])
    # Read again now that it is calibrated: some rules look at tokens, which logits alone do not hold.
    *_, validation = evaluate(written, splits["validation"], BATCH)
    *_, test = evaluate(written, splits["test"], BATCH)
    model.network.temperatures = written.network.temperatures
    save_model(replace(model, thresholds=thresholds), start.entry, out)
    records = {"validation": validation, "test": test}
    save_records(records, out / "evaluation.npz")
    with (out / "run" / "log.csv").open() as file:
        curves = list(csv.DictReader(file))
    (out / "training.json").write_text(json.dumps(facts | {"curves": curves}, indent=1) + "\n")
    write_gallery(out, test, lambda i: Image.fromarray(np.asarray(splits["test"].images[i])))
    (out / "README.md").write_text(card(model, records, facts, curves, splits), encoding="utf-8")


def card(
    model: Model,
    records: dict[str, Record],
    facts: dict,
    curves: list[dict[str, str]],
    splits: dict[str, Split],
) -> str:
    """README.md of the folder."""
    only = {model.title: records}
    tables = (report.accuracy_table(only), report.budget_table(only), report.calibration_table(only))
    height, width = model.network.backbone.input_size
    return _CARD.format(
        title=model.title,
        data=facts["data"],
        backbone=facts["backbone"],
        recipe=facts["recipe"],
        classes=len(model.labels),
        passes=facts["settings"]["passes"],
        seed=facts["settings"]["seed"],
        frozen=" with the backbone held still" if facts["settings"]["frozen"] else "",
        minutes=float(curves[-1]["seconds"]) / 60 if curves else 0.0,
        train=len(splits["train"]),
        validation=len(splits["validation"]),
        test=len(splits["test"]),
        height=height,
        width=width,
        macs=model.network.macs_full / 1e6,
        tables="\n\n".join(report.markdown(table) for table in tables),
    )
