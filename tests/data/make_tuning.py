"""Writes tuning.json: a small record and what Python makes of it, for the browser's twin to agree with.

    python tests/data/make_tuning.py

Run it after a change of a definition; tests/evaluate/test_tuning.py sees to it that the file is what Python computes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.evaluate.calibration import reliability
from explorer.evaluate.overthinking import overthinking
from explorer.evaluate.record import Record
from explorer.evaluate.tradeoff import Aim, at_threshold, at_thresholds, own_threshold, settable
from explorer.rules import RULES, decide

PATH = Path(__file__).with_name("tuning.json")
IMAGES, EXITS, CLASSES = 120, 5, 4
SETTINGS: dict[str, list[Any]] = {
    "confidence": [0.0, 0.5, 0.8, 0.995, 1.0, 1.1, [0.9, 0.8, 0.7, 0.6], [1.1, 0.3, 1.1, 0.3]],
    "patience": [1, 2, 5, 9, [1.5, 2, 3, 4]],
}
BUDGETS = (0.5, 1.0, 1.3, 1.8, 9.0)
FLOORS = (0.3, 0.55, 0.6, 0.65)


def record() -> Record:
    """Exits that grow more accurate and surer with depth, a little overconfident; some scores tie with thresholds."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, CLASSES, IMAGES)
    sure = np.clip(rng.normal(np.linspace(0.55, 0.85, EXITS), 0.2, (IMAGES, EXITS)), 0.25, 1)
    right = rng.random((IMAGES, EXITS)) < sure - 0.05
    wrong = (labels[:, None] + rng.integers(1, CLASSES, (IMAGES, EXITS))) % CLASSES
    predicted = np.where(right, labels[:, None], wrong)
    sure[:10] = np.round(sure[:10], 1)
    sure[10, 0] = np.nan
    streak = np.ones((IMAGES, EXITS))
    for e in range(1, EXITS):
        streak[:, e] = np.where(predicted[:, e] == predicted[:, e - 1], streak[:, e - 1] + 1, 1)
    return Record(
        labels=labels,
        predicted=predicted,
        # As evaluation.npz stores them and the browser gets them.
        scores={"confidence": sure.astype(np.float32).astype(float), "patience": streak},
        blocks=np.array([3, 5, 7, 9, 12]),
        macs=np.array([130_000_000, 210_500_000, 290_000_001, 372_000_000, 495_000_000]),
        macs_full=450_000_000,
    )


def read(stored: dict[str, Any]) -> Record:
    """The record out of the file again."""
    scores = {rule: np.array(rows, dtype=float) for rule, rows in stored["scores"].items()}
    arrays = {name: np.array(stored[name]) for name in ("labels", "predicted", "blocks", "macs")}
    return Record(**arrays, scores=scores, macs_full=stored["macs_full"])


def facts(of: Record) -> dict[str, Any]:
    """The record, and every number that both sides compute of it."""
    return {
        "record": {
            "labels": of.labels.tolist(),
            "predicted": of.predicted.tolist(),
            "scores": {rule: listed(scores) for rule, scores in of.scores.items()},
            "blocks": of.blocks.tolist(),
            "macs": of.macs.tolist(),
            "macs_full": of.macs_full,
            "classes": CLASSES,
        },
        "settings": [
            {"rule": rule, "thresholds": thresholds, **outcome(of, rule, thresholds)}
            for rule, all_thresholds in SETTINGS.items()
            for thresholds in all_thresholds
        ],
        "curve": [
            {"threshold": t, "accuracy": p.accuracy, "macs": p.macs}
            for t in (0.2, 0.4, 0.5, 0.7, 0.9, 1.0, 1.2)
            for p in [at_threshold(of, "confidence", t)]
        ],
        "settable": {rule: searched(of, rule) for rule in SETTINGS},
        "reliability": [
            {
                "count": found.count.tolist(),
                "confidence": listed(found.confidence),
                "accuracy": listed(found.accuracy),
                "ece": found.ece,
            }
            for e in range(1, EXITS)  # the first exit's NaN has no bin
            for found in [reliability(of, e)]
        ],
    }


def outcome(of: Record, rule: str, thresholds: Any) -> dict[str, Any]:
    """What a setting gives: exits, trade-off, overthinking, and sums per true class."""
    fired = decide(of.scores[rule], thresholds)
    found, over = at_thresholds(of, rule, thresholds), overthinking(of, fired)
    right = of.correct[np.arange(IMAGES), fired]
    return {
        "fired": fired.tolist(),
        "accuracy": found.accuracy,
        "macs": found.macs,
        "by_blocks": found.by_blocks,
        "leaving": found.leaving.tolist(),
        "right": listed(found.right),
        "overthinking": vars(over),
        "class_right": np.bincount(of.labels, right, CLASSES).tolist(),
        "class_macs": np.bincount(of.labels, of.macs[fired], CLASSES).tolist(),
    }


def searched(of: Record, rule: str) -> dict[str, Any]:
    """The slider's settings, and those that goals ask for."""
    describe = RULES[rule].describe(EXITS)
    points = settable(of, rule)
    cheapest = [
        min((p for p in points if p.accuracy >= floor), key=lambda p: p.macs, default=None)
        for floor in FLOORS
    ]
    return {
        "facts": {key: describe[key] for key in ("min", "max", "step")},
        "thresholds": [p.threshold for p in points],
        "budgets": [{"by_macs": b, "threshold": own_threshold(of, rule, Aim(b))} for b in BUDGETS],
        "floors": [
            {"accuracy": floor, "threshold": p.threshold if p else None}
            for floor, p in zip(FLOORS, cheapest, strict=True)
        ],
    }


def listed(values: np.ndarray) -> list[Any]:
    """As lists, with null for NaN, which JSON does not have."""
    return np.where(np.isnan(values), None, values).tolist()


if __name__ == "__main__":
    PATH.write_text(json.dumps(facts(record()), separators=(",", ":")) + "\n")
