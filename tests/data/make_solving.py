"""Writes solving.json: what exponential shares find, for solve.py and its twin in JavaScript. Run once, by hand."""

import json
from pathlib import Path

import numpy as np

from explorer.rules.solve import Goal, Problem, solve

GOALS = [
    ("half the cost", {"budget": 25.0}, None),
    ("nearly free", {"budget": 11.0}, None),
    ("no deeper than the third exit", {"budget": 24.0}, 2),
    ("a floor", {"floor": 0.6}, None),
]


def main() -> None:
    rng = np.random.default_rng(7)
    sure = rng.random((60, 1)) * 0.6 + np.linspace(0.05, 0.4, 4) + 0.05 * rng.standard_normal((60, 4))
    scores = np.float32(np.round(np.clip(sure, 0, 1) * 1024) / 1024).astype(float)  # the same in float32
    right = rng.random((60, 4)) < scores
    macs, grid = np.array([10, 20, 30, 45]), np.round(np.linspace(0, 1, 101), 6)
    given = Problem(scores, right, macs, grid)
    cases = []
    for name, goal, deepest in GOALS:
        found = solve(given, Goal(**goal), deepest, ("shares",))
        cases.append(
            {
                "name": name,
                "goal": goal,
                "deepest": deepest,
                "thresholds": found.thresholds.tolist(),
                "macs": found.macs,
                "accuracy": found.accuracy,
            }
        )
    facts = {
        "scores": scores.tolist(),
        "right": right.astype(int).tolist(),
        "macs": macs.tolist(),
        "grid": grid.tolist(),
        "cases": cases,
    }
    Path(__file__).with_name("solving.json").write_text(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
