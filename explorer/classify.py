"""python -m explorer classify: each image's exit, answer and cost, as a table or one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from explorer.batch import TOP
from explorer.data.collection import read_members
from explorer.data.sources import find_pictures
from explorer.grain import CLASSES, Grain, choose_grain
from explorer.many.batches import reports
from explorer.many.writers import writing
from explorer.model.bundle import Model
from explorer.model.catalog import DEFAULT, load_model, named_here
from explorer.pipeline import default_threshold, see, to_image, to_tensor, warm_up
from explorer.rules import Rule, get_rule
from explorer.rules.chosen import read_chosen
from explorer.rules.left_out import leave_out
from explorer.rules.reading import at_grain

RULE = "confidence"


def run(
    images: list[str],
    model_name: str | None,
    rule_name: str | None,
    threshold: float | None,
    thresholds: Path | None,
    as_json: bool,
    grain_name: str | None = None,
    out: Path | None = None,
    device: str = "cpu",
) -> bool:
    """Report every picture that `images` names (`explorer.data.sources`): printed, or all of them written into `out`.

    Printed output is tables or JSON lines, one picture after the other; a file is written in batches. Returns False
    if any picture could not be read; the others are still reported. Raises `ValueError` as `open_run` does, and for an
    `out` that cannot be written.
    """
    asked = open_run(model_name, rule_name, threshold, thresholds, grain_name, device)
    model, rule, limit, grain = asked.model, asked.rule, asked.thresholds, asked.grain
    warm_up(model)
    members, again = tee(find_pictures(images))
    pictures = zip((member.name for member in members), read_members(again), strict=True)
    if out is not None:
        return _write(out, reports(model, pictures, rule, limit, grain, asked.left_out))
    all_read = True
    for name, found in pictures:
        if isinstance(found, str):
            all_read = False
            print(f"{name}: {found}", file=sys.stderr)
            if as_json:
                print(json.dumps({"image": name, "error": found}))
            continue
        facts = {**classify(model, found, rule, limit, grain, asked.left_out), "image": name}
        if as_json:
            print(json.dumps(facts))
        else:
            _show(facts)
    return all_read


@dataclass(frozen=True)
class Asked:
    """What a command's options name: a network and when to leave it."""

    model: Model
    rule: Rule
    thresholds: float | list[float]
    grain: Grain | None
    left_out: tuple[int, ...]  # blocks after which no image leaves


def open_run(
    model_name: str | None,
    rule_name: str | None,
    threshold: float | None,
    thresholds: Path | None,
    grain_name: str | None = None,
    device: str = "cpu",
) -> Asked:
    """The model, rule, thresholds and grain that a command's options name.

    `grain_name` is one of the model's coarser readings of its classes. `thresholds` is a file
    (`explorer.rules.chosen`) that sets rule, thresholds, exits left out and, if none is named, model and grain.
    Raises `ValueError` for an unknown model, rule, grain or device, a threshold out of range, or a file that is not
    one of these or is for another model.
    """
    limit: float | list[float]
    left_out: tuple[int, ...] = ()
    _check_device(device)
    if thresholds is None:
        rule, model = get_rule(rule_name or RULE), load_model(model_name or DEFAULT, device)
        grain = choose_grain(model.grains, grain_name)
        limit = default_threshold(model, rule.name, grain) if threshold is None else threshold
    else:
        if rule_name is not None or threshold is not None:
            raise ValueError(
                "--thresholds brings its own rule and thresholds; leave out --rule and --threshold."
            )
        chosen = read_chosen(thresholds)
        model = load_model(model_name or named_here(chosen.model), device)
        chosen.check(len(model.network.exits), model.name)
        if chosen.model not in (model.name, model_name):
            print(
                f"{thresholds}: chosen for the model '{chosen.model}', used on '{model.name}'.",
                file=sys.stderr,
            )
        rule, limit, left_out = get_rule(chosen.rule), chosen.thresholds, chosen.left_out
        chosen.check_left_out([e.block for e in model.network.exits[:-1]])
        grain = choose_grain(model.grains, grain_name or chosen.grain)
    check_threshold(rule, limit, len(model.network.exits))
    return Asked(model, rule, limit, grain, left_out)


def _check_device(device: str) -> None:
    """Raises `ValueError` for a device that torch does not have here."""
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch raises one or another
        raise ValueError(f"there is no device '{device}' here; try cpu, cuda or mps.") from error


