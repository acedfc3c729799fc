"""Thresholds from a file, as the page's Tune tab exports them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.rules.decision import early_thresholds
from explorer.rules.left_out import check_left_out
from explorer.rules.registry import get_rule


@dataclass(frozen=True)
class Chosen:
    """A rule and its thresholds, chosen for one model.

    The file is JSON: `model`, `rule`, `thresholds` (a number, or a list of one per early exit), and
    `grain` if it is not the classes themselves, `left_out` (blocks) if exits are left out; and, for people,
    `chosen_for` (the goal and how it was searched), `promised` (on validation) and `measured` (on test).
    """

    path: Path
    model: str
    rule: str
    thresholds: float | list[float]
    grain: str | None = None  # the grain they were chosen at; None: the classes themselves
    left_out: tuple[int, ...] = ()  # blocks after which no image leaves

    @property
    def says(self) -> str:
        """The thresholds as text."""
        numbers = self.thresholds if isinstance(self.thresholds, list) else [self.thresholds]
        text = ", ".join(f"{number:g}" for number in numbers)
        return (
            f"{text}, exits behind blocks {', '.join(map(str, self.left_out))} off" if self.left_out else text
        )

    def check(self, exits: int, model: str) -> None:
        """Raises `ValueError` unless the thresholds fit a model of that many exits, the final one included."""
        try:
            early_thresholds(self.thresholds, exits)
        except ValueError as error:
            count = len(self.thresholds) if isinstance(self.thresholds, list) else 1
            raise ValueError(
                f"{self.path} holds {count} thresholds and {model} has {exits - 1} early exits; "
                "export them again for this model."
            ) from error

    def check_left_out(self, early: Sequence[int]) -> None:
        """Raises `ValueError` unless every left-out block has an early exit; `early` are the exits' blocks."""
        try:
            check_left_out(early, self.left_out)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error


def read_chosen(path: Path) -> Chosen:
    """Read a file of thresholds. Raises `ValueError` in one plain sentence."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read; check its name.") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON; export the thresholds again.") from error
    facts = facts if isinstance(facts, dict) else {}
    missing = [name for name in ("model", "rule", "thresholds") if name not in facts]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; export the thresholds again.")
    if not (isinstance(facts["model"], str) and isinstance(facts["rule"], str)):
        raise ValueError(f"{path} must name its model and its rule; export the thresholds again.")
    try:
        get_rule(facts["rule"])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    thresholds = facts["thresholds"]
    numbers = thresholds if isinstance(thresholds, list) else [thresholds]
    if not numbers or not all(map(_is_number, numbers)):
        raise ValueError(f"{path} must hold one number or a list of numbers as thresholds; export it again.")
    left_out = facts.get("left_out", [])
    if not isinstance(left_out, list) or not all(type(block) is int for block in left_out):
        raise ValueError(
            f"{path}: left_out must be a list of blocks, as [4, 5]; export the thresholds again."
        )
    one = float(numbers[0])
    return Chosen(
        path=path,
        model=facts["model"],
        rule=facts["rule"],
        thresholds=[float(number) for number in thresholds] if isinstance(thresholds, list) else one,
        grain=facts["grain"] if isinstance(facts.get("grain"), str) else None,
        left_out=tuple(left_out),
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False
