"""Many pictures at once: each leaves where the network is sure, and the saving is measured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from explorer.grain import CLASSES, Grain
from explorer.model.bundle import Model
from explorer.pipeline import to_tensor
from explorer.rules import Rule
from explorer.trace import softmax

TOP = 5  # labels reported per answer


@dataclass(frozen=True)
class Together:
    """The result of a batch.

    Attributes:
        reports: one per picture, with the keys of `classify --json`, except `image`, which the caller knows, and
            `exits`, since only those that ran have an answer. `ms.used` is the picture's share of the
            batch's time (see `shares`), `ms.full` its share of the plain backbone's, or None where not timed.
        ms: milliseconds until the last picture had left.
        plain_ms: milliseconds of the same batch through the backbone without exits, or None where not timed.
    """

    reports: list[dict[str, Any]]
    ms: float
    plain_ms: float | None


def classify_together(
    model: Model,
    seen: list[Image.Image],
    rule: Rule,
    thresholds: ArrayLike,
    timed: bool = False,
    grain: Grain | None = None,
    left_out: Collection[int] = (),
) -> Together:
    """Run pictures, as the network sees them (see `explorer.pipeline.see`), as one batch through `infer`.

    `timed` also runs the same batch through the plain backbone, after one untimed warm-up pass, so that neither pays
    for memory the other finds allocated. No image leaves after the blocks `left_out`. Raises `ValueError` for a wrong
    number of thresholds, or a block without an early exit.
    """
    batch = torch.cat([to_tensor(model, image) for image in seen])
    plain_ms = _plain_ms(model, batch) if timed else None
    left = model.network.infer(batch, rule, thresholds, grain, left_out)
    labels = model.labels if grain is None else grain.labels
    limit = np.asarray(thresholds, dtype=np.float64).tolist()
    probabilities = softmax(left.logits)  # (N, C)
    used = shares(left.ms)
    reports = []
    for i, fired in enumerate(left.exit.tolist()):
        best = (-probabilities[i]).argsort(kind="stable")[:TOP]
        exit_ = model.network.exits[fired]
        reports.append(
            {
                "model": model.name,
                "rule": rule.name,
                "threshold": limit,
                "grain": CLASSES if grain is None else grain.name,
                **({"left_out": sorted(left_out)} if left_out else {}),
                "exit": {"index": fired, "block": exit_.block, "kind": exit_.kind},
                "prediction": [{"label": labels[c], "probability": float(probabilities[i, c])} for c in best],
                "macs": {"used": int(left.macs[i]), "full": model.network.macs_full},
                "ms": {
                    "used": round(float(used[i]), 3),
                    "full": None if plain_ms is None else round(plain_ms / len(seen), 3),
                },
            }
        )
    return Together(reports, float(left.ms.max()), plain_ms)


def shares(left_after: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each picture's share of a batch's milliseconds, from when each left (N,); the shares sum to the total.

    Between two departures the time is divided equally among the pictures that were still in the network.
    """
    times, at = np.unique(np.asarray(left_after, np.float64), return_inverse=True)
    still = len(at) - np.searchsorted(
        np.sort(at), np.arange(len(times))
    )  # pictures in the network until each time
    return np.cumsum(np.diff(times, prepend=0.0) / still)[at]


@torch.inference_mode()
def _plain_ms(model: Model, batch: torch.Tensor) -> float:
    """Milliseconds of a batch through the backbone alone, as timm runs it, in the precision `infer` runs in.

    Times the second of two passes.
    """
    on_device = batch.to(model.network.device)
    for _ in range(2):
        start = perf_counter()
        with model.network.in_precision():
            model.network.backbone(on_device).cpu()
        spent = (perf_counter() - start) * 1000
    return spent
