"""Every rule at the same saving: `evaluate --rules` prints the table, and stores it as rules.json for the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from torch import Tensor

from explorer.evaluate.calibration import reliability_of
from explorer.evaluate.pace import SIZES, Pace, one_thread, walks_of
from explorer.evaluate.record import Record
from explorer.evaluate.report import Records
from explorer.evaluate.tradeoff import at_threshold, most_accurate
from explorer.grain import CLASSES
from explorer.model.bundle import Model
from explorer.rules import RULES, decide

SAVINGS = (1.25, 1.5, 2.0, 3.0)  # times fewer MACs than the backbone without exits
CHECKED = 1.5  # the saving at which the first rule's times are compared with `infer`


@dataclass(frozen=True)
class Row:
    """One rule at one saving and grain: chosen on validation, measured on test. `None`: not measured."""

    grain: str
    saving: float  # requested
    rule: str
    threshold: float
    reached: bool  # whether the rule saved that much on validation; if not, this is its cheapest threshold
    accuracy: float
    by_macs: float  # the saving on test, the rule's own cost counted
    ece: float | None  # of the answers given, wherever they left; None if their confidence was not stored
    block: float  # mean exit block
    ms_1: float | None = None  # of an image alone, mean over the test images
    ms_64: float | None = None  # of an image of a batch of 64, mean over the test images' batches


def matched(records: Records, pace: Pace | None = None) -> list[Row]:
    """Every rule at every saving and grain of the records; with times where the model's pace was measured."""
    rows = []
    for grain in (CLASSES, *records["test"].grains):
        validation, test = records["validation"].at(grain), records["test"].at(grain)
        for saving in SAVINGS:
            for rule in test.scores:
                chosen = most_accurate(validation, rule, saving)
                given = at_threshold(test, rule, chosen.threshold)
                fired = decide(test.scores[rule], chosen.threshold)
                rows.append(
                    Row(
                        grain, saving, rule, chosen.threshold, chosen.by_macs >= saving, given.accuracy,
                        given.by_macs, _ece(test, rule, fired), float(test.blocks[fired].mean()),
                        None if pace is None else pace.alone(grain, rule, fired),
                        None if pace is None else pace.together(grain, rule, fired),
                    )
                )  # fmt: skip
    return rows


def _ece(record: Record, rule: str, fired: NDArray[np.int64]) -> float | None:
    """ECE of the answers given at those exits (N,), in [0, 1], by their own largest probability.

    None if the record predates storing the confidence of the rule's answers.
    """
    sure = record.confidence_under(rule)
    if sure is None:
        return None
    places = np.arange(len(fired))
    return reliability_of(sure[places, fired], record.under(rule).correct[places, fired]).ece


def checked(rows: list[Row], model: Model, inputs: Tensor, pace: Pace) -> str:
    """One row's summed times compared with `infer` really stopping, on the timed images (N, ...)."""
    row = next(row for row in rows if row.saving == CHECKED)
    rule, network = RULES[row.rule], model.network
    size = min(len(inputs), SIZES[-1])
    with one_thread():
        fired = network.infer(inputs, rule, row.threshold).exit
        alone = [
            min(float(network.infer(image[None], rule, row.threshold).ms[0]) for _ in range(2))
            for image in inputs
        ]
        batch = min(float(network.infer(inputs[:size], rule, row.threshold).ms.max()) for _ in walks_of())
    return (
        f"The times are sums over the stretches to where images leave. Held against it, {row.rule} at {CHECKED:g}x, "
        f"{row.grain}: {len(inputs)} images that really left took {np.mean(alone):.2f} ms alone, where the sum is "
        f"{pace.alone(row.grain, row.rule, fired):.2f}, and {batch / size:.2f} ms in a batch of {size}, where it is "
        f"{pace.together(row.grain, row.rule, fired[:size]):.2f}."
    )


def matched_table(rows: list[Row], title: str) -> Iterator[Table]:
    """A table per grain: a line per rule, and at each saving what it gives."""
    for grain in dict.fromkeys(row.grain for row in rows):
        for saving in SAVINGS:
            some = [row for row in rows if (row.grain, row.saving) == (grain, saving)]
            table = Table(
                "Rule", "Threshold", "Accuracy (%)", "Fewer MACs", "ECE (points)", "Mean exit block",
                "ms alone", "ms in a batch of 64",
                title=f"{title}, {grain}: at least {saving:g}x fewer MACs on validation",
            )  # fmt: skip
            for row in some:
                table.add_row(
                    row.rule,
                    f"{row.threshold:.4g}" + ("" if row.reached else " (its cheapest)"),
                    f"{100 * row.accuracy:.2f}",
                    f"{row.by_macs:.2f}x",
                    "–" if row.ece is None else f"{100 * row.ece:.2f}",
                    f"{row.block:.2f}",
                    *("–" if ms is None else f"{ms:.2f}" for ms in (row.ms_1, row.ms_64)),
                )
            yield table


def write_rows(rows: list[Row], folder: Path) -> Path:
    """rules.json of a model folder, for Tune: {savings, rows}."""
    path = folder / "rules.json"
    facts = [{key: _short(value) for key, value in asdict(row).items()} for row in rows]
    path.write_text(
        json.dumps({"savings": SAVINGS, "rows": facts}, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    return path


def _short(value: object) -> object:
    return float(f"{value:.5g}") if isinstance(value, float) else value
