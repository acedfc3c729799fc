"""python -m explorer train --data FOLDER --backbone NAME: your pictures and classes, to an evaluated model folder."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from explorer.data.fashion import Split
from explorer.data.folders import Labelled, Picture, list_folder, list_unlabelled, load_split
from explorer.data.named import is_named, list_named
from explorer.evaluate import report
from explorer.evaluate.fitting import calibrate
from explorer.evaluate.gallery import write_gallery
from explorer.evaluate.keeping import measure_and_keep
from explorer.evaluate.record import Record
from explorer.many.shards import default_device
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.card import FRONT_MATTER
from explorer.model.catalog import load_model
from explorer.model.precision import training_precision
from explorer.train.batches import as_input
from explorer.train.loop import Settings, train
from explorer.train.recipes import get_recipe
from explorer.train.start import Start, begin, solve_readouts
from explorer.train.taught import load_taught
from explorer.train.team import Team

BATCH = 32

_CARD = """
# {title}

Made by `python -m explorer train --data {data} --backbone {backbone} --recipe {recipe}{taught}`: {classes} classes,
learned from {train} pictures{answers} in {passes} passes{frozen} ({minutes:.1f} minutes of training time), seed
{seed}; before that every read-out was solved by ridge regression. Temperatures and thresholds were chosen on
{validation} other pictures, and what follows was measured on {test} more, seen by neither.

- **Input**: {height} x {width} pixels, the middle of the picture.
- **Cost**: {macs:.0f} M multiply-accumulates to the end without exits.
- **Licence**: that of the backbone and of your pictures; say it here before you publish this.

{tables}
"""


@dataclass(frozen=True)
class Asked:
    """What is to be trained, on what and where."""

    recipe: str
    data: Path  # a folder, or the name of a set
    backbone: str
    out: Path
    size: int | None = None  # pixels; the backbone's own
    title: str | None = None
    scratch: bool = False  # timm's weights are left out
    threads: int = 2
    teacher: str | None = None  # a model whose answers are learned in place of labels
    images: int | None = None  # training pictures at most, always the same ones
    root: Path | None = None  # where a named set is
    device: str | None = None  # this process's GPU where there is one, else the CPU
    precision: str = "auto"  # "float32", "bfloat16", or whichever is quicker


def run(asked: Asked, settings: Settings) -> None:
    """Train (or go on training) in `out`/run, then write the evaluated model folder `out`.

    Raises `ValueError` or `FileNotFoundError`, each a plain sentence, and `Stopped` when asked to stop.
    """
    began = time.monotonic()
    recipe = get_recipe(asked.recipe)
    torch.set_num_threads(asked.threads)
    device, team = torch.device(asked.device or default_device()), Team.here()
    team.check(settings.batch)
    teacher = load_model(asked.teacher, str(device)) if asked.teacher else None
    found = _found(asked, teacher)
    size = (asked.size, asked.size) if asked.size else None
    start = begin(asked.backbone, recipe, len(found.classes), size, settings.seed, asked.scratch)
    if (channels := start.network.backbone.channels) != 3:
        raise ValueError(
            f"{asked.backbone} looks at pictures of {channels} channel; start from a --backbone for colour, as photos."
        )
    network = start.network.to(device)
    network.name = asked.out.name
    network.precision = training_precision(network.backbone.width, device, asked.precision)
    settings = replace(settings, mean=start.mean, std=start.std)
    if team.leads:
        print(f"{sum(map(len, found.parts.values()))} pictures of {len(found.classes)} classes", flush=True)
    splits = {
        name: _load(pairs, network.backbone.input_size, teacher, name) for name, pairs in found.parts.items()
    }
    if (count := len(splits["train"])) < settings.batch:
        settings = replace(settings, batch=max(team.world, count - count % team.world))
    team.join(device)
    folder = asked.out / "run"
    if not (folder / "last.pt").exists():
        if team.leads:
            solve_readouts(network, _in_order(splits["train"], settings))
            print(f"read-outs solved after {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        team.hand_out(network)
    try:
        train(network, recipe, settings, splits, folder, team=team)
    finally:
        team.leave()
    if not team.leads:
        return
    of = f"on {asked.data.name}, {len(found.classes)} classes" + (
        f", taught by {asked.teacher}" if teacher else ""
    )
    model = Model(
        name=asked.out.name,
        title=asked.title or f"{recipe.title.partition(':')[0]} {of}",
        network=network.eval(),
        labels=found.classes,
        input=InputSpec("photo", start.mean, start.std),
        thresholds={},
        reference="teacher" if teacher else "labels",
    )
    facts: dict[str, Any] = {"recipe": recipe.name, "settings": asdict(settings), "data": asked.data.name}
    facts |= {"backbone": asked.backbone, "teacher": asked.teacher}
    finish(model, start, splits, facts, asked.out)
    spent, busy = (time.monotonic() - began) / 60, time.process_time() / 60
    print(f"{asked.out}: ready after {spent:.1f} minutes, {busy:.1f} of them processor time")


def _found(asked: Asked, teacher: Model | None) -> Labelled:
    """The pictures; their classes are the teacher's if there is one."""
    if is_named(asked.data):
        found = list_named(str(asked.data), asked.root)
    else:
        found = list_unlabelled(asked.data) if teacher else list_folder(asked.data)
    parts = dict(found.parts)
    if asked.images is not None and asked.images < len(parts["train"]):
        drawn = np.random.default_rng(0).permutation(len(parts["train"]))[: asked.images]
        parts["train"] = [parts["train"][i] for i in np.sort(drawn)]
    return Labelled(teacher.labels if teacher else found.classes, parts)


def _load(
    pairs: Sequence[tuple[Picture, int]], size: tuple[int, int], teacher: Model | None, name: str
) -> Split:
    if teacher is None:
        return load_split(pairs, size)
    return load_taught(pairs, size, teacher, soft=name == "train")


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
    written = load_model_folder(out, model.network.device)  # of the weights as written, in half precision
    calibrate(written, out, splits["validation"])
    records = measure_and_keep(written, out, splits)
    test = records["test"]
    log = out / "run" / "log.csv"
    curves = list(csv.DictReader(log.open(encoding="utf-8"))) if log.exists() else []  # none after no passes
    (out / "training.json").write_text(json.dumps(facts | {"curves": curves}, indent=1) + "\n")
    write_gallery(out, test, lambda i: Image.fromarray(np.asarray(splits["test"].images[i])))
    (out / "README.md").write_text(card(model, records, facts, curves, splits), encoding="utf-8")
    shares = ", ".join(f"block {b} {a:.1%}" for b, a in zip(test.blocks, test.accuracy, strict=True))
    print(f"right on {len(test.labels)} test pictures: {shares}")


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
    return FRONT_MATTER + _CARD.format(
        title=model.title,
        data=facts["data"],
        backbone=facts["backbone"],
        recipe=facts["recipe"],
        taught=f" --teacher {facts['teacher']}" if facts["teacher"] else "",
        answers=f" and the answers of `{facts['teacher']}` to them" if facts["teacher"] else "",
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
