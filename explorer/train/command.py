"""python -m explorer train: from nothing to a model folder with weights, card, curves and evaluation."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from explorer.data.fashion import LABELS, load_fashion
from explorer.data.grains import fashion_grains
from explorer.evaluate.gallery import write_gallery
from explorer.evaluate.keeping import measure_and_keep
from explorer.model.bundle import InputSpec, Model, load_model_folder, read_labels, save_model
from explorer.model.catalog import find_model
from explorer.model.multi_exit import MultiExitViT
from explorer.train.card import write_card
from explorer.train.fashion import BACKBONE, new_network
from explorer.train.loop import MEAN, STD, Settings, train
from explorer.train.recipes import Recipe, get_recipe
from explorer.train.start import begin

BATCH = 250  # images that are measured together: they are small


def run(
    recipe_name: str,
    data: Path | None,
    out: Path,
    passes: int,
    seed: int,
    threads: int,
    backbone: str | None = None,
) -> None:
    """Train (or go on training) in `out`/run, then write the model folder `out`.

    `backbone`: a model of Fashion-MNIST whose trained backbone training starts from. Raises `ValueError` for an
    unknown recipe, a model of other classes or a run with other settings, `Stopped` when asked to stop.
    """
    recipe = get_recipe(recipe_name)
    if passes < 1:
        raise ValueError("--passes: a training on Fashion-MNIST takes 1 at least.")
    torch.set_num_threads(threads)
    settings = Settings(passes=passes, seed=seed)
    if backbone is None:
        network, entry = new_network(recipe, seed), BACKBONE
    else:
        folder = find_model(backbone)
        if read_labels(folder) != LABELS:
            raise ValueError(
                f"{backbone} does not know Fashion-MNIST's ten classes; add --data, your pictures."
            )
        start = begin(backbone, recipe, len(LABELS), None, seed)
        network, entry, recipe = start.network, start.entry, recipe.after_training()
    network.name = recipe.name
    train(network, recipe, settings, load_fashion(data), out / "run")
    finish(network, recipe, settings, data, out, entry, backbone)


def finish(
    network: MultiExitViT,
    recipe: Recipe,
    settings: Settings,
    data: Path | None,
    out: Path,
    entry: dict[str, Any],
    backbone: str | None = None,
) -> None:
    """The model folder of a trained network: thresholds chosen on validation, accuracy reported on test.

    `entry` is what `build_backbone` takes, `backbone` the model whose backbone it started from.
    """
    passes = "" if settings.passes == Settings.passes else f", {settings.passes} passes"
    model = Model(
        name=out.name,
        title=recipe.title + (f"{passes} from {backbone}" if backbone else passes),
        network=network,
        labels=LABELS,
        input=InputSpec("garment", (MEAN,), (STD,)),
        thresholds={},
        grains=tuple(fashion_grains()),
    )
    save_model(model, entry, out)
    splits = load_fashion(data)
    records = measure_and_keep(
        load_model_folder(out), out, splits, BATCH
    )  # of the weights as written, in half precision
    with (out / "run" / "log.csv").open() as file:
        log = list(csv.DictReader(file))
    facts = {"recipe": recipe.name, "settings": asdict(settings), "backbone": backbone, "curves": log}
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    write_gallery(out, records["test"], lambda i: Image.fromarray(splits["test"].images[i]))
    write_card(load_model_folder(out), records, facts, out / "README.md")
