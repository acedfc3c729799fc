"""Answers that may be asked for again, kept for a while within a budget of bytes."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from explorer.web.uploads import UPLOADS_KEPT

BUDGET = 64_000_000  # bytes of all answers as JSON


class Answers:
    """The newest answers by key. What a visitor's picture gave is forgotten when the picture itself would be."""

    def __init__(self, budget: int = BUDGET, seconds: float = UPLOADS_KEPT) -> None:
        self.budget, self.seconds = budget, seconds
        self.bytes = 0
        self._guard = Lock()
        self._kept: OrderedDict[Hashable, tuple[dict[str, Any], int, float]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer of that key, made where it is not there. The caller must not change it."""
        with self._guard:
            self._drop(time.monotonic() - self.seconds)
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        answer = make()
        size = len(json.dumps(answer))
        with self._guard:
            if size <= self.budget and key not in self._kept:
                self._kept[key] = answer, size, time.monotonic()
                self.bytes += size
                while self.bytes > self.budget:
                    self.bytes -= self._kept.popitem(last=False)[1][1]
        return answer

    def _drop(self, before: float) -> None:
        for key in [key for key, (_, _, when) in self._kept.items() if when < before]:
            self.bytes -= self._kept.pop(key)[1]


analyses = Answers()
