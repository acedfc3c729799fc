"""python -m explorer classify: each image's exit, answer and cost, as a table or one JSON object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from explorer.data.reading import UnreadableImage, read_image
from explorer.grain import CLASSES, Grain, choose_grain
from explorer.model.bundle import Model
from explorer.model.catalog import DEFAULT, load_model, named_here
from explorer.pipeline import default_threshold, see, to_tensor, warm_up
from explorer.rules import Rule, get_rule
from explorer.rules.chosen import read_chosen
from explorer.rules.reading import at_grain

TOP = 5  # labels reported of the answer
RULE = "confidence"


def run(
    images: list[str],
    model_name: str | None,
    rule_name: str | None,
    threshold: float | None,
    thresholds: Path | None,
    as_json: bool,
    grain_name: str | None = None,
) -> bool:
    """Print one report per image. Returns False if any could not be read; the others are still reported.

    `grain_name` is one of the model's coarser readings of its classes. `thresholds` is a file
    (`explorer.rules.chosen`) that brings rule, thresholds and, if none is named, the model and the grain.
    Raises `ValueError` for an unknown model, rule or grain, or a file that is no such file or fits another model.
    """
    limit: float | list[float]
    if thresholds is None:
        rule, model = get_rule(rule_name or RULE), load_model(model_name or DEFAULT)
        grain = choose_grain(model.grains, grain_name)
        limit = default_threshold(model, rule.name, grain) if threshold is None else threshold
    else:
        if rule_name is not None or threshold is not None:
            raise ValueError(
                "--thresholds brings its own rule and thresholds; leave out --rule and --threshold."
            )
        chosen = read_chosen(thresholds)
        model = load_model(model_name or named_here(chosen.model))
        chosen.check(len(model.network.exits), model.name)
        if chosen.model not in (model.name, model_name):
            print(
                f"{thresholds}: chosen for the model '{chosen.model}', used on '{model.name}'.",
                file=sys.stderr,
            )
        rule, limit = get_rule(chosen.rule), chosen.thresholds
        grain = choose_grain(model.grains, grain_name or chosen.grain)
    check_threshold(rule, limit, len(model.network.exits))
    warm_up(model)
    all_read = True
    for path in images:
        try:
            facts = classify(model, path, rule, limit, grain)
        except UnreadableImage as error:
            all_read = False
            print(f"{path}: {error}", file=sys.stderr)
            if as_json:
                print(json.dumps({"image": path, "error": str(error)}))
            continue
        if as_json:
            print(json.dumps(facts))
        else:
            _show(facts)
    return all_read


def classify(
    model: Model, path: str | bytes, rule: Rule, threshold: float | list[float], grain: Grain | None = None
) -> dict[str, Any]:
    """One image's report, of plain JSON types, in a grain's groups or else classes. Raises `UnreadableImage`."""
    labels = model.labels if grain is None else grain.labels
    batch = to_tensor(model, see(model, read_image(path)).image)
    left = model.network.infer(batch, rule, threshold, grain)
    trace = at_grain(model.network.analyse(batch), grain, model.network.addons)[0]
    scores, fired = trace.scores[rule.name], int(left.exit[0])
    under = trace.under(rule.name)
    probabilities = under.probabilities
    best = (-probabilities[fired]).argsort(kind="stable")[:TOP]
    return {
        "image": path,
        "model": model.name,
        "rule": rule.name,
        "threshold": threshold,
        "grain": CLASSES if grain is None else grain.name,
        "exit": {"index": fired, "block": trace.exits[fired].block, "kind": trace.exits[fired].kind},
        "prediction": [{"label": labels[c], "probability": float(probabilities[fired, c])} for c in best],
        "exits": [
            {
                "block": e.block,
                "kind": e.kind,
                "label": labels[under.predicted[i]],
                "probability": float(probabilities[i].max()),
                "score": float(scores[i]),
                "macs": int(under.macs[i]),
                "ran": i <= fired,
            }
            for i, e in enumerate(trace.exits)
        ],
        "macs": {"used": int(left.macs[0]), "full": trace.macs_full},
        "ms": {"used": round(float(left.ms[0]), 3), "full": round(trace.ms_full, 3)},
    }


def check_threshold(rule: Rule, thresholds: float | list[float], exits: int) -> None:
    """Raises `ValueError`, in words, for a threshold that is no number or outside the rule's range."""
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
    console = Console(markup=False)  # file names and labels may hold square brackets
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
        cells = [
            str(e["block"]),
            e["kind"],
            e["label"],
            f"{e['probability']:.1%}",
            f"{e['score']:.3f}",
            f"{e['macs'] / 1e6:.1f}",
        ]
        table.add_row(*cells, note, style=None if e["ran"] else "dim")
    console.print(table)
