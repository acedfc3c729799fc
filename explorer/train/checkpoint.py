"""What every training shares: checkpoints that are always whole, and an end in order when the process is told to stop.

Imports torch alone, so that distillation runs bare beside a large GPU.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch


class Stopped(Exception):
    """The run was asked to stop and has saved itself."""


def save_whole(state: Any, path: Path) -> None:
    """Written to a temporary file and renamed, so that a kill at any moment leaves a whole file."""
    torch.save(state, path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)


@contextmanager
def heeding_stops(told: Callable[[], None]) -> Iterator[None]:
    """Call `told` on SIGTERM or Ctrl-C instead of ending; the handlers before it come back at the end."""
    signals = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, lambda *_: told()) for number in signals}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
