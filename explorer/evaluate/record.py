"""A model's answers on a whole split, in evaluation.npz: trade-offs are recomputed without the network."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from explorer.data.fashion import Split
from explorer.grain import CLASSES, Grain
from explorer.model.addons import addon_names, is_of, read_addon
from explorer.model.bundle import Model, ModelError, read_config
from explorer.pipeline import to_tensor
from explorer.rules import RULES, rules_with
from explorer.rules.left_out import macs_saved, places_left_out, spared_by
from explorer.rules.reading import at_grain, read_summary
from explorer.trace import Trace, softmax

BASES = (
    "confidence",
    "entropy",
)  # rules whose scores others are computed from: confidence and certainty
# Photographs whose labels are a teacher's answers; only a model that was compared with one has them.
UNLABELLED = "unlabelled"
GRID = (
    4096  # scores are rounded to 1 / GRID where they should be small on disk; a slider's step is ten of these
)


@dataclass(frozen=True)
class Record:
    """N images of one split at E exits."""

    labels: NDArray[np.int64]  # (N,)
    predicted: NDArray[np.int64]  # (N, E)
    scores: dict[str, NDArray[np.float64]]  # by rule, (N, E)
    blocks: NDArray[np.int64]  # (E,) the block each exit comes after
    macs: NDArray[np.int64]  # (E,) spent when leaving there
    macs_full: int
    answers: dict[str, NDArray[np.int64]] = field(
        default_factory=dict
    )  # (N, E) of rules with their own answers
    # (E,) of rules that cost something, minus what exits left out save
    own_macs: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    sure: dict[str, NDArray[np.float64]] = field(
        default_factory=dict
    )  # (N, E) largest p of those answers, on test
    grains: dict[str, Record] = field(default_factory=dict)  # the same images in coarser readings, by grain

    def at(self, grain: str) -> Record:
        """The record at that grain. Raises `ValueError` if it was not evaluated there."""
        if grain == CLASSES:
            return self
        if grain not in self.grains:
            names = ", ".join([CLASSES, *self.grains])
            raise ValueError(
                f"this evaluation has no grain '{grain}'; choose one of {names}, or evaluate again."
            )
        return self.grains[grain]

    def under(self, rule: str) -> Record:
        """The record for images that leave under that rule: with its answers and its own MACs."""
        if rule not in self.answers and rule not in self.own_macs:
            return self
        return replace(
            self,
            predicted=self.answers.get(rule, self.predicted),
            macs=self.macs + self.own_macs.get(rule, 0),
        )

    def without(self, left_out: Collection[int], heads: NDArray[np.int64]) -> Record:
        """The record as if no image could leave after the blocks `left_out`; see `explorer.rules.left_out`.

        `heads` (E - 1,) are the MACs of each early exit's head. Raises `ValueError` for a block without an early exit.
        """
        out = places_left_out(self.blocks.tolist(), left_out)
        if not out.any():
            return self
        own = dict(self.own_macs)
        for rule in self.scores:
            if RULES[rule].alone:
                spent = self.own_macs.get(rule, np.zeros_like(self.macs))
                own[rule] = spent - macs_saved(spared_by(heads, spent), out)
        return replace(
            self,
            scores={rule: np.where(out, np.nan, scores) for rule, scores in self.scores.items()},
            own_macs=own,
            grains={name: grain.without(left_out, heads) for name, grain in self.grains.items()},
        )

    def confidence_under(self, rule: str) -> NDArray[np.float64] | None:
        """How sure each exit's answer is under that rule, (N, E): its largest probability; None if not kept."""
        return self.sure.get(rule) if rule in self.answers else self.scores["confidence"]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each exit was right: (N, E)."""
        return self.predicted == self.labels[:, None]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of images each exit gets right: (E,)."""
        return self.correct.mean(axis=0)


