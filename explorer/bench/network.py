"""Benches of the network alone: what looking at every exit costs, and whether saved MACs save time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from explorer.data.reading import read_image
from explorer.model.bundle import Model
from explorer.model.catalog import load_model
from explorer.pipeline import default_threshold, see, to_tensor, warm_up
from explorer.rules import get_rule
from explorer.web.model_page import EXAMPLES

ROUNDS = 60
# A large network gets fewer rounds: none begins after this many seconds, but there are always FEWEST.
LONGEST, FEWEST = 30.0, 5
BATCH = 64
RULE = "confidence"


def example_paths(name: str) -> list[Path]:
    """The shipped example images of that model, or Fashion's where it has none."""
    own = EXAMPLES / Path(name).name
    home = own if own.exists() else EXAMPLES / "fashion"
    return sorted(path for path in home.iterdir() if path.suffix in (".png", ".jpg"))


def example_batch(model: Model) -> Tensor:
    """The shipped example images as this model's input, (N, channels, H, W)."""
    paths = example_paths(model.name)
    return torch.cat([to_tensor(model, see(model, read_image(path)).image) for path in paths])


def in_turn(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median milliseconds of each call, taken alternately so that a busy moment hits all of them alike."""
    times: list[list[float]] = [[] for _ in calls]
    began = perf_counter()
    for done in range(rounds):
        if done >= FEWEST and perf_counter() - began > LONGEST:
            break
        for call, taken in zip(calls, times, strict=True):
            start = perf_counter()
            call()
            taken.append((perf_counter() - start) * 1000)
    return [median(taken) for taken in times]


def load(name: str) -> tuple[Model, Tensor, Callable[[Tensor], Tensor]]:
    """A warmed-up model, its example images as a batch, and the forward pass of its backbone alone."""
    model = load_model(name)
    warm_up(model)

    def plain(images: Tensor) -> Tensor:
        with torch.inference_mode(), model.network.in_precision():
            return model.network.backbone(images)

    return model, example_batch(model), plain


def analyse(name: str) -> list[tuple[str, str, str]]:
    """`analyse` against timm's own forward of the same backbone: one image, and a batch."""
    model, images, plain = load(name)
    rows = []
    for what, batch in (("one image", images[:1]), (f"a batch of {BATCH}", repeated(images, BATCH))):
        ours, theirs = in_turn(lambda b=batch: model.network.analyse(b), lambda b=batch: plain(b))  # type: ignore[misc]
        value = f"{ours / theirs:.2f}x ({ours:.1f} / {theirs:.1f} ms)"
        rows.append((f"analyse / plain timm forward, {what}", value, "<= 1.35x"))
    return rows


def repeated(images: Tensor, count: int) -> Tensor:
    """`count` images, by repeating these."""
    return images.repeat(-(-count // len(images)), 1, 1, 1)[:count]


def infer(name: str) -> list[tuple[str, str, str]]:
    """Time that `infer` saves against the plain forward, and the MACs it saves: image by image, and in a batch."""
    model, images, plain = load(name)
    rule, limit = get_rule(RULE), default_threshold(model, RULE)

    def one_by_one() -> None:
        for image in images:
            model.network.infer(image[None], rule, limit)

    def plain_one_by_one() -> None:
        for image in images:
            plain(image[None])

    batch = repeated(images, BATCH)
    rows = []
    for what, used, full, seen in (
        (f"{len(images)} examples one by one", one_by_one, plain_one_by_one, images),
        (f"a batch of {BATCH}", lambda: model.network.infer(batch, rule, limit), lambda: plain(batch), batch),
    ):
        spent, whole = in_turn(used, full, rounds=ROUNDS // 3)
        macs = model.network.infer(seen, rule, limit).macs.mean() / model.network.macs_full
        saved_time, saved_macs = 1 - spent / whole, 1 - float(macs)
        off = abs(spent / whole - float(macs)) / float(macs)
        rows.append(
            (
                f"infer, {what}: time saved, MACs saved",
                f"{saved_time:.0%}, {saved_macs:.0%} (time spent is {off:.0%} off the MACs spent)",
                "within 15 %",
            )
        )
    mean_block = np.array([e.block for e in model.network.exits])[
        model.network.infer(images, rule, limit).exit
    ].mean()
    rows.append(("mean exit block of the examples", f"{mean_block:.1f}", ""))
    return rows
