"""Every rule at the same saving: `evaluate --rules` prints the table, and keeps it as rules.json for the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.table import Table

from explorer.data.fashion import Split
from explorer.evaluate.calibration import reliability_of
from explorer.evaluate.record import Record
from explorer.evaluate.report import Records
from explorer.evaluate.tradeoff import at_threshold, most_accurate
from explorer.grain import CLASSES, choose_grain
from explorer.model.bundle import Model
from explorer.pipeline import to_tensor
from explorer.rules import RULES, decide

SAVINGS = (1.25, 1.5, 2.0, 3.0)  # times fewer MACs than the backbone without exits
ALONE, TOGETHER = 16, 64  # images timed one by one, and as one batch
REPEATS = 4  # of each timing


@dataclass(frozen=True)
class Row:
    """One rule at one saving and grain: chosen on validation, measured on test. `None`: not measured."""

    grain: str
    saving: float  # asked for
    rule: str
    threshold: float
    reached: bool  # whether the rule saved that much on validation; if not, this is its cheapest threshold
    accuracy: float
    by_macs: float  # the saving on test, the rule's own cost counted
    ece: float | None  # of the answers given, wherever they left; None where nobody kept how sure they were
    block: float  # mean exit block
    ms_1: float | None = None  # an image alone, mean
    ms_64: float | None = None  # an image of a batch of 64


def matched(records: Records, model: Model | None = None, images: Split | None = None) -> list[Row]:
    """Every rule at every saving and grain of the records; timed where a model and images are given."""
    rows = []
    for grain in (CLASSES, *records["test"].grains):
        validation, test = records["validation"].at(grain), records["test"].at(grain)
        for saving in SAVINGS:
            for rule in test.scores:
                chosen = most_accurate(validation, rule, saving)
                given = at_threshold(test, rule, chosen.threshold)
                times: tuple[float, float] | tuple[None, None] = (None, None)
                if model is not None and images is not None:
                    times = _timed(model, images, rule, chosen.threshold, grain)
                rows.append(
                    Row(
                        grain, saving, rule, chosen.threshold, chosen.by_macs >= saving, given.accuracy,
                        given.by_macs, _ece(test, rule, chosen.threshold), _mean_block(test, rule, chosen.threshold),
                        *times,
                    )
                )  # fmt: skip
    return rows


def _ece(record: Record, rule: str, threshold: float) -> float | None:
    """Of the answers that are given, in [0, 1], by their own largest probability.

    None where the record is older than the rule's answers' confidence.
    """
    sure = record.confidence_under(rule)
    if sure is None:
        return None
    fired = decide(record.scores[rule], threshold)
    places = np.arange(len(fired))
    return reliability_of(sure[places, fired], record.under(rule).correct[places, fired]).ece


def _mean_block(record: Record, rule: str, threshold: float) -> float:
    return float(record.blocks[decide(record.scores[rule], threshold)].mean())


def _timed(model: Model, images: Split, rule: str, threshold: float, grain: str) -> tuple[float, float]:
    """Milliseconds an image takes alone, and in a batch of 64, leaving as it does.

    The least of a few repeats each: what else the machine does only ever adds.
    """
    reading, facts = choose_grain(model.grains, grain), RULES[rule]

    def spent(batch: torch.Tensor) -> float:
        return min(
            float(model.network.infer(batch, facts, threshold, reading).ms.max()) for _ in range(REPEATS)
        )

    inputs = [to_tensor(model, image) for image in images.images[:TOGETHER]]
    alone = [spent(one) for one in inputs[:ALONE]]
    return float(np.mean(alone)), spent(torch.cat(inputs)) / len(inputs)


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
