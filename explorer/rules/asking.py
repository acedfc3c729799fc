"""Exits that are left out: nobody leaves there, and their heads cost nothing where no later score needs them.

An exit that is asked and lets nobody go makes every later answer dearer by its head. NumPy only; its twin in JavaScript
is `web/widgets/asking.js`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.rules.registry import RULES
from explorer.trace import Reading, Trace


def places_left_out(blocks: Sequence[int], left_out: Iterable[int]) -> NDArray[np.bool_]:
    """Which exits are left out, (E,), of those behind `blocks`, by the blocks of the early exits left out.

    Raises `ValueError`, a sentence, for a block without an early exit, and `TypeError` for what is no list.
    """
    if not isinstance(left_out, Iterable):
        raise TypeError(
            f"exits are left out by a list of their blocks, as [4, 5], not by a {type(left_out).__name__}."
        )
    wanted = set(left_out)
    *early, _ = [int(block) for block in blocks]
    if not wanted <= set(early):
        unknown = ", ".join(str(block) for block in sorted(wanted - set(early)))
        raise ValueError(
            f"there is no early exit to leave out behind block {unknown}; "
            f"choose among {', '.join(map(str, early))}."
        )
    return np.isin(np.array(blocks), list(wanted))


def macs_saved(
    macs: ArrayLike, macs_single: ArrayLike, out: NDArray[np.bool_], own: ArrayLike = 0
) -> NDArray[np.int64]:
    """What an image that leaves at each exit is spared by the exits left out before it, (E,).

    `macs` (E,) are spent with all heads on the way, `macs_single` (E,) with that exit's head alone, and `own` (E,) by
    the rule's own steps until there.
    """
    heads_before = np.asarray(macs, np.int64) - np.asarray(macs_single, np.int64)
    steps = np.diff(np.broadcast_to(np.asarray(own, np.int64), heads_before.shape), prepend=0)[:-1]
    spared = (np.diff(heads_before) + steps) * out[:-1]
    return np.concatenate([[0], np.cumsum(spared)]).astype(np.int64)


def leave_out(trace: Trace, left_out: Iterable[int]) -> Trace:
    """The trace as it would be decided on without the exits behind those blocks: their scores are NaN.

    Under a rule that scores each exit alone their heads are not run either. Raises `ValueError` for a block without an
    early exit.
    """
    out = places_left_out([e.block for e in trace.exits], left_out)
    if not out.any():
        return trace
    readings = {name: _without(trace, name, reading, out) for name, reading in trace.readings.items()}
    return replace(trace, readings=readings)


def _without(trace: Trace, rule: str, reading: Reading, out: NDArray[np.bool_]) -> Reading:
    macs = reading.macs
    if trace.macs_single is not None and rule in RULES and RULES[rule].alone:
        macs = macs - macs_saved(trace.macs, trace.macs_single, out, reading.macs)
    return replace(reading, scores=np.where(out, np.nan, reading.scores), macs=macs)
