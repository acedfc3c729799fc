"""Trace: what the network did with one image, or a batch of them, at every exit. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAMILIES = {
    "lph-dw": "local",
    "lph-pw": "local",
    "gah": "global",
    "sl-vit": "global",
    "linear": "linear",
    "shared": "shared",
    "final": "final",
}


def softmax(logits: NDArray) -> NDArray[np.float64]:
    """Probabilities over the last axis, same shape, in float64; the largest is never below 1 / C."""
    grown = np.exp(_shifted(logits))
    return grown / grown.sum(axis=-1, keepdims=True)


def log_softmax(logits: NDArray) -> NDArray[np.float64]:
    """Log-probabilities over the last axis, same shape, in float64, never through a probability that underflows."""
    shifted = _shifted(logits)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def merged_logits(logits: NDArray, groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """Logits (..., C) converted to those of groups, (..., G): the logarithm of their summed probabilities.

    `groups` (C,) is the group of each class, in 0..G - 1. In float64, relative to each group's largest logit, so that a
    group of impossible classes does not underflow.
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    log_p = log_softmax(logits)[..., order]
    most = np.maximum.reduceat(log_p, starts, axis=-1)
    shifted = log_p - np.repeat(most, np.diff(np.append(starts, len(groups))), axis=-1)
    return (most + np.log(np.add.reduceat(np.exp(shifted), starts, axis=-1))).astype(np.float32)