def _write(out: Path, rows: Iterable[dict[str, Any]]) -> bool:
    """Write every report to a file; returns whether all pictures were read."""
    count = failed = 0
    with writing(out) as write:
        for row in rows:
            write(row)
            count, failed = count + 1, failed + ("error" in row)
    print(f"{out}: {count} pictures" + (f", {failed} of them could not be read" if failed else ""))
    return not failed


def classify(
    model: Model,
    path: str | bytes | Image.Image,
    rule: Rule,
    threshold: float | list[float],
    grain: Grain | None = None,
    left_out: Collection[int] = (),
) -> dict[str, Any]:
    """One picture's report in plain JSON types, by a grain's groups or else by classes; `image` as given.

    No image leaves after the blocks `left_out`; if given, the report shows for each exit whether it was left out.

    Raises `UnreadableImage`.
    """
    labels = model.labels if grain is None else grain.labels
    batch = to_tensor(model, see(model, to_image(path)).image)
    left = model.network.infer(batch, rule, threshold, grain, left_out)
    whole = at_grain(model.network.analyse(batch), grain, model.network.addons)[0]
    trace = leave_out(whole, left_out)
    scores, fired = trace.scores[rule.name], int(left.exit[0])
    under = trace.under(rule.name)
    probabilities = under.probabilities
    best = (-probabilities[fired]).argsort(kind="stable")[:TOP]
    return {
        "image": None if isinstance(path, Image.Image) else path,
        "model": model.name,
        "rule": rule.name,
        "threshold": threshold,
        "grain": CLASSES if grain is None else grain.name,
        **({"left_out": sorted(left_out)} if left_out else {}),
        "exit": {"index": fired, "block": trace.exits[fired].block, "kind": trace.exits[fired].kind},
        "prediction": [{"label": labels[c], "probability": float(probabilities[fired, c])} for c in best],
        "exits": [
            {
                "block": e.block,
                "kind": e.kind,
                "label": labels[under.predicted[i]],
                "probability": float(probabilities[i].max()),
                "score": None if np.isnan(scores[i]) else float(scores[i]),
                "macs": int(under.macs[i]),
                "ran": i <= fired and not (rule.alone and e.block in left_out),
                **({"left_out": e.block in left_out} if left_out else {}),
            }
            for i, e in enumerate(trace.exits)
        ],
        "macs": {"used": int(left.macs[0]), "full": trace.macs_full},
        "ms": {"used": round(float(left.ms[0]), 3), "full": round(trace.ms_full, 3)},
    }


def check_threshold(rule: Rule, thresholds: float | list[float], exits: int) -> None:
    """Raises `ValueError` for a threshold that is not a number or is outside the rule's range."""
    for number in thresholds if isinstance(thresholds, list) else [thresholds]:
        if not rule.low <= number <= rule.top(exits):
            hint = f"; did you mean {number / 100:g}?" if rule.high == 1 and 1 < number <= 100 else "."
            raise ValueError(
                f"{rule.name} takes a threshold from {rule.low:g} to {rule.top(exits):g}, and {number:g} is none{hint}"
            )


def cost_text(used: float, full: float) -> str:
    """ "1.42x fewer MACs" or, where heads cost more than leaving early saved, "1.08x the MACs"."""
    return f"{full / used:.2f}x fewer MACs" if used <= full else f"{used / full:.2f}x the MACs"


def _show(facts: dict[str, Any]) -> None:
    console = Console(markup=False)  # file names and labels may contain square brackets
    macs, ms, top = facts["macs"], facts["ms"], facts["prediction"][0]
    console.print(
        f"{top['label']} {top['probability']:.1%}, left at block {facts['exit']['block']} of "
        f"{facts['exits'][-1]['block']}: {cost_text(macs['used'], macs['full'])} "
        f"({macs['used'] / 1e6:.1f} of {macs['full'] / 1e6:.1f} M), {ms['used']:.1f} of {ms['full']:.1f} ms",
        highlight=False,
    )
    heads = ("Block", "Head", "Label", "Probability", facts["rule"], "MACs (M)", "")
    table = Table(*heads, title=facts["image"])
    for i, e in enumerate(facts["exits"]):
        note = "left here" if i == facts["exit"]["index"] else "" if e["ran"] else "not run"
        note = "off" if e.get("left_out") else note
        cells = [
            str(e["block"]),
            e["kind"],
            e["label"],
            f"{e['probability']:.1%}",
            "" if e["score"] is None else f"{e['score']:.3f}",
            f"{e['macs'] / 1e6:.1f}",
        ]
        table.add_row(*cells, note, style=None if e["ran"] else "dim")
    console.print(table)
