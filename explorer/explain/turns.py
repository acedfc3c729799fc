"""Long explanations yield to other requests between two parts of the work, or stop if no longer needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Superseded(Exception):
    """The caller has sent a newer request and no longer waits for this answer."""


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