def record_of(
    trace: Trace,
    labels: NDArray[np.int64],
    grains: Iterable[Grain] = (),
    addons: Mapping[str, Mapping[str, NDArray]] | None = None,
) -> Record:
    """A batch's trace and its labels (N,) as a record: the answers and every rule's scores, at every grain."""
    otherwise = {name: r.answers for name, r in trace.readings.items() if r.answers is not None}
    return Record(
        labels=labels,
        predicted=trace.predicted,
        scores=trace.scores,
        blocks=np.array([e.block for e in trace.exits]),
        macs=trace.macs,
        macs_full=trace.macs_full,
        answers={n: answers.argmax(axis=-1) for n, answers in otherwise.items()},
        sure={n: softmax(answers).max(axis=-1) for n, answers in otherwise.items()},
        own_macs={n: r.macs for n, r in trace.readings.items() if r.macs.any()},
        grains={g.name: record_of(at_grain(trace, g, addons), g.groups[labels]) for g in grains},
    )


def evaluate(
    model: Model,
    split: Split,
    batch: int = 250,
    watch: Callable[[Trace, NDArray[np.int64]], None] | None = None,
) -> Iterator[Record]:
    """Run a split through every exit; yields the record so far after each batch, the last being complete.

    The images must be what the network sees already (Fashion-MNIST's are). `watch` is shown each batch's trace and
    labels.
    """
    parts: list[Record] = []
    for start in range(0, len(split), batch):
        images = split.images[start : start + batch]
        trace = model.network.analyse(torch.cat([to_tensor(model, image) for image in images]))
        labels = split.labels[start : start + batch]
        if watch is not None:
            watch(trace, labels)
        parts.append(record_of(trace, labels, model.grains, model.network.addons))
        yield joined(parts)


def rounded(record: Record) -> Record:
    """The record with scores rounded down to 1 / GRID, at every grain: it takes a third of the space on disk.

    Down, so that what is not certain stays below a threshold of 1.
    """
    scores = {rule: np.floor(s * GRID) / GRID for rule, s in record.scores.items()}
    sure = {rule: np.floor(s * GRID) / GRID for rule, s in record.sure.items()}
    return replace(record, scores=scores, sure=sure, grains={n: rounded(g) for n, g in record.grains.items()})


