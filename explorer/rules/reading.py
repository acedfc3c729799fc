"""Runs readers over the exits, and gathers their results into a trace's readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.grain import CLASSES, Grain
from explorer.rules.registry import RULES, rules_with
from explorer.rules.rule import Reader, Rule, Seen, Setting, Verdict
from explorer.trace import Reading, Trace, merged_logits


class Readings:
    """Several rules read side by side in one pass over the exits: `step` at each, then `done`."""

    def __init__(self, readers: dict[str, Reader], n: int) -> None:
        self.readers = readers
        self.verdicts: dict[str, list[Verdict]] = {name: [] for name in readers}
        self.logits: list[NDArray[np.float32]] = []
        for reader in readers.values():
            reader.begin(n)

    def step(self, exit: int, seen: Seen) -> None:
        """Show every reader the next exit."""
        self.logits.append(seen.logits)
        for name, reader in self.readers.items():
            self.verdicts[name].append(reader.step(exit, seen))

    def done(self) -> dict[str, Reading]:
        """Each rule's reading of every exit, by name."""
        return {name: self._reading(self.readers[name], self.verdicts[name]) for name in self.readers}

    def _reading(self, reader: Reader, verdicts: list[Verdict]) -> Reading:
        answers = None
        if any(verdict.answer is not None for verdict in verdicts):
            chosen = [
                own if verdict.answer is None else verdict.answer
                for own, verdict in zip(self.logits, verdicts, strict=True)
            ]
            answers = np.stack(chosen, axis=1).astype(np.float32)
        return Reading(
            scores=np.stack([verdict.score for verdict in verdicts], axis=1).astype(np.float64),
            macs=np.cumsum([reader.macs(exit) for exit in range(len(verdicts))], dtype=np.int64),
            answers=answers,
            looks={
                name: np.stack([verdict.looks[name] for verdict in verdicts], axis=1)
                for name in verdicts[0].looks
            },
        )


def read_logits(
    trace: Trace,
    rules: Iterable[Rule] | None = None,
    grain: str = CLASSES,
    addons: Mapping[str, Mapping[str, NDArray]] | None = None,
) -> Trace:
    """The trace with readings added for those rules that look at logits alone (default: all that apply).

    `analyse` does this already; this is for traces with new logits, such as those of a coarser grain. Such a
    grain leaves out the rules that are read by class.
    """
    addons = addons or {}
    wanted = rules_with(addons).values() if rules is None else rules
    batch = trace.logits if trace.logits.ndim == 3 else trace.logits[None]  # (N, E, C)
    readers = {
        rule.name: rule.reader(
            Setting(batch.shape[1], batch.shape[2], parts=addons.get(rule.addon or "", {}), grain=grain)
        )
        for rule in wanted
        if not rule.needs and not (rule.by_class and grain != CLASSES)
    }
    walk = Readings(readers, len(batch))
    for exit in range(batch.shape[1]):
        walk.step(exit, Seen(batch[:, exit]))
    found = walk.done()
    if trace.logits.ndim == 2:
        found = {name: reading[0] for name, reading in found.items()}
    return trace.with_readings(found)


def read_summary(
    predicted: NDArray[np.int64],
    confidence: NDArray[np.float64],
    certainty: NDArray[np.float64],
    rules: Iterable[Rule],
    grain: str = CLASSES,
    addons: Mapping[str, Mapping[str, NDArray]] | None = None,
) -> dict[str, Reading]:
    """Readings of rules with `summary` for a record's images, from what it stores of them: each (N, E)."""
    addons = addons or {}
    exits, classes = predicted.shape[1], int(predicted.max(initial=1)) + 1
    readers = {
        rule.name: rule.reader(Setting(exits, classes, parts=addons.get(rule.addon or "", {}), grain=grain))
        for rule in rules
        if rule.summary
    }
    walk = Readings(readers, len(predicted))
    for e in range(exits):
        walk.step(e, Seen.summarised(predicted[:, e], confidence[:, e], certainty[:, e], classes))
    return walk.done()


def at_grain(
    trace: Trace, grain: Grain | None, addons: Mapping[str, Mapping[str, NDArray]] | None = None
) -> Trace:
    """The trace at that grain, with every rule's readings; None: unchanged.

    Rules read by class keep their scores, and their answers are merged as the exits' are.
    """
    if grain is None:
        return trace
    merged = trace.merged(grain.groups, grain.temperatures)
    kept = {
        name: replace(reading, answers=None if reading.answers is None else _merged(reading.answers, grain))
        for name, reading in trace.readings.items()
        if name in RULES and RULES[name].by_class
    }
    read = read_logits(merged, grain=grain.name, addons=addons)
    order = [name for name in trace.readings if name in kept or name in read.readings]
    return replace(read, readings={name: kept.get(name) or read.readings[name] for name in order})


def _merged(answers: NDArray[np.float32], grain: Grain) -> NDArray[np.float32]:
    """Answers (..., E, C) of a rule at the grain, as `Grain.read` reads each exit's."""
    merged = merged_logits(answers, grain.groups)
    if grain.temperatures is None:
        return merged
    return merged / np.array(grain.temperatures, np.float32)[:, None]
