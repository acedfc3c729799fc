"""From a run to a model folder: calibrated and measured on labelled photographs never trained on, with its card."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray

from explorer.data.fashion import Split
from explorer.data.imagenet_grains import imagenet_grains
from explorer.data.labelled import Labelled
from explorer.evaluate.calibration import ece_by_chance, fit_temperature, reliability
from explorer.evaluate.gallery import write_gallery
from explorer.evaluate.keeping import measure_and_keep
from explorer.evaluate.record import Record
from explorer.evaluate.solving import problem_of
from explorer.evaluate.tradeoff import Aim, Point, at_threshold, cheapest
from explorer.grain import CLASSES, Grain, read_grains
from explorer.model.bundle import InputSpec, Model, load_model_folder, read_config, save_model
from explorer.model.multi_exit import MultiExitViT
from explorer.rules.solve import Goal, solve
from explorer.trace import Trace
from explorer.train.photos.card import write_card
from explorer.train.photos.curve import write_curve
from explorer.train.photos.labels import imagenet_labels
from explorer.train.photos.measure import decode, right_in, traces
from explorer.train.photos.student import BACKBONE, MEAN, STD

TITLE = "LGViT on ViT-S/14 for photographs, 1000 classes"
OPENS = "kinds"  # the grain the page opens with
LOST = 0.02  # of accuracy that a model's own thresholds may lose on the choosing half
# A model's own thresholds lose LOST at most; if that saves less than a tenth there is no early exit to see, so they
# are the most accurate that save a tenth.
AIM = Aim(saving=1.1, lost=LOST)
LOSSES = (0.01, 0.02, 0.05)  # reported for confidence
# What this model aims at on the reporting half: accuracy per exit, fewer MACs at LOST, calibration error.
AIMS: dict[str, float] = {
    "final": 0.72,
    "final among five": 0.92,
    "block 8": 0.48,
    "block 10": 0.62,
    "fewer MACs at 2 points": 1.25,
    "fewer MACs at 2 points, kinds": 1.5,
    "fewer MACs at 2 points, groups": 1.8,
    "largest calibration error": 0.05,
}


def ship(
    network: MultiExitViT,
    history: list[dict[str, Any]],
    labelled: Labelled,
    sources: list[str],
    out: Path,
    backbone: dict[str, Any] = BACKBONE,
) -> None:
    """Write the model folder `out` with everything in it. `network` is made for the size that `backbone` says.

    Temperatures and thresholds are chosen on the even positions of `labelled`, everything is reported on the odd ones.
    `sources` name what it was trained on, a line each.
    """
    model = Model(
        name=out.name,
        title=TITLE,
        network=network.eval(),
        labels=imagenet_labels(),
        input=InputSpec("photo", MEAN, STD),
        thresholds={},
        grains=_grains(out),
        aim=asdict(AIM),
    )
    network.temperatures = (1.0,) * len(network.exits)
    save_model(model, backbone, out)
    written = load_model_folder(out)  # in half precision on disk, and run as the page will run it
    halves = {"validation": labelled.half(odd=False), "test": labelled.half(odd=True)}
    seen = {name: decode(half) for name, half in halves.items()}
    chosen_on = seen["validation"]
    trace = traces(written.network, chosen_on.pixels)
    temperatures = _fitted(trace.logits, chosen_on.classes)
    written.network.temperatures = network.temperatures = temperatures
    calibrated = replace(trace, logits=trace.logits / np.array(temperatures, np.float32)[:, None])
    grains = [_warmed(grain, calibrated, chosen_on.classes) for grain in model.grains]
    # The page opens at the middle grain: a visitor's picture is named right far more often there than by class.
    grains = [replace(grain, opens=grain.name == OPENS) for grain in grains]
    save_model(replace(model, grains=tuple(grains)), backbone, out)
    splits = {
        name: Split(part.pixels.permute(0, 2, 3, 1).numpy(), part.classes) for name, part in seen.items()
    }
    records = measure_and_keep(replace(written, grains=tuple(grains)), out, splits, batch=25)
    threshold = read_config(out)["thresholds"]["confidence"]
    write_gallery(out, records["test"], lambda i: halves["test"].picture(i), credits=halves["test"].credits)
    five = right_in(traces(written.network, seen["test"].pixels).logits, seen["test"].classes, 5)
    measured = measures(records, threshold, network.head_macs) | {"among five": _rounded(five)}
    facts = {
        "history": history,
        "sources": sources,
        "made with": {"torch": torch.__version__.partition("+")[0], "timm": timm.__version__},
        "measured": measured,
        "aims": aims(measured),
    }
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    write_curve(history, out / "learning-curve.svg")
    write_card(load_model_folder(out), facts, out / "README.md")


def _grains(out: Path) -> tuple[Grain, ...]:
    """ImageNet's kinds and groups: by WordNet where it is installed, else those already in the folder."""
    try:
        return tuple(imagenet_grains())
    except FileNotFoundError:
        return read_grains(out, {"exits": []})[0] if (out / "labels.txt").exists() else ()


