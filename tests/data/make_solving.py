"""Writes solving.json: what exponential shares find, and which subsets of exits are best, for solve.py and its twins.

Run once, by hand.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from explorer.rules.solve import Goal, Problem, solve

GOALS = [
    ("half the cost", {"budget": 25.0}, None),
    ("nearly free", {"budget": 11.0}, None),
    ("no deeper than the third exit", {"budget": 24.0}, 2),
    ("a floor", {"floor": 0.6}, None),
]
GOALS = [
    ("a budget", {"budget": 28.0}, None),
    ("a floor", {"floor": 0.65}, None),
    ("a floor no deeper than the third exit", {"floor": 0.5}, 2),
    ("a budget that cannot be met", {"budget": 1.0}, None),
]
SPARED = [3, 4, 2]  # of the MACs, each early exit's head


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
    subset = []
    for name, goal, deepest in GOALS:
        found = solve(replace(given, spared=np.array(SPARED)), Goal(**goal), deepest, ("subset",))
        subset.append(
            {
                "name": name,
                "goal": goal,
                "deepest": deepest,
                "threshold": float(found.thresholds[0]),
                "left_out": found.left_out.tolist(),
                "macs": found.macs,
                "accuracy": found.accuracy,
                "reached": found.reached,
            }
        )
    facts = {
        "scores": scores.tolist(),
        "right": right.astype(int).tolist(),
        "macs": macs.tolist(),
        "grid": grid.tolist(),
        "cases": cases,
        "spared": SPARED,
        "subset": subset,
    }
    Path(__file__).with_name("solving.json").write_text(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
