"""What a model answered on a whole split, in evaluation.npz: trade-offs are redrawn without the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.data.fashion import Split
from explorer.model.bundle import Model
from explorer.pipeline import all_scores, to_tensor
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
        scores=all_scores(trace),
        blocks=np.array([e.block for e in trace.exits]),
        macs=trace.macs,
        macs_full=trace.macs_full,
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
        )


def save_records(records: dict[str, Record], path: Path) -> None:
    """Write evaluation.npz.

    Per split `SPLIT_labels` (N,) uint16, `SPLIT_predicted` (N, E) uint16, `SPLIT_RULE` (N, E) float32; and
    once `blocks`, `macs` (E,), `macs_full`.
    """
    arrays: dict[str, NDArray] = {}
    for split, record in records.items():
        arrays[f"{split}_labels"] = record.labels.astype(np.uint16)
        arrays[f"{split}_predicted"] = record.predicted.astype(np.uint16)
        for rule, scores in record.scores.items():
            arrays[f"{split}_{rule}"] = scores.astype(np.float32)
        arrays |= {"blocks": record.blocks, "macs": record.macs, "macs_full": np.array(record.macs_full)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def load_records(path: Path) -> dict[str, Record]:
    """Read evaluation.npz back: `validation` and `test`."""
    with np.load(path) as arrays:
        records = {}
        for split in ("validation", "test"):
            rules = [
                key.removeprefix(f"{split}_")
                for key in arrays
                if key.startswith(f"{split}_") and not key.endswith(("_labels", "_predicted"))
            ]
            records[split] = Record(
                labels=arrays[f"{split}_labels"].astype(np.int64),
                predicted=arrays[f"{split}_predicted"].astype(np.int64),
                scores={rule: arrays[f"{split}_{rule}"].astype(np.float64) for rule in rules},
                blocks=arrays["blocks"],
                macs=arrays["macs"],
                macs_full=int(arrays["macs_full"]),
            )
    return records
