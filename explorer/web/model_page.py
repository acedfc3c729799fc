"""What the page needs when a model is chosen: its rules and grains, and the examples with its answers."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer.conformal import read_limits
from explorer.grain import read_grains
from explorer.model.addons import addon_names, unknown_addons
from explorer.model.bundle import ModelError, known_thresholds, read_config
from explorer.model.catalog import ASSETS, find_model
from explorer.rules import rules_with
from explorer.web import analysis
from explorer.web.pictures import data_uri, read_data_uri
from explorer.web.shelf import per_model

EXAMPLES = ASSETS / "examples"
THUMBNAIL_QUALITY = 70  # of the JPEG: shown at half its size until the full one arrives
THUMBNAIL = 96  # pixels of the longer edge of an example that is not loaded in full yet
MOST_AT_FIRST = 400_000  # bytes of examples as JSON that a first view gets in full


def model_json(name: str, short: bool = False) -> dict[str, Any]:
    """What the page needs when a model is chosen: its rules, its reference labels, and the examples, analysed by it.

    Loads no network where the examples are precomputed. `short` leaves out what the page can ask for later.
    """
    folder = find_model(name)
    return {
        "model": name,
        "reference": read_config(folder).get("reference", "labels"),
        "rules": rules_json(folder),
        "grains": grains_json(folder),
        "notes": notes_json(folder),
        "examples": short_examples(name) if short else examples_json(name),
    }


def rules_json(folder: Path) -> dict[str, Any]:
    """Every rule that applies to a model, as the page needs it; the defaults are the model's own thresholds."""
    config = read_config(folder)
    exits = len(config["exits"]) + 1  # with the final read-out
    rules = {name: rule.describe(exits) for name, rule in rules_with(addon_names(folder)).items()}
    for name, threshold in config["thresholds"].items():
        if name in rules:
            rules[name]["default"] = threshold
    return rules


def grains_json(folder: Path) -> list[dict[str, Any]]:
    """A model's coarser readings, the finest first: their groups, each class's group, and thresholds of their own."""
    grains, _ = read_grains(folder, read_config(folder))
    return [
        {
            "name": grain.name,
            "title": grain.title,
            "labels": list(grain.labels),
            "groups": grain.groups.tolist(),
            "thresholds": grain.thresholds,
            "opens": grain.opens,
        }
        for grain in grains
    ]


def notes_json(folder: Path) -> list[str]:
    """What this version ignores in a newer or damaged folder, a sentence each; loads no network."""
    config = read_config(folder)
    _, unknown = known_thresholds(config["thresholds"])
    _, left_out = read_grains(folder, config)
    _, without_sets = read_limits(folder, len(config["exits"]) + 1)
    return [*unknown_addons(folder), *unknown, *left_out, *without_sets]


@per_model(8)
def short_examples(name: str) -> list[dict[str, Any]]:
    """The examples for a first view: if they are large, only the one it opens with is complete.

    The others are marked `short` and have their trace and a small picture; `example_json` has the rest.
    """
    examples = examples_json(name)
    if len(json.dumps(examples)) < MOST_AT_FIRST:
        return examples
    opens = next((e for e in examples if e.get("opens")), examples[len(examples) // 2])
    return [example if example is opens else _short(example) for example in examples]


def _short(example: dict[str, Any]) -> dict[str, Any]:
    picture = read_data_uri(example["image"])
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    names = ("id", "title", "label", "truth", "note", "credit", "trace")
    kept: dict[str, Any] = {key: example[key] for key in names if key in example}
    return {**kept, "image": data_uri(picture, "JPEG", THUMBNAIL_QUALITY), "short": True}


def example_json(name: str, id_: str) -> dict[str, Any]:
    """A complete example. Raises `ModelError` if the model has none with that id."""
    for example in examples_json(name):
        if example["id"] == id_:
            return example
    raise ModelError("The model has no such example; reload the page.")


@per_model(4)
def examples_json(name: str) -> list[dict[str, Any]]:
    """The example images with this model's answers: precomputed ones if they are shipped.

    Otherwise the pictures of shipped models with the same `sight`: a photo means nothing to a model of garments. Only
    the one the page opens with is analysed now; the others have no trace, and the page requests it when they are
    chosen.
    """
    shipped = shipped_examples(name)
    if shipped:
        return shipped
    sight = read_config(find_model(name))["input"]["sight"]
    examples: list[dict[str, Any]] = []
    for home in sorted(EXAMPLES.glob("*/examples.json")):
        if read_config(find_model(home.parent.name))["input"]["sight"] != sight:
            continue
        kept = ("id", "title", "label", "image", "credit", "opens")
        for example in json.loads(home.read_text())["examples"]:
            examples.append({key: example[key] for key in kept if key in example} | {"trace": None})
    first = next((e for e in examples if e.get("opens")), examples[len(examples) // 2] if examples else None)
    if first is not None:
        model = analysis.open_model(name)
        label, truth = analysis.known_label(model, first["label"])
        facts = analysis.analyse_image(model, read_data_uri(first["image"]))
        first |= {
            **facts,
            **{key: first[key] for key in ("title", "image")},
            "label": label,
            "truth": truth,
            "opens": True,
        }
    return examples


@lru_cache(maxsize=8)
def shipped_examples(name: str) -> list[dict[str, Any]]:
    """The precomputed examples of a model; an empty list if it has none."""
    stored = EXAMPLES / name / "examples.json"
    return json.loads(stored.read_text())["examples"] if stored.exists() else []
