"""Models in memory: a few at most, each loaded once however many ask for it at the same time."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from threading import Lock
from typing import Generic, TypeVar

from explorer.model.catalog import find_model

Kept = TypeVar("Kept")
Made = TypeVar("Made")

# config.json names everything else in a folder, weights and addons too, by hash, and is written with it.
SAID = (
    "config.json",
    "labels.txt",
    "grains.json",
    "evaluation.npz",
    "conformal.json",
    "gallery.json",
    "README.md",
)
MOST = 2  # what a page compares, and what a small Space has room for


def most_here() -> int:
    """How many models this machine keeps: EXIT_EXPLORER_MODELS_KEPT, else MOST. Raises `ValueError`, a sentence."""
    said = os.environ.get("EXIT_EXPLORER_MODELS_KEPT") or str(MOST)
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"EXIT_EXPLORER_MODELS_KEPT must be a whole number from 1, not '{said}'.")
    return int(said)


def stamp(name: str) -> tuple[str, tuple[int, ...]]:
    """Where a model is and when its files were written: after more training the same name has another stamp."""
    folder = find_model(name)
    files = [folder / file for file in SAID]
    return str(folder), tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


def per_model(most: int) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """`lru_cache` for what is made from a model, named by the first argument: made again when its folder changes."""

    def wrap(make: Callable[..., Made]) -> Callable[..., Made]:
        kept = lru_cache(most)(lambda _stamp, *asked: make(*asked))

        @wraps(make)
        def got(name: str, *rest: Hashable) -> Made:
            return kept(stamp(name), name, *rest)

        got.cache_clear = kept.cache_clear  # type: ignore[attr-defined]
        return got

    return wrap


class Shelf(Generic[Kept]):
    """Keeps what `load(name)` returns for the `most` most recently used names.

    Different names load concurrently, one name never twice at once; a failed load is retried by the next caller. If
    `stamp(name)` has changed, what is kept is stale, so that a folder that was trained further is read again. Callers
    may go on using what leaves the shelf.
    """

    def __init__(
        self, load: Callable[[str], Kept], most: int, stamp: Callable[[str], Hashable] = lambda _: None
    ) -> None:
        self._load, self._stamp, self.most = load, stamp, most
        self._guard = Lock()
        self._loading: dict[str, tuple[Lock, int]] = {}  # a name's lock, and how many wait for it or hold it
        self._kept: OrderedDict[str, tuple[Hashable, Kept]] = OrderedDict()  # most recently used last

    def get(self, name: str) -> Kept:
        """What is kept for that name; raises whatever loading it raises."""
        stamp = self._stamp(name)
        if (found := self._find(name, stamp)) is not None:
            return found[1]
        with self._guard:
            lock, waiting = self._loading.get(name, (Lock(), 0))
            self._loading[name] = lock, waiting + 1
        try:
            with lock:
                if (found := self._find(name, stamp)) is not None:  # another thread loaded it first
                    return found[1]
                loaded = self._load(name)
                with self._guard:
                    self._kept[name] = stamp, loaded
                    self._kept.move_to_end(name)
                    while len(self._kept) > self.most:
                        self._kept.popitem(last=False)
                return loaded
        finally:
            with self._guard:
                lock, waiting = self._loading.pop(name)
                if waiting > 1:
                    self._loading[name] = lock, waiting - 1

    def names(self) -> list[str]:
        """The names kept, the next to leave first."""
        with self._guard:
            return list(self._kept)

    def _find(self, name: str, stamp: Hashable) -> tuple[Hashable, Kept] | None:
        with self._guard:
            found = self._kept.get(name)
            if found is None or found[0] != stamp:
                return None
            self._kept.move_to_end(name)
            return found
