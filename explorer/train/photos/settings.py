"""What `--set NAME=VALUE` may set in a stretch, and the stretch that results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explorer.train.photos.stretch import Stretch


@dataclass(frozen=True)
class Setting:
    """One number of a stretch: whether it is an integer, and its range."""

    whole: bool
    low: float
    high: float = float("inf")


# `Stretch` says what each of them means; docs/photos.md says it for users.
SETTINGS = {
    "stage": Setting(True, 1, 2),
    "crops": Setting(True, 0),
    "minutes": Setting(False, 0),
    "frozen": Setting(True, 0),
    "lr_heads": Setting(False, 0),
    "own": Setting(False, 0, 1),
    "final_share": Setting(False, 0, 1),
    "exits_every": Setting(True, 1),
    "solved": Setting(True, 0),
}
CROPS = 50_000  # unless set


def stretch_of(settings: Sequence[str], **common: Any) -> Stretch:
    """The stretch of those NAME=VALUE settings, and of options that other trainings have too, None where not given.

    Raises `ValueError`, a sentence.
    """
    said: dict[str, Any] = {"stage": 1, "crops": CROPS}
    for text in settings:
        name, _, value = text.partition("=")
        if name not in SETTINGS:
            raise ValueError(
                f"--set {text}: there is no setting '{name}'; choose one of {', '.join(SETTINGS)}."
            )
        said[name] = _number(name, value)
    return Stretch(**said | {name: value for name, value in common.items() if value is not None})


def _number(name: str, value: str) -> float:
    setting = SETTINGS[name]
    try:
        number = int(value) if setting.whole else float(value)
    except ValueError:
        number = float("nan")
    if not setting.low <= number <= setting.high or number == float("inf"):
        kind = "a whole number" if setting.whole else "a number"
        bounds = f"from {setting.low:g}" + (f" to {setting.high:g}" if setting.high < float("inf") else " up")
        raise ValueError(f"--set {name}={value}: {name} takes {kind} {bounds}.")
    return number
