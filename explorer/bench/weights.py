"""Bench of 8-bit weights for the browser: how many answers and exits stay the same as with 16 bits."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from explorer.bench.network import example_batch
from explorer.evaluate.gallery import read_gallery
from explorer.grain import choose_grain
from explorer.model.bundle import Model
from explorer.model.catalog import load_model
from explorer.model.multi_exit import MultiExitViT
from explorer.pipeline import default_threshold, to_tensor
from explorer.rules import decide
from explorer.rules.reading import at_grain

LEVELS = 127  # per sign: symmetric, 255 values in all
RULE = "confidence"
AT_ONCE = 16  # images in a pass


@torch.no_grad()
def round_weights(network: MultiExitViT) -> int:
    """Round every matrix and filter to 8 bits, a scale per output channel, in place; returns the bytes to transfer."""
    size = 0
    for weight in network.parameters():
        if weight.ndim < 2 or weight.shape[0] == 1:  # norms, biases, positions: few, and kept as they are
            size += 2 * weight.numel()
            continue
        rows = weight.flatten(1)
        scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / LEVELS
        weight.copy_(((rows / scale).round() * scale).reshape(weight.shape))
        size += weight.numel() + 2 * len(rows)
    network.eval()  # batch norms are folded into the rounded weights
    return size


def pictures(model: Model) -> Tensor:
    """The examples and the gallery's evaluation images, as they are and mirrored, as the network's input."""
    gallery = read_gallery(model.folder) if model.folder else None
    tiles = [] if gallery is None else [gallery.picture(place) for place in range(len(gallery.indices))]
    size = model.network.backbone.input_size
    seen: list[Image.Image] = [tile for tile in tiles if (tile.height, tile.width) == tuple(size)]
    given = [to_tensor(model, one) for tile in seen for one in (tile, ImageOps.mirror(tile))]
    examples = example_batch(model)
    return torch.cat([examples, examples.flip(-1), *given])


def weights(name: str) -> list[tuple[str, str, str]]:
    """8-bit weights, one scale per output channel, arithmetic in 32 bits: against the weights as they are."""
    model = load_model(name)
    images = pictures(model)
    before = _seen(model, images)
    size = round_weights(model.network)
    after = _seen(model, images)
    rows = [
        ("pictures", f"{len(images)}", ""),
        ("all weights in 8 bits", f"{size / 1e6:.1f} MB", ""),
        ("largest difference of a logit", f"{np.abs(after[0] - before[0]).max():.2f}", ""),
    ]
    for what, found, was in (
        ("answers of all exits that stay", after[1], before[1]),
        (f"exits that stay, {RULE} at the model's own threshold", after[2], before[2]),
    ):
        rows.append((what, f"{(found == was).mean():.1%}", ">= 98 %"))
    return rows


def _seen(model: Model, images: Tensor) -> tuple[NDArray, NDArray, NDArray]:
    """Logits (N, E, C), answers (N, E) and exits (N,), at the grain that the page opens with."""
    opens = next((grain.name for grain in model.grains if grain.opens), None)
    grain = choose_grain(model.grains, opens)
    logits, answers, exits = [], [], []
    for part in images.split(AT_ONCE):
        trace = model.network.analyse(part)
        logits.append(trace.logits)
        read = at_grain(trace, grain, model.network.addons)
        answers.append(read.predicted)
        exits.append(decide(read.scores[RULE], default_threshold(model, RULE, grain)))
    return np.concatenate(logits), np.concatenate(answers), np.concatenate(exits)
