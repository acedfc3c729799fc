"""Exits that are off (left out): no image leaves there, and their heads cost nothing where no later score needs them.

An exit in use at which no image leaves makes every later answer more expensive by its head. NumPy only; its twin in
JavaScript is `web/widgets/left-out.js`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.rules.registry import RULES
from explorer.trace import Reading, Trace


def check_left_out(early: Sequence[int], left_out: Collection[int]) -> None:
    """Raises `ValueError`, a sentence, unless every left-out block has an early exit; `early` are the exits' blocks.

    Raises `TypeError` for anything but a list.
    """
    if not isinstance(left_out, Collection):
        raise TypeError(
            f"exits are left out by a list of their blocks, as [4, 5], not by a {type(left_out).__name__}."
        )
    unknown = sorted(set(left_out) - set(early))
    if unknown:
        raise ValueError(
            f"there is no early exit to leave out behind block {', '.join(map(str, unknown))}; "
            f"choose among {', '.join(map(str, early))}."
        )


def places_left_out(blocks: Sequence[int], left_out: Collection[int]) -> NDArray[np.bool_]:
    """Which of the exits after `blocks` are left out, (E,), given the blocks left out. Raises as above."""
    check_left_out(blocks[:-1], left_out)
    return np.isin(np.array(blocks), list(left_out))


def spared_by(heads: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """What leaving out each early exit saves an image that passes it, (E - 1,): its head and the rule's step.

    `heads` (E - 1,) are the MACs of each early exit's head, `own` (E,) those of the rule's steps until each exit.
    """
    return heads + np.diff(own, prepend=0)[:-1]


def macs_saved(spared: NDArray[np.int64], out: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What an image that leaves at each exit saves through the exits left out before it, `out` (E,): (E,)."""
    return np.concatenate([[0], np.cumsum(spared * out[:-1])])


def leave_out(trace: Trace, left_out: Collection[int]) -> Trace:
    """The trace without the exits after those blocks: their scores are NaN.

    Under a rule that scores each exit alone, their heads are not run either. Raises `ValueError` for a block without an
    early exit.
    """
    out = places_left_out([e.block for e in trace.exits], left_out)
    if not out.any():
        return trace
    readings = {name: _without(trace, name, reading, out) for name, reading in trace.readings.items()}
    return replace(trace, readings=readings)


def _without(trace: Trace, rule: str, reading: Reading, out: NDArray[np.bool_]) -> Reading:
    macs = reading.macs
    if trace.heads is not None and rule in RULES and RULES[rule].alone:
        macs = macs - macs_saved(spared_by(trace.heads, reading.macs), out)
    return replace(reading, scores=np.where(out, np.nan, reading.scores), macs=macs)
