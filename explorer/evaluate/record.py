"""What a model answered on a whole split, in evaluation.npz: trade-offs are redrawn without the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.data.fashion import Split
from explorer.model.bundle import Model
from explorer.pipeline import to_tensor
from explorer.rules import RULES
from explorer.trace import Trace


@dataclass(frozen=True)
class Record:
    """N images of one split at E exits."""

    labels: NDArray[np.int64]  # (N,)
    predicted: NDArray[np.int64]  # (N, E)
    scores: dict[str, NDArray[np.float64]]  # by rule, (N, E)
    blocks: NDArray[np.int64]  # (E,) the block each exit stands behind
    macs: NDArray[np.int64]  # (E,) spent when leaving there
    macs_full: int
    answers: dict[str, NDArray[np.int64]] = field(
        default_factory=dict
    )  # (N, E) of rules that answer otherwise
    own_macs: dict[str, NDArray[np.int64]] = field(default_factory=dict)  # (E,) of rules that cost something

    def under(self, rule: str) -> Record:
        """The record as images that leave under that rule meet it: its answers, and its own MACs included."""
        if rule not in self.answers and rule not in self.own_macs:
            return self
        return replace(
            self,
            predicted=self.answers.get(rule, self.predicted),
            macs=self.macs + self.own_macs.get(rule, 0),
        )

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each exit was right: (N, E)."""
        return self.predicted == self.labels[:, None]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of images each exit gets right: (E,)."""
        return self.correct.mean(axis=0)


def record_of(trace: Trace, labels: NDArray[np.int64]) -> Record:
    """What a batch's trace says, held against labels (N,): its answers and every rule's scores."""
    return Record(
        labels=labels,
        predicted=trace.predicted,
        scores=trace.scores,
        blocks=np.array([e.block for e in trace.exits]),
        macs=trace.macs,
        macs_full=trace.macs_full,
        answers={n: trace.under(n).predicted for n, r in trace.readings.items() if r.answers is not None},
        own_macs={n: r.macs for n, r in trace.readings.items() if r.macs.any()},
    )


def evaluate(model: Model, split: Split, batch: int = 250) -> Iterator[Record]:
    """Run a split through every exit; yields the record so far after each batch, the last being whole.

    The images must be what the network sees already (Fashion-MNIST's are).
    """
    parts: list[Record] = []
    for start in range(0, len(split), batch):
        images = split.images[start : start + batch]
        trace = model.network.analyse(torch.cat([to_tensor(model, image) for image in images]))
        parts.append(record_of(trace, split.labels[start : start + batch]))
        yield replace(
            parts[0],
            labels=np.concatenate([part.labels for part in parts]),
            predicted=np.concatenate([part.predicted for part in parts]),
            scores={name: np.concatenate([part.scores[name] for part in parts]) for name in parts[0].scores},
            answers={
                name: np.concatenate([part.answers[name] for part in parts]) for name in parts[0].answers
            },
        )


def save_records(records: dict[str, Record], path: Path) -> None:
    """Write evaluation.npz.

    Per split `SPLIT_labels` (N,) uint16, `SPLIT_predicted` (N, E) uint16, `SPLIT_RULE` (N, E) float32, and where
    a rule answers otherwise `SPLIT_RULE_answers` (N, E) uint16; once `blocks`, `macs` (E,), `macs_full`, and
    `RULE_macs` (E,) of rules that cost something.
    """
    arrays: dict[str, NDArray] = {}
    for split, record in records.items():
        arrays[f"{split}_labels"] = record.labels.astype(np.uint16)
        arrays[f"{split}_predicted"] = record.predicted.astype(np.uint16)
        for rule, scores in record.scores.items():
            arrays[f"{split}_{rule}"] = scores.astype(np.float32)
        for rule, answers in record.answers.items():
            arrays[f"{split}_{rule}_answers"] = answers.astype(np.uint16)
        arrays |= {f"{rule}_macs": macs for rule, macs in record.own_macs.items()}
        arrays |= {"blocks": record.blocks, "macs": record.macs, "macs_full": np.array(record.macs_full)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load_records(path: Path) -> dict[str, Record]:
    """Read evaluation.npz back: `validation` and `test`. Rules that this version does not have are left out."""
    with np.load(path) as stored:
        arrays = dict(stored)
    own_macs = {rule: arrays[f"{rule}_macs"] for rule in RULES if f"{rule}_macs" in arrays}
    return {
        split: Record(
            labels=arrays[f"{split}_labels"].astype(np.int64),
            predicted=arrays[f"{split}_predicted"].astype(np.int64),
            scores=_by_rule(arrays, f"{split}_%s", np.float64),
            blocks=arrays["blocks"],
            macs=arrays["macs"],
            macs_full=int(arrays["macs_full"]),
            answers=_by_rule(arrays, f"{split}_%s_answers", np.int64),
            own_macs=own_macs,
        )
        for split in ("validation", "test")
    }


def _by_rule(arrays: dict[str, NDArray], name: str, kind: type) -> dict[str, NDArray]:
    """Those arrays whose name, with a rule put in, is there: by rule, in the rules' order."""
    return {rule: arrays[name % rule].astype(kind) for rule in RULES if name % rule in arrays}