def joined(parts: list[Record]) -> Record:
    """Records of several batches of the same split as one."""
    first = parts[0]
    return replace(
        first,
        labels=np.concatenate([part.labels for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        scores={name: np.concatenate([part.scores[name] for part in parts]) for name in first.scores},
        answers={name: np.concatenate([part.answers[name] for part in parts]) for name in first.answers},
        sure={name: np.concatenate([part.sure[name] for part in parts]) for name in first.sure},
        grains={name: joined([part.grains[name] for part in parts]) for name in first.grains},
    )


def save_records(records: dict[str, Record], path: Path) -> None:
    """Write evaluation.npz.

    Per split `SPLIT_labels` (N,) uint16, `SPLIT_predicted` (N, E) uint16, `SPLIT_RULE` (N, E) float32, and for
    a rule with its own answers `SPLIT_RULE_answers` (N, E) uint16 and, for the test images, which are reported on,
    their confidence `SPLIT_RULE_sure` (N, E) float32; once `blocks`, `macs` (E,), `macs_full`, and
    `RULE_macs` (E,) of rules that cost something. Names for a coarser grain begin with `SPLIT@GRAIN_`. What follows
    from the rest is not stored: scores of rules with `summary`, and at a grain of those read by class.
    """
    arrays: dict[str, NDArray] = {}
    for split, record in records.items():
        arrays |= _stored(split, record)
        for grain, coarse in record.grains.items():
            kept = {r: s for r, s in coarse.scores.items() if r in RULES and not RULES[r].by_class}
            arrays |= _stored(f"{split}@{grain}", replace(coarse, scores=kept))
        arrays |= {"blocks": record.blocks, "macs": record.macs, "macs_full": np.array(record.macs_full)}
        arrays |= {f"{rule}_macs": macs for rule, macs in record.own_macs.items()}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def _stored(start: str, record: Record) -> dict[str, NDArray]:
    """One reading's arrays, their names beginning with `start`."""
    follows = {rule for rule in record.scores if rule in RULES and RULES[rule].summary and rule not in BASES}
    arrays = {f"{start}_labels": record.labels.astype(np.uint16)}
    arrays[f"{start}_predicted"] = record.predicted.astype(np.uint16)
    for rule, scores in record.scores.items():
        if rule not in follows:
            arrays[f"{start}_{rule}"] = scores.astype(np.float32)
    for (
        rule,
        answers,
    ) in record.answers.items():  # in full: among exits that tie in float32 the most confident would be lost
        arrays[f"{start}_{rule}_answers"] = answers.astype(np.uint16)
    if start.partition("@")[0] == "test":
        own = {rule: sure for rule, sure in record.sure.items() if rule not in follows}
        arrays |= {f"{start}_{rule}_sure": sure.astype(np.float32) for rule, sure in own.items()}
    return arrays


def load_records(path: Path) -> dict[str, Record]:
    """Read evaluation.npz back: `validation` and `test`, maybe `unlabelled`, with every grain that was evaluated.

    Rules that this version does not have are left out, and those whose addon cannot be read; those that follow from
    what is stored are read from it. Raises `ModelError` for a file without an evaluation.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        raise
    except (KeyError, ValueError, IndexError, TypeError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise ModelError(
            f"The evaluation in {path.parent} cannot be read; evaluate the model again."
        ) from error


def _read(path: Path) -> dict[str, Record]:
    with np.load(path) as stored:
        arrays = dict(stored)
    addons = {}
    names = addon_names(path.parent)
    config = read_config(path.parent) if names else {}
    for name in names:
        with suppress(OSError, SafetensorError):
            if is_of(path.parent, name, config):
                addons[name] = read_addon(path.parent, name)
    records = {}
    for split in ("validation", "test", UNLABELLED):
        if split == UNLABELLED and f"{split}_labels" not in arrays:
            continue
        record = _loaded(arrays, split, addons)
        coarse = {
            key.split("@")[1].removesuffix("_labels"): _loaded(arrays, key.removesuffix("_labels"), addons)
            for key in arrays
            if key.startswith(f"{split}@") and key.endswith("_labels")
        }
        for one in coarse.values():
            one.scores.update({r: s for r, s in record.scores.items() if RULES[r].by_class})
        records[split] = replace(record, grains=coarse)
    return records


def _loaded(arrays: dict[str, NDArray], start: str, addons: Mapping[str, Mapping[str, NDArray]]) -> Record:
    """One reading, from the arrays whose names begin with `start`: SPLIT, or SPLIT@GRAIN."""
    grain = start.partition("@")[2] or CLASSES
    predicted = arrays[f"{start}_predicted"].astype(np.int64)
    scores = _by_rule(arrays, f"{start}_%s", np.float64)
    answers = _by_rule(arrays, f"{start}_%s_answers", np.int64)
    known = _by_rule(arrays, f"{start}_%s_sure", np.float64)
    if all(base in scores for base in BASES):
        missing = [rule for name, rule in rules_with(addons).items() if name not in scores]
        sure, certain = (scores[base] for base in BASES)
        read = read_summary(predicted, sure, certain, missing, grain, addons)
        scores |= {name: reading.scores for name, reading in read.items()}
        for name, reading in read.items():
            if reading.answers is not None:
                answers.setdefault(name, reading.answers.argmax(axis=-1))
                known[name] = reading.answers.max(axis=-1).astype(np.float64)
    return Record(
        labels=arrays[f"{start}_labels"].astype(np.int64),
        predicted=predicted,
        scores={name: scores[name] for name in RULES if name in scores},
        blocks=arrays["blocks"],
        macs=arrays["macs"],
        macs_full=int(arrays["macs_full"]),
        answers=answers,
        own_macs={rule: arrays[f"{rule}_macs"] for rule in RULES if f"{rule}_macs" in arrays},
        sure=known,
    )


def _by_rule(arrays: dict[str, NDArray], name: str, kind: type) -> dict[str, NDArray]:
    """The arrays stored under `name` with a rule filled in: by rule, in the rules' order."""
    return {rule: arrays[name % rule].astype(kind) for rule in RULES if name % rule in arrays}
