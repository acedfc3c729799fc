"""Trace: what the network did with one image, or a batch of them, at every exit. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAMILIES = {"lph-dw": "local", "lph-pw": "local", "gah": "global", "linear": "linear", "final": "final"}


@dataclass(frozen=True)
class Exit:
    """One way out of the network: the block it stands behind (from 1) and the kind of its head."""

    block: int
    kind: str

    @property
    def family(self) -> str:
        """What the head looks at: `local`, `global`, `linear` ([CLS] alone) or `final`."""
        return FAMILIES[self.kind]


@dataclass(frozen=True)
class Trace:
    """Every exit's answer for one image, or for N of them with a leading batch axis.

    The decision which exit fires is *not* here: it is arithmetic on a trace (see `explorer.rules`).
    E counts the early exits plus the final one, C the classes.
    """

    model: str  # the model's name
    exits: tuple[Exit, ...]  # E of them, shallow to deep; the last is the final read-out
    logits: NDArray[np.float32]  # (E, C), or (N, E, C)
    macs: NDArray[np.int64]  # (E,) multiply-accumulates of an image that leaves there, heads on the way too
    macs_full: int  # the same backbone run to its end without any exit head
    ms: NDArray[np.float64]  # (E,) measured milliseconds until that exit had answered, for the whole batch
    ms_full: float  # the same run's milliseconds without the exit heads

    def __len__(self) -> int:
        if self.logits.ndim == 2:
            raise TypeError("this trace holds one image; only a batch has a length")
        return len(self.logits)

    def __getitem__(self, index: int) -> Trace:
        """The trace of one image of a batch. `ms` stays the batch's: it was measured together."""
        if self.logits.ndim == 2:
            raise TypeError("this trace holds one image; there is nothing to index")
        return replace(self, logits=self.logits[index])

    @property
    def blocks(self) -> int:
        """How many blocks the backbone has: the final exit stands behind the last one."""
        return self.exits[-1].block

    @property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Log-softmax of the logits, same shape. In float64, never through a probability that underflows."""
        shifted = self._shifted
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the logits, same shape; the largest is never below 1 / C, rounding included."""
        grown = np.exp(self._shifted)
        return grown / grown.sum(axis=-1, keepdims=True)

    @property
    def _shifted(self) -> NDArray[np.float64]:
        """Logits minus their largest, so that nothing overflows."""
        logits = self.logits.astype(np.float64)
        return logits - logits.max(axis=-1, keepdims=True)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class each exit would answer: (E,) or (N, E)."""
        return self.logits.argmax(axis=-1)


def trace_json(
    trace: Trace, labels: list[str] | tuple[str, ...], scores: dict[str, NDArray], top: int = 5
) -> dict[str, Any]:
    """One image's trace as the page reads it: plain JSON types, only the classes that matter.

    `scores` are the rules' scores, name -> (E,). `classes` is the union of every exit's `top` best, surest
    first; `probabilities` and `predicted` refer to positions in it. Scores are not rounded: the page must
    decide as `decide` does.
    """
    probabilities = trace.probabilities
    best = np.argsort(-trace.logits, axis=-1, kind="stable")[:, :top]
    classes = sorted(set(best.ravel().tolist()), key=lambda c: (-probabilities[:, c].max(), c))
    return {
        "model": trace.model,
        "blocks": trace.blocks,
        "exits": [{"block": e.block, "kind": e.kind, "family": e.family} for e in trace.exits],
        "macs": trace.macs.tolist(),
        "macs_full": trace.macs_full,
        "ms": [round(float(t), 3) for t in trace.ms],
        "ms_full": round(trace.ms_full, 3),
        "class_count": probabilities.shape[-1],
        "classes": [{"index": c, "label": labels[c]} for c in classes],
        "probabilities": [[round(float(p), 6) for p in row[classes]] for row in probabilities],
        "predicted": [classes.index(c) for c in trace.predicted.tolist()],
        "scores": {name: row.tolist() for name, row in scores.items()},
    }
