"""How many milliseconds images take to leave: measured stretch by stretch, added up for any rule and thresholds.

Timing every rule at every threshold and grain would run the network for an hour to time its stretches between
two exits again and again. Here one image, and batches of 4, 16 and 64, pass through all exits a few times; the
clock is read at every exit, and separately around each rule's own step. Where images leave is known from the
evaluation, so what a rule takes is a sum. `matched.py` compares one such sum with `infer` really stopping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.grain import CLASSES, Grain
from explorer.model.bundle import Model
from explorer.rules import Reader, Rule, Seen, Setting, Verdict, rules_with
from explorer.rules.rule import FEATURES, PREVIOUS, TOKENS

SIZES = (1, 4, 16, 64)  # images per pass
# Passes of each size: minimum, maximum, and the seconds after which to stop.
LEAST, MOST, ENOUGH = 2, 200, 5.0


@dataclass(frozen=True)
class Pace:
    """Milliseconds of each stretch, from one exit to the next, with `SIZES` images in it: the fastest of all passes."""

    network: NDArray[np.float64]  # (sizes, E) blocks and heads
    rules: Mapping[tuple[str, str], NDArray[np.float64]]  # (sizes, E) each rule's own step, by grain and rule

    def alone(self, grain: str, rule: str, fired: NDArray[np.int64]) -> float:
        """Mean milliseconds of images, each by itself, that leave at those exits (N,)."""
        return float(np.cumsum(self._stretches(grain, rule)[0])[fired].mean())

    def together(self, grain: str, rule: str, fired: NDArray[np.int64], size: int = SIZES[-1]) -> float:
        """Mean milliseconds per image where `size` enter together, until the last has left; (N,) in their order.

        Images after the last full batch don't count, unless there is none.
        """
        stretches = self._stretches(grain, rule)
        size = min(size, len(fired))
        batches = fired[: len(fired) // size * size].reshape(-1, size)
        inside = (batches[:, :, None] >= np.arange(stretches.shape[1])).sum(
            axis=1
        )  # (batches, E) images in it
        per_batch = sum(
            np.interp(inside[:, e], (0, *SIZES), (0, *stretches[:, e])) for e in range(stretches.shape[1])
        )
        return float(np.mean(per_batch) / size)

    def _stretches(self, grain: str, rule: str) -> NDArray[np.float64]:
        return self.network + self.rules[grain, rule]


class _Clock(Reader):
    """Stands in for a rule while `infer` runs: no image leaves, and the clock is read at every exit.

    Every rule's own reader takes its step meanwhile, timed apart from the network; so does the merging of classes.
    """

    def __init__(
        self, setting: Setting, readers: Mapping[tuple[str, str], tuple[Rule, Grain | None, Reader]]
    ) -> None:
        super().__init__(setting)
        self.readers = readers
        self.network: list[float] = []
        self.rules: dict[tuple[str, str], list[float]] = {}

    def begin(self, n: int) -> None:
        self.network, self.rules = [], {key: [] for key in self.readers}
        for _, _, reader in self.readers.values():
            reader.begin(n)
        self.since = perf_counter()

    def step(self, exit: int, seen: Seen) -> Verdict:
        self.network.append(perf_counter() - self.since)
        for key, (rule, grain, reader) in self.readers.items():
            start = perf_counter()
            logits = seen.logits if grain is None else grain.read(seen.logits, exit)
            # Fresh: each pays for its own softmax, as it would alone.
            reader.step(
                exit,
                Seen(seen.logits if rule.by_class else logits, seen.tokens, seen.previous, seen.features),
            )
            self.rules[key].append(perf_counter() - start)
        self.since = perf_counter()
        return Verdict(np.zeros(len(seen.logits)))


def pace_of(model: Model, inputs: Tensor, tell: Callable[[str], None] = lambda _: None) -> Pace:
    """Measured on images as the network takes them (N, channels, height, width), on one thread.

    `tell` is given a line about what is measured next.
    """
    network = model.network
    readers = {
        (CLASSES if grain is None else grain.name, name): (rule, grain, network.reader(rule, grain))
        for grain in (None, *model.grains)
        for name, rule in rules_with(network.addons).items()
    }
    clocks: list[_Clock] = []

    def clocked(setting: Setting) -> Reader:
        clocks.append(_Clock(setting, readers))
        return clocks[-1]

    clock = Rule(
        "clock", "Clock", "", "", "", "", 0, 1, 1, 1, clocked,
        needs=frozenset({TOKENS, PREVIOUS, FEATURES}), by_class=True,
    )  # fmt: skip
    walks: list[list[_Clock]] = []
    for size in SIZES:
        tell(f"{model.name}: timing {size} {'image' if size == 1 else 'images'} at a time")
        clocks.clear()
        with one_thread():
            for turn in walks_of():
                places = (np.arange(size) + turn * size) % len(inputs)
                network.infer(inputs[torch.from_numpy(places)], clock, np.inf)
        walks.append(list(clocks))
    return Pace(
        np.array([_least([walk.network for walk in some]) for some in walks]),
        {key: np.array([_least([walk.rules[key] for walk in some]) for some in walks]) for key in readers},
    )


def walks_of(enough: float = ENOUGH) -> Iterator[int]:
    """0, 1, 2 and so on, while another pass is worthwhile; `enough` in seconds."""
    start = perf_counter()
    for turn in range(MOST):
        if turn >= LEAST and perf_counter() - start > enough:
            return
        yield turn


def _least(walks: list[list[float]]) -> NDArray[np.float64]:
    """Milliseconds of each stretch (E,): other load on the machine only ever adds time."""
    return 1000 * np.min(walks, axis=0)


@contextmanager
def one_thread() -> Iterator[None]:
    """Makes timings independent of the machine's number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
