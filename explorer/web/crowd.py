"""Many visitors at once: a bounded number of questions waits, one lane runs the network, pictures share a pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import torch
from torch import Tensor

from explorer.explain.attending import AttentionRecorder, Attentions
from explorer.explain.turns import Superseded
from explorer.model.bundle import Model
from explorer.model.threads import threads_for
from explorer.trace import Trace

Answer = TypeVar("Answer")

MOST_WAITING = 150  # questions: a class of a hundred that all click at once, and some more
AT_WORK = 8  # questions being read, waiting for the lane or being packed; Gradio has other threads
MOST_TOGETHER = 8  # pictures in one pass
_LEARNING = 0.1  # weight of the last answer in the estimate of seconds per answer


class Busy(ValueError):
    """No further question is accepted now; the message is one plain sentence that says when to retry."""


class Crowd:
    """Who is waiting. `run` is called from the server's event loop alone, so nothing here needs a lock."""

    def __init__(self, most: int = MOST_WAITING, at_work: int = AT_WORK) -> None:
        self.most, self.at_work = most, at_work
        self.inside = 0  # questions that wait or are at work
        self.seconds = 0.2  # between two answers under load; a running estimate
        self.closing = False
        self._limiter: anyio.CapacityLimiter | None = None

    def check(self) -> None:
        """Raises `Busy` if another question would be refused."""
        if self.closing:
            raise Busy("The server is about to stop; try again in a minute.")
        if self.inside >= self.most:
            raise Busy(f"The server is busy; try again in about {self.wait} seconds.")

    @property
    def wait(self) -> int:
        """Seconds until everybody now waiting has an answer."""
        return max(1, round(self.seconds * self.inside))

    async def run(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """What `work(*args)` returns, from a thread. Raises `Busy` at once if too many wait."""
        self.check()
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.at_work)
        self.inside += 1
        start, before = time.monotonic(), self.inside
        try:
            # A visitor who leaves does not stop the thread, but is no longer waited for.
            return await anyio.to_thread.run_sync(work, *args, limiter=self._limiter, abandon_on_cancel=True)
        finally:
            self.inside -= 1
            self.seconds += _LEARNING * ((time.monotonic() - start) / before - self.seconds)


@dataclass(frozen=True)
class Look:
    """What a pass through the network gave for one picture."""

    trace: Trace
    recorder: AttentionRecorder | None
    place: int  # in the pass

    def attentions(self) -> Attentions | None:
        """Attention maps of the same pass, computed now; None if attention cannot be read."""
        if self.recorder is None:
            return None
        with threads_for(self.recorder.backbone.width):
            return self.recorder.read(self.place)


@dataclass(eq=False)
class _Job:
    """A picture waiting for the network."""

    model: Model
    batch: Tensor  # (1, channels, height, width)
    trace: Trace | None = None
    recorder: AttentionRecorder | None = None  # of the pass, where its attention can be read
    place: int = 0  # in the pass
    error: Exception | None = None


class Pool:
    """Runs `analyse`, one pass at a time; pictures that wait for the same network share a pass."""

    def __init__(self, lane: Lock, most: int = MOST_TOGETHER) -> None:
        self.lane, self.most = lane, most
        self._guard = Lock()
        self._waiting: list[_Job] = []

    def analyse(self, model: Model, batch: Tensor) -> Trace:
        """The trace of one picture. If it shared a pass, its milliseconds are an equal share of that pass's."""
        return self.look(model, batch).trace

    def look(self, model: Model, batch: Tensor, unwanted: Callable[[], bool] = lambda: False) -> Look:
        """The trace of one picture, and what is needed for attention maps of the same pass.

        Raises `Superseded` if it is `unwanted()` when its turn comes.
        """
        job = _Job(model, batch)
        with self._guard:
            self._waiting.append(job)
        with self.lane:
            if job.trace is None and job.error is None:
                if unwanted():
                    with self._guard:
                        self._waiting.remove(job)
                    raise Superseded
                self._run(job)
        if job.error is not None:
            raise job.error
        assert job.trace is not None
        return Look(job.trace, job.recorder, job.place)

    def _run(self, job: _Job) -> None:
        """One pass for that job and the first others that wait for the same network."""
        with self._guard:
            self._waiting.remove(job)
            others = [
                one for one in self._waiting if one.model is job.model and one.batch.shape == job.batch.shape
            ]
            together = [job, *others[: self.most - 1]]
            self._waiting = [one for one in self._waiting if one not in together]
        try:
            recorder = AttentionRecorder.of(job.model.network.backbone)
            with threads_for(job.model.network.backbone.width):
                trace = job.model.network.analyse(torch.cat([one.batch for one in together]), recorder)
            trace = replace(trace, ms=trace.ms / len(together), ms_full=trace.ms_full / len(together))
            for place, one in enumerate(together):
                one.trace, one.recorder, one.place = trace[place], recorder, place
        except Exception as error:
            for one in together:
                one.error = error


# One network pass at a time: two at once on two cores only slow each other down, and make measured times wrong.
network_lane = Lock()
pool = Pool(network_lane)
crowd = Crowd()
