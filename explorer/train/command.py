"""python -m explorer train: from nothing to a model folder with weights, card, curves and evaluation."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from PIL import Image

from explorer.data.fashion import LABELS, load_fashion
from explorer.data.grains import fashion_grains
from explorer.evaluate.command import SAVING, records_of
from explorer.evaluate.gallery import write_gallery
from explorer.evaluate.record import save_records
from explorer.evaluate.tradeoff import own_thresholds
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.multi_exit import MultiExitViT
from explorer.train.card import write_card
from explorer.train.fashion import BACKBONE, new_network
from explorer.train.loop import MEAN, STD, Settings, train
from explorer.train.recipes import Recipe, get_recipe


def run(recipe_name: str, data: Path | None, out: Path, passes: int, seed: int, threads: int) -> None:
    """Train (or go on training) in `out`/run, then write the model folder `out`.

    Raises `ValueError` for an unknown recipe or a run with other settings, `Stopped` when asked to stop.
    """
    recipe = get_recipe(recipe_name)
    torch.set_num_threads(threads)
    settings = Settings(passes=passes, seed=seed)
    network = new_network(recipe, seed)
    train(network, recipe, settings, load_fashion(data), out / "run")
    finish(network, recipe, settings, data, out)


def finish(network: MultiExitViT, recipe: Recipe, settings: Settings, data: Path | None, out: Path) -> None:
    """The model folder of a trained network: thresholds chosen on validation, accuracy reported on test."""
    untuned = Model(
        name=out.name,
        title=recipe.title
        if settings.passes == Settings.passes
        else f"{recipe.title}, {settings.passes} passes",
        network=network,
        labels=LABELS,
        input=InputSpec("garment", (MEAN,), (STD,)),
        thresholds={},
        grains=tuple(fashion_grains()),
    )
    save_model(untuned, BACKBONE, out)
    records = records_of(load_model_folder(out), data)  # of the weights as written, in half precision
    save_records(records, out / "evaluation.npz")
    thresholds, by_grain = own_thresholds(records["validation"], SAVING)
    grains = tuple(replace(grain, thresholds=by_grain[grain.name]) for grain in untuned.grains)
    save_model(replace(untuned, thresholds=thresholds, grains=grains), BACKBONE, out)
    with (out / "run" / "log.csv").open() as file:
        log = list(csv.DictReader(file))
    facts = {"recipe": recipe.name, "settings": asdict(settings), "curves": log}
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    test = load_fashion(data)["test"]
    write_gallery(out, records["test"], lambda i: Image.fromarray(test.images[i]))
    write_card(load_model_folder(out), records, facts, out / "README.md")
