"""Walks readers over the exits, and gathers what they say into a trace's readings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from explorer.rules.registry import RULES
from explorer.rules.rule import Reader, Rule, Seen, Setting, Verdict
from explorer.trace import Reading, Trace


class Readings:
    """Several rules read side by side on one walk through every exit: `step` at each, then `done`."""

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
        """What each rule says of every exit, by name."""
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


def read_logits(trace: Trace, rules: Iterable[Rule] | None = None, grain: str = "classes") -> Trace:
    """The trace with the readings of those rules added that look at logits alone (default: all such rules).

    `analyse` has done so already; this is for traces whose logits are new, as those of a coarser grain are.
    """
    wanted = RULES.values() if rules is None else rules
    batch = trace.logits if trace.logits.ndim == 3 else trace.logits[None]  # (N, E, C)
    setting = Setting(batch.shape[1], batch.shape[2], grain=grain)
    readers = {r.name: r.reader(setting) for r in wanted if not r.needs and r.addon is None}
    walk = Readings(readers, len(batch))
    for exit in range(setting.exits):
        walk.step(exit, Seen(batch[:, exit]))
    found = walk.done()
    if trace.logits.ndim == 2:
        found = {name: reading[0] for name, reading in found.items()}
    return trace.with_readings(found)
