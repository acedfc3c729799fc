"""A model's evaluation in a few kilobytes, for the lessons and the card: from its evaluation.npz, no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from explorer.evaluate.calibration import reliability
from explorer.evaluate.overthinking import overthinking
from explorer.evaluate.record import Record, load_records
from explorer.evaluate.tradeoff import Point, at_threshold
from explorer.model.bundle import read_config
from explorer.model.catalog import find_model
from explorer.rules import RULES
from explorer.web.shelf import per_model

RULE = "confidence"
POINTS = 100  # thresholds on the trade-off, between the rule's least and greatest


@per_model(8)
def evaluation_json(model: str) -> dict[str, Any] | None:
    """What was measured on the whole validation and test splits; None where the model's folder has no evaluation.

    `reference` says what answers are checked against: "labels", or "teacher" where the labels are a teacher's answers.
    Shares are in [0, 1]. Raises `ModelError`.
    """
    folder = find_model(model)
    if not (folder / "evaluation.npz").exists():
        return None
    config, stored = read_config(folder), load_records(folder / "evaluation.npz")
    records = {split: stored[split] for split in ("validation", "test")}
    test = records["test"]
    rule = RULES[RULE]
    thresholds = [round(float(t), 4) for t in np.linspace(rule.low, rule.top(len(test.blocks)), POINTS + 1)]
    curves = {split: [at_threshold(record, RULE, t) for t in thresholds] for split, record in records.items()}
    thought = overthinking(test)
    own = config["thresholds"].get(RULE, rule.default)
    return {
        "model": model,
        "title": config["title"],
        "reference": config.get("reference", "labels"),
        "images": {split: len(record.labels) for split, record in records.items()},
        "blocks": test.blocks.tolist(),
        "macs": test.macs.tolist(),
        "macs_full": test.macs_full,
        "accuracy": _rounded(test.accuracy),
        "final": {split: round(float(record.accuracy[-1]), 5) for split, record in records.items()},
        "exits": [_exit_json(test, exit_) for exit_ in range(len(test.blocks))],
        "wasteful": thought.wasteful,
        "destructive": thought.destructive,
        "own": _point_json(at_threshold(test, RULE, own)),
        "thresholds": thresholds,
        "curves": {
            split: {"accuracy": _rounded([p.accuracy for p in curve]), "macs": [round(p.macs) for p in curve]}
            for split, curve in curves.items()
        },
    }


def _exit_json(record: Record, exit_: int) -> dict[str, Any]:
    """How well calibrated one exit's confidence is; only bins that hold an image."""
    found = reliability(record, exit_)
    bins = zip(found.count, found.confidence, found.accuracy, strict=True)
    return {
        "ece": round(found.ece, 5),
        "confidence": round(float(record.scores[RULE][:, exit_].mean()), 5),
        "bins": [
            {
                "share": float(count / len(record.labels)),
                "confidence": round(float(sure), 4),
                "accuracy": round(float(right), 4),
            }
            for count, sure, right in bins
            if count > 0
        ],
    }


def _point_json(point: Point) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "accuracy": round(point.accuracy, 5),
        "macs": round(point.macs),
        "by_macs": round(point.by_macs, 4),
        "by_blocks": round(point.by_blocks, 4),
        "leaving": _rounded(point.leaving),
    }


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), 5) for value in values]