def _fitted(logits: NDArray[np.float32], classes: NDArray[np.int64]) -> tuple[float, ...]:
    return tuple(fit_temperature(logits[:, e], classes) for e in range(logits.shape[1]))


def _warmed(grain: Grain, trace: Trace, classes: NDArray[np.int64]) -> Grain:
    """The grain with temperatures that calibrate its merged probabilities at each exit."""
    return replace(grain, temperatures=_fitted(trace.merged(grain.groups).logits, grain.groups[classes]))


def measures(records: dict[str, Record], threshold: float, heads: NDArray[np.int64]) -> dict[str, Any]:
    """What the card says, on the reporting half, as plain JSON types.

    `threshold` is the model's own, of confidence; `heads` (E - 1,) the MACs of each early exit's head.
    """
    validation, test = records["validation"], records["test"]
    losses = {}
    for lost in LOSSES:
        point = cheapest(validation, "confidence", float(validation.accuracy[-1]) - lost)
        losses[f"{100 * lost:.0f}"] = _facts(at_threshold(test, "confidence", point.threshold))
    return {
        "pictures": {name: len(record.labels) for name, record in records.items()},
        "blocks": test.blocks.tolist(),
        "right": _rounded(test.accuracy),
        "margin": _rounded(1.96 * np.sqrt(test.accuracy * (1 - test.accuracy) / len(test.labels))),
        "calibration error": _rounded([reliability(test, e).ece for e in range(len(test.blocks))]),
        "calibration error by chance": _rounded([ece_by_chance(c) for c in test.scores["confidence"].T]),
        "at most so many points lost on the choosing half": losses,
        "at its own threshold": _facts(at_threshold(test, "confidence", threshold)),
        "grains": {name: _at_grain(validation.at(name), coarse) for name, coarse in test.grains.items()},
        "best subset of exits, at 2 points": {
            name: _best_subset(validation.at(name), test.at(name), heads) for name in (CLASSES, *test.grains)
        },
    }


def _best_subset(validation: Record, test: Record, heads: NDArray[np.int64]) -> dict[str, Any]:
    """The exits, and one threshold of confidence for them, that spend least within LOST on the choosing half."""
    floor = Goal(floor=float(validation.accuracy[-1]) - LOST)
    found = solve(problem_of(validation, "confidence", heads), floor, ways=("subset",))
    assert found.left_out is not None
    left_out = validation.blocks[found.left_out].tolist()
    point = at_threshold(test.without(left_out, heads), "confidence", float(found.thresholds[0]))
    in_use = [block for block in validation.blocks[:-1].tolist() if block not in left_out]
    return {"exits in use": in_use, **_facts(point), "right at the end": round(float(test.accuracy[-1]), 4)}


def _at_grain(validation: Record, test: Record) -> dict[str, Any]:
    """The same for a coarser reading: how often each exit is right, its calibration, and what LOST buys."""
    point = cheapest(validation, "confidence", float(validation.accuracy[-1]) - LOST)
    return {
        "right": _rounded(test.accuracy),
        "calibration error": _rounded([reliability(test, e).ece for e in range(len(test.blocks))]),
        "at 2 points": _facts(at_threshold(test, "confidence", point.threshold)),
    }


def _facts(point: Point) -> dict[str, float]:
    facts = {"threshold": point.threshold, "fewer MACs": point.by_macs, "right": point.accuracy}
    return {name: round(value, 4) for name, value in facts.items()}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


def aims(measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every aim, what was reached, and whether it is met."""
    right = dict(zip(measured["blocks"], measured["right"], strict=True))
    reached = {
        "final": measured["right"][-1],
        "final among five": measured["among five"][-1],
        "block 8": right.get(8, 0.0),
        "block 10": right.get(10, 0.0),
        "largest calibration error": max(measured["calibration error"]),
    }
    for grain, facts in measured["best subset of exits, at 2 points"].items():
        name = "fewer MACs at 2 points" if grain == CLASSES else f"fewer MACs at 2 points, {grain}"
        reached[name] = facts["fewer MACs"]
    return {
        name: {
            "aim": aim,
            "reached": reached[name],
            "met": reached[name] <= aim if name.endswith("error") else reached[name] >= aim,
        }
        for name, aim in AIMS.items()
        if name in reached
    }