def _shifted(logits: NDArray) -> NDArray[np.float64]:
    """Logits minus their largest, so that nothing overflows."""
    wide = logits.astype(np.float64)
    return wide - wide.max(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Exit:
    """One exit of the network: the block it follows (from 1) and the kind of its head."""

    block: int
    kind: str

    @property
    def family(self) -> str:
        """What the head looks at: `local`, `global`, `linear` ([CLS] alone), `shared` (the last layer) or `final`."""
        return FAMILIES[self.kind]


@dataclass(frozen=True)
class Reading:
    """What one exit rule computes at every exit, for one image or for N of them with a leading batch axis."""

    scores: NDArray[np.float64]  # (E,) or (N, E), higher = surer; NaN never fires
    # (E,) MACs of an image that leaves there beyond the trace's own: the rule's, minus what exits left out save
    macs: NDArray[np.int64]
    answers: NDArray[np.float32] | None = None  # logits of images that leave there, if not the exit's own
    looks: Mapping[str, NDArray[np.float64]] = field(
        default_factory=dict
    )  # what the rule looks at, shaped like scores

    def __getitem__(self, index: int) -> Reading:
        """The reading of one image of a batch."""
        return Reading(
            self.scores[index],
            self.macs,
            None if self.answers is None else self.answers[index],
            {name: values[index] for name, values in self.looks.items()},
        )


@dataclass(frozen=True)
class Trace:
    """Every exit's answer for one image, or for N of them with a leading batch axis.

    The decision about which exit fires is *not* here: it is arithmetic on a trace (see `explorer.rules`).
    E counts the early exits plus the final one, C the classes.
    """

    model: str  # the model's name
    exits: tuple[Exit, ...]  # E of them, shallow to deep; the last is the final read-out
    logits: NDArray[np.float32]  # (E, C), or (N, E, C)
    macs: NDArray[np.int64]  # (E,) of an image that leaves there, the heads it passed included
    macs_full: int  # the same backbone run to its end without any exit head
    ms: NDArray[np.float64]  # (E,) measured milliseconds until that exit had answered, for the whole batch
    ms_full: float  # the same run's milliseconds without the exit heads
    readings: Mapping[str, Reading] = field(default_factory=dict)  # by rule
    heads: NDArray[np.int64] | None = None  # (E - 1,) MACs of each early exit's head

    def __len__(self) -> int:
        if self.logits.ndim == 2:
            raise TypeError("this trace holds one image; only a batch has a length")
        return len(self.logits)

    def __getitem__(self, index: int) -> Trace:
        """The trace of one image of a batch. `ms` stays the batch's: it was measured together."""
        if self.logits.ndim == 2:
            raise TypeError("this trace holds one image; there is nothing to index")
        readings = {name: reading[index] for name, reading in self.readings.items()}
        return replace(self, logits=self.logits[index], readings=readings)

    @property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        """Every rule's scores, by name: (E,) or (N, E)."""
        return {name: reading.scores for name, reading in self.readings.items()}

    def with_readings(self, readings: Mapping[str, Reading]) -> Trace:
        """The same trace with those rules' readings added, or put in place of older ones."""
        return replace(self, readings={**self.readings, **readings})

    def merged(self, groups: NDArray[np.int64], temperatures: Sequence[float] | None = None) -> Trace:
        """The same run at a coarser grain: each group of classes is one answer, (..., E, G). An ordinary trace.

        `groups` (C,) is the group of each class; `temperatures` (E,) divide the merged logits. Readings of the
        classes are not kept: `explorer.rules.reading.at_grain` computes them again.
        """
        logits = merged_logits(self.logits, groups)
        if temperatures is not None:
            logits = (logits / np.array(temperatures, np.float32)[:, None]).astype(np.float32)
        return replace(self, logits=logits, readings={})

    def under(self, rule: str) -> Trace:
        """The trace for images that leave under that rule: with the rule's answers and its own MACs.

        Raises `KeyError` for a rule without a reading.
        """
        reading = self.readings[rule]
        logits = self.logits if reading.answers is None else reading.answers
        return replace(self, logits=logits, macs=self.macs + reading.macs)

    @property
    def blocks(self) -> int:
        """How many blocks the backbone has: the final exit comes after the last one."""
        return self.exits[-1].block

    @property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Log-softmax of the logits, same shape. In float64, never through a probability that underflows."""
        return log_softmax(self.logits)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the logits, same shape; the largest is never below 1 / C, rounding included."""
        return softmax(self.logits)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class each exit would predict: (E,) or (N, E)."""
        return self.logits.argmax(axis=-1)


def joined(traces: Sequence[Trace]) -> Trace:
    """Traces of several batches through the same network as one; times are the first batch's."""
    first = traces[0]
    readings = {
        name: Reading(
            np.concatenate([t.readings[name].scores for t in traces]),
            reading.macs,
            None if reading.answers is None else np.concatenate([_answers(t, name) for t in traces]),
            {look: np.concatenate([t.readings[name].looks[look] for t in traces]) for look in reading.looks},
        )
        for name, reading in first.readings.items()
    }
    return replace(first, logits=np.concatenate([t.logits for t in traces]), readings=readings)


def _answers(trace: Trace, rule: str) -> NDArray[np.float32]:
    answers = trace.readings[rule].answers
    return trace.logits if answers is None else answers


def trace_json(trace: Trace, labels: list[str] | tuple[str, ...], top: int = 5) -> dict[str, Any]:
    """One image's trace as the page reads it: plain JSON types, only the classes that matter.

    `classes` is the union of every exit's `top` best, most confident first; `probabilities` and `predicted` refer to
    positions in it. `scores` holds every rule's scores, unrounded: the page must decide as `decide` does. A rule that
    has its own answers or costs, or looks at more than its score, has an entry in `rules`.
    """
    probabilities = trace.probabilities
    best = np.argsort(-trace.logits, axis=-1, kind="stable")[:, :top]
    answered = [r.answers.argmax(axis=-1) for r in trace.readings.values() if r.answers is not None]
    shown = set(best.ravel().tolist()).union(*(row.tolist() for row in answered))
    classes = sorted(shown, key=lambda c: (-probabilities[:, c].max(), c))
    own = {name: _reading_json(trace, name, classes) for name in trace.readings}
    return {
        "model": trace.model,
        "blocks": trace.blocks,
        "exits": [{"block": e.block, "kind": e.kind, "family": e.family} for e in trace.exits],
        "macs": trace.macs.tolist(),
        "macs_full": trace.macs_full,
        **({} if trace.heads is None else {"heads": trace.heads.tolist()}),
        "ms": [round(float(t), 3) for t in trace.ms],
        "ms_full": round(trace.ms_full, 3),
        "class_count": probabilities.shape[-1],
        "classes": [{"index": c, "label": labels[c]} for c in classes],
        "probabilities": _rounded(probabilities, classes),
        "predicted": [classes.index(c) for c in trace.predicted.tolist()],
        "scores": {name: _listed(row) for name, row in trace.scores.items()},
        "rules": {name: facts for name, facts in own.items() if facts},
    }


def _reading_json(trace: Trace, rule: str, classes: list[int]) -> dict[str, Any]:
    """What a rule adds to the trace besides its scores; empty for most rules.

    `answers` holds the exits, by index, where its answer differs; `looks` what is not already a rule's scores.
    """
    reading = trace.readings[rule]
    facts: dict[str, Any] = {}
    if reading.macs.any():
        facts["macs"] = reading.macs.tolist()
    if reading.answers is not None:
        rows, predicted = (
            _rounded(softmax(reading.answers), classes),
            reading.answers.argmax(axis=-1).tolist(),
        )
        answers = {
            str(e): {"predicted": classes.index(predicted[e]), "probabilities": rows[e]}
            for e in range(len(predicted))
            if not np.array_equal(reading.answers[e], trace.logits[e])
        }
        facts |= {"answers": answers} if answers else {}
    known = {scores.tobytes() for scores in trace.scores.values()} if reading.looks else set()
    looks = {
        name: _listed(row)
        for name, row in reading.looks.items()
        if row.astype(np.float64).tobytes() not in known
    }
    return facts | ({"looks": looks} if looks else {})


def _rounded(probabilities: NDArray[np.float64], classes: list[int]) -> list[list[float]]:
    rows: list[list[float]] = np.round(probabilities[:, classes], 6).tolist()
    return rows


def _listed(row: NDArray[np.float64]) -> list[float | None]:
    """As a list, with None for NaN, which JSON does not have."""
    return [None if np.isnan(value) else value for value in row.tolist()]
