"""A cache of answers, kept for a while within a budget of bytes."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any
from weakref import WeakSet

from explorer.web.uploads import UPLOADS_KEPT

BUDGET = 24_000_000  # bytes, all answers together


_every: WeakSet[Answers] = WeakSet()


class Answers:
    """The newest answers by key, as JSON: as Python objects they would take several times the memory.

    Answers about a visitor's picture are dropped when the picture itself would be.
    """

    def __init__(self, budget: int = BUDGET, seconds: float = UPLOADS_KEPT) -> None:
        self.budget, self.seconds = budget, seconds
        self.bytes = 0
        self._guard = Lock()
        self._kept: OrderedDict[Hashable, tuple[bytes, float]] = OrderedDict()
        _every.add(self)

    def get(self, key: Hashable, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer for that key, made if it is missing."""
        kept = self.kept(key)
        if kept is not None:
            return json.loads(kept)
        answer = make()
        self.keep(key, json.dumps(answer).encode())
        return answer

    def kept(self, key: Hashable) -> bytes | None:
        """The answer for that key as JSON, if there is one."""
        with self._guard:
            self._drop(time.monotonic() - self.seconds)
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
            return kept[0]

    def keep(self, key: Hashable, text: bytes) -> None:
        """Keeps an answer, a dict as JSON, and drops the oldest when there is no room."""
        with self._guard:
            if len(text) <= self.budget and key not in self._kept:
                self._kept[key] = text, time.monotonic()
                self.bytes += len(text)
                while self.bytes > self.budget:
                    self.bytes -= len(self._kept.popitem(last=False)[1][0])

    def forget_old(self) -> None:
        """Drops expired answers, even if nobody asks any more."""
        with self._guard:
            self._drop(time.monotonic() - self.seconds)

    def _drop(self, before: float) -> None:
        for key in [key for key, (_, when) in self._kept.items() if when < before]:
            self.bytes -= len(self._kept.pop(key)[0])


def forget_old() -> None:
    """Drops expired answers from all caches."""
    for answers in list(_every):
        answers.forget_old()


analyses = Answers()
