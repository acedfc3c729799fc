"""python -m explorer solve: thresholds for a goal, found on validation images and checked on test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from explorer.evaluate.record import Record, load_records
from explorer.evaluate.report import markdown
from explorer.evaluate.tradeoff import Outcome, at_thresholds
from explorer.grain import CLASSES
from explorer.model.bundle import load_model_folder, read_config
from explorer.model.catalog import find_model
from explorer.rules import get_rule
from explorer.rules.left_out import spared_by
from explorer.rules.solve import WAYS, Goal, Problem, Solution, solve

_SAYS = {
    "one": "one threshold for all exits",
    "shares": "exponential shares",
    "each": "coordinate search, one threshold per exit",
    "subset": "one threshold, at the best subset of exits",
}


def problem_of(record: Record, rule: str, heads: NDArray[np.int64] | None = None) -> Problem:
    """What the solver needs of a record. With the MACs of the `heads` (E - 1,) it may leave exits out.

    Raises `ValueError` for a rule that the record does not have.
    """
    facts = get_rule(rule)
    if rule not in record.scores:
        raise ValueError(f"this evaluation has no rule '{rule}'; choose one of {', '.join(record.scores)}.")
    under = record.under(rule)
    steps = round((facts.top(len(record.blocks)) - facts.low) / facts.step)
    grid = np.round(facts.low + np.arange(steps + 1) * facts.step, 6)
    spared = None
    if facts.alone and heads is not None:
        spared = spared_by(heads, under.macs - record.macs)
    return Problem(record.scores[rule], under.correct, under.macs, grid, spared)


def run(
    name: str,
    rule: str,
    budget: float | None,
    floor: float | None,
    deepest: int | None,
    how: str | None,
    grain: str,
    out: Path | None,
    as_markdown: bool,
) -> None:
    """Print what each way finds and what the best of them gives on both splits; write it to `out` if given.

    `budget` is a factor of fewer MACs, `floor` a share of right answers in percent, `deepest` a block. Raises
    `ValueError` or `FileNotFoundError` with a readable message.
    """
    folder = find_model(name)
    if not (folder / "evaluation.npz").exists():
        raise FileNotFoundError(f"{folder} has no evaluation.npz; run evaluate --save first.")
    if how is not None and how not in WAYS:
        raise ValueError(f"there is no way '{how}' to solve; choose one of {', '.join(WAYS)}.")
    if budget is not None and not budget > 0:
        raise ValueError(f"--fewer {budget:g}: the factor must be above 0.")
    if (budget is None) == (floor is None):
        raise ValueError("give either --fewer, a factor of MACs, or --floor, an accuracy in percent.")
    records = {split: record.at(grain) for split, record in load_records(folder / "evaluation.npz").items()}
    validation = records["validation"]
    heads = load_model_folder(folder).network.head_macs
    problem = problem_of(validation, rule, heads)
    goal = Goal(
        budget=None if budget is None else validation.macs_full / budget,
        floor=None if floor is None else floor / 100,
    )
    last = _place(validation, deepest)
    ways = [how] if how else [way for way in WAYS if way != "subset" or problem.spared is not None]
    found = {way: solve(problem, goal, last, (way,)) for way in ways}
    best = max(found.values(), key=lambda one: goal.worth(one.accuracy, one.macs))
    if not best.reached:
        print("No thresholds of this rule reach the goal on validation; these come nearest.")
    used = {way: _without(records, solution, heads) for way, solution in found.items()}
    for table in (_ways(found, used, rule), _leaving(best, used[best.way], rule)):
        print(markdown(table) + "\n") if as_markdown else Console(markup=False).print(table)
    if out is not None:
        facts = _facts(read_config(folder)["name"], rule, grain, goal, best, used[best.way])
        out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {out}")


def _without(records: dict[str, Record], solution: Solution, heads: NDArray[np.int64]) -> dict[str, Record]:
    """The records without the exits that the solution leaves out."""
    left_out = _left_out(solution, records["test"])
    return {split: record.without(left_out, heads) for split, record in records.items()}


def _left_out(solution: Solution, record: Record) -> list[int]:
    """The blocks of the exits that a solution leaves out."""
    return [] if solution.left_out is None else record.blocks[solution.left_out].tolist()


def _place(record: Record, deepest: int | None) -> int | None:
    if deepest is None:
        return None
    blocks = record.blocks.tolist()
    if deepest not in blocks:
        raise ValueError(
            f"there is no exit behind block {deepest}; choose one of {', '.join(map(str, blocks))}."
        )
    return blocks.index(deepest)


def _ways(found: dict[str, Solution], used: dict[str, dict[str, Record]], rule: str) -> Table:
    """What each way promises on validation and gives on test."""
    table = Table(
        "Way", "Validation (%)", "Fewer MACs", "Test (%)", "Fewer MACs on test", "Test less validation",
        title="Thresholds for the goal",
    )  # fmt: skip
    for way, solution in found.items():
        promised, given = (
            at_thresholds(used[way][s], rule, solution.thresholds) for s in ("validation", "test")
        )
        table.add_row(
            _SAYS[way],
            f"{100 * promised.accuracy:.2f}",
            f"{promised.by_macs:.2f}x",
            f"{100 * given.accuracy:.2f}",
            f"{given.by_macs:.2f}x",
            f"{100 * (given.accuracy - promised.accuracy):+.2f} points, {given.macs / promised.macs - 1:+.1%} MACs",
        )
    return table


def _leaving(best: Solution, records: dict[str, Record], rule: str) -> Table:
    """The thresholds, and the share leaving at each exit: requested, on validation, on test."""
    blocks = records["test"].blocks
    table = Table("", *[f"block {b}" for b in blocks], title=f"{rule}: {_SAYS[best.way]}")
    out = _left_out(best, records["test"])
    limits = ["off" if b in out else f"{t:.4g}" for b, t in zip(blocks[:-1], best.thresholds, strict=True)]
    table.add_row("threshold", *limits, "")
    if best.shares is not None:
        table.add_row("asked for (%)", *[f"{100 * share:.2f}" for share in best.shares])
    for split, record in records.items():
        given = at_thresholds(record, rule, best.thresholds)
        table.add_row(f"{split} (%)", *[f"{100 * share:.2f}" for share in given.leaving])
    return table


def _facts(
    model: str, rule: str, grain: str, goal: Goal, best: Solution, records: dict[str, Record]
) -> dict[str, object]:
    """The file that `classify --thresholds` and `evaluate --thresholds` take, as the Tune tab writes it."""

    def given(split: str) -> dict[str, object]:
        found: Outcome = at_thresholds(records[split], rule, best.thresholds)
        return {"on": split, "accuracy": found.accuracy, "macs": found.macs, "by_macs": found.by_macs}

    wanted = {"macs": goal.budget} if goal.budget is not None else {"accuracy": goal.floor}
    return {
        "model": model,
        "rule": rule,
        **({} if grain == CLASSES else {"grain": grain}),
        "thresholds": best.thresholds.tolist(),
        **({"left_out": out} if (out := _left_out(best, records["test"])) else {}),
        "chosen_for": wanted | {"searched": _SAYS[best.way], "reached": best.reached},
        "promised": given("validation"),
        "measured": given("test"),
    }
