"""Long explanations let others pass: between two parts of the work they make room, or stop if nobody wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Superseded(Exception):
    """The one who asked has asked something newer; nobody waits for this answer any more."""


_between: ContextVar[Callable[[], None] | None] = ContextVar("between", default=None)


@contextmanager
def taking_turns(between: Callable[[], None]) -> Iterator[None]:
    """Within, `pause` calls `between`, which may let others use the processor, or raise `Superseded`."""
    token = _between.set(between)
    try:
        yield
    finally:
        _between.reset(token)


def pause() -> None:
    """Called by a method between two passes of the network; does nothing outside `taking_turns`."""
    between = _between.get()
    if between is not None:
        between()
