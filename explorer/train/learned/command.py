"""python -m explorer train --recipe berxit | jei-dnn | palbert: learned parts for the rules of a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from explorer.data.fashion import LABELS, Split, load_fashion
from explorer.evaluate.record import Record, load_records, record_of, save_records
from explorer.evaluate.tradeoff import Aim, own_threshold
from explorer.model.addons import save_addon
from explorer.model.bundle import Model, load_model_folder, read_labels
from explorer.model.catalog import YOURS, find_model
from explorer.rules import RULES
from explorer.rules.reading import Readings
from explorer.trace import Trace
from explorer.train.learned.berxit import LearnsToExit
from explorer.train.learned.fit import fit
from explorer.train.learned.jei_dnn import Jei
from explorer.train.learned.learner import Learner
from explorer.train.learned.palbert import Palbert
from explorer.train.learned.states import States, states_of

LEARNERS: dict[str, Callable[[Model], Learner]] = {"berxit": LearnsToExit, "jei-dnn": Jei, "palbert": Palbert}


def learn(
    recipe: str,
    name: str,
    data: Path | None,
    seed: int,
    threads: int,
    images: int | None = None,
    as_released: bool = False,
    work: Path | None = None,
) -> Path:
    """Train the recipe's parts on what a model's exits read, put them into its folder, and measure it again.

    `work` keeps what the exits read and how far training is (default: checkpoints/addons/MODEL). Returns the addon's
    path. Raises `ValueError`, or `Stopped` when asked to stop.
    """
    torch.set_num_threads(threads)
    folder = find_model(name)
    if read_labels(folder) != LABELS:
        raise ValueError(f"{name} does not know Fashion-MNIST's ten classes; choose another --model.")
    model = load_model_folder(folder)
    if model.network.backbone.class_tokens != 1:
        raise ValueError(f"{recipe} reads one class token, which {model.name} lacks; choose another --model.")
    if as_released and recipe != Jei.name:
        raise ValueError("--as-released is about jei-dnn alone; leave it out.")
    torch.manual_seed(seed)
    learner = Jei(model, as_released=True) if as_released else LEARNERS[recipe](model)
    splits = load_fashion(data)
    splits["train"] = Split(splits["train"].images[:images], splits["train"].labels[:images])
    work = work or YOURS / "addons" / model.name
    states = {part: states_of(model, splits[part], part, work) for part in ("train", "validation", "test")}
    settings = {"model": model.name, "seed": seed, "images": len(states["train"]), "as_released": as_released}
    fit(learner, states["train"], states["validation"], work / recipe, settings)
    path = save_addon(folder, recipe, learner.parts(), f"{recipe}, as released" if as_released else recipe)
    measure(load_model_folder(folder), states, recipe)
    return path


def measure(model: Model, states: dict[str, States], addon: str) -> None:
    """Put what the rules of an addon say on validation and test into evaluation.npz, and thresholds into the config.

    The rest of the model's evaluation stays as it is. Raises `FileNotFoundError` where there is none.
    """
    assert model.folder is not None
    path = model.folder / "evaluation.npz"
    if not path.exists():
        raise FileNotFoundError(f"{model.folder} has no evaluation.npz; evaluate the model first.")
    records = load_records(path)
    for part in ("validation", "test"):
        trace, labels = read(model, states[part], addon), states[part].labels
        more = record_of(trace, labels, model.grains, model.network.addons)
        records[part] = with_rules(records[part], more)
    save_records(records, path)
    path = model.folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    aim = Aim(**config.get("aim", {}))
    for rule in RULES.values():
        if rule.addon == addon:
            config["thresholds"][rule.name] = own_threshold(records["validation"], rule.name, aim)
    path.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def read(model: Model, states: States, addon: str) -> Trace:
    """The trace of those images with what the rules of an addon say, without running the network again."""
    network = model.network
    rules = [rule for rule in RULES.values() if rule.addon == addon]
    walk = Readings({rule.name: network.reader(rule) for rule in rules}, len(states))
    for exit in range(len(network.exits)):
        walk.step(exit, states.seen(exit))
    exits, none = network.exits, np.zeros(len(network.exits))
    return Trace(model.name, exits, states.logits, network.macs, network.macs_full, none, 0.0, walk.done())


def with_rules(record: Record, more: Record) -> Record:
    """The record with the rules of another record of the same images."""
    return replace(
        record,
        scores={**record.scores, **more.scores},
        answers={**record.answers, **more.answers},
        own_macs={**record.own_macs, **more.own_macs},
        sure={**record.sure, **more.sure},
        grains={n: with_rules(g, more.grains[n]) for n, g in record.grains.items() if n in more.grains},
    )
