"""What every explanation method takes and returns: a target, and a map of numbers over the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.model.multi_exit import MultiExitViT
from explorer.trace import FAMILIES

# Our own. Most maps are in logits, and float32 cannot resolve a logit near 10 any finer than 1e-6. A map that stays
# below that everywhere is rounding noise; in full colour it would look like evidence.
FLAT = 1e-6


@dataclass(frozen=True)
class Target:
    """What is to be explained: an exit's answer for a class, or for a group of classes.

    `classes` are indices; several are a group of the chosen grain, whose probability is the sum of theirs. `patch`
    counts patches row by row from 0 and makes an attention map start there instead of at the class token. With
    `against`, another exit's map is subtracted: where does this exit find more evidence than that one?
    """

    exit: int  # from 0; the last is the final read-out
    classes: tuple[int, ...] = ()
    patch: int | None = None
    against: int | None = None


@dataclass(frozen=True)
class Map:
    """Numbers over the picture, (rows, columns), or many such maps with one leading axis for each name in `axes`.

    Rows and columns divide the network's input evenly. `units` is a key: the page shows the text `explain.units_KEY`.
    A map that is not `signed` has no value below 0.
    """

    values: NDArray[np.float32]
    signed: bool
    units: str
    axes: tuple[str, ...] = ()  # of "block", "head": counted from 0 here, from 1 where a person sees them

    def __post_init__(self) -> None:
        if self.values.ndim != len(self.axes) + 2:
            raise ValueError(
                f"a map with the axes {self.axes} needs {len(self.axes) + 2} dimensions, got {self.values.ndim}."
            )

    @property
    def evidence(self) -> str | None:
        """None for a usable map, "flat" for one that is nowhere above `FLAT`, "broken" if not finite."""
        if not np.isfinite(self.values).all():
            return "broken"
        return "flat" if np.abs(self.values).max(initial=0) < FLAT else None

    def at(self, *index: int | None) -> Map:
        """One map of many: an index per leading axis, or None for the mean over that axis."""
        if len(index) != len(self.axes):
            raise ValueError(f"expected an index for each of {self.axes}, got {index}.")
        values = self.values
        for axis, i in reversed(list(enumerate(index))):
            values = values.mean(axis=axis) if i is None else np.take(values, i, axis=axis)
        return replace(self, values=np.asarray(values, np.float32), axes=())


@dataclass(frozen=True)
class Method:
    """An explanation method. A new one is a file in `methods` that defines `METHOD`, and two strings for the page.

    The file's name is the method's, with `-` for `_`; the strings are `explain.NAME_title` and `explain.NAME_says`.
    """

    explain: Callable[
        [MultiExitViT, Tensor, Target], Map
    ]  # one normalised image (1, channels, height, width)
    # Any of "exit": it explains a chosen exit, not all blocks at once; "class": for a class; "patch": from any patch.
    asks: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset(FAMILIES.values())  # of exits it can explain
