"""Whether a model folder is intact: hashes, shapes, finite weights, and the answers it gave when it was saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from explorer.model.bundle import ModelError, load_model_folder, read_config

SAMPLE = "sample.json"
# Logits may differ by this between processors and versions; answers may not.
CLOSE = 0.05
KNOWN = (
    "format", "name", "title", "backbone", "exits", "input", "thresholds", "temperatures", "reference", "weights",
    "aim", "grains", "addons",
)  # fmt: skip


def sample_input(shape: tuple[int, int, int]) -> torch.Tensor:
    """Two images (2, channels, height, width) that are the same on every machine: waves, no random numbers."""
    places = torch.arange(2 * int(np.prod(shape)), dtype=torch.float64)
    return torch.sin(places * 0.37).float().reshape(2, *shape)


def store_sample(folder: Path) -> Path:
    """Write what the model answers to `sample_input`, for `verify` to compare: every exit's logits, rounded."""
    network = load_model_folder(folder).network
    network.precision = torch.float32
    shape = (network.backbone.channels, *network.backbone.input_size)
    logits = network.analyse(sample_input(shape)).logits
    path = folder / SAMPLE
    path.write_text(
        json.dumps({"logits": np.round(logits.astype(float), 4).tolist()}) + "\n", encoding="utf-8"
    )
    return path


def verify(folder: Path) -> Iterator[str]:
    """Checks a model folder and yields what was found, one line each. Raises `ModelError` at the first fault."""
    config = read_config(folder)
    for entry in config:
        if entry not in KNOWN:
            yield f"note: config.json has an entry '{entry}' that this version does not know; it is left out."
    model = load_model_folder(folder)  # hashes, shapes, labels, input
    yield from (f"note: {note}" for note in model.notes)
    network = model.network
    yield f"{len(config['weights'])} files of weights have the hashes that config.json names, and fit it."
    broken = [
        name for name, t in network.state_dict().items() if t.is_floating_point() and not t.isfinite().all()
    ]
    if broken:
        raise ModelError(
            f"{folder} holds weights that are not finite, in {broken[0]}; fetch or train it again."
        )
    yield f"All weights are finite; {len(network.exits)} exits, {len(model.labels)} classes."
    network.precision = torch.float32
    shape = (network.backbone.channels, *network.backbone.input_size)
    logits = network.analyse(sample_input(shape)).logits
    if not np.isfinite(logits).all():
        raise ModelError(f"{folder} answers with numbers that are not finite; fetch or train it again.")
    if not (folder / SAMPLE).exists():
        yield f"note: no {SAMPLE} is stored to compare answers with; `verify --store` writes one."
        return
    try:
        stored = np.array(json.loads((folder / SAMPLE).read_text(encoding="utf-8"))["logits"], dtype=float)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / SAMPLE} cannot be read; store it again by `verify --store`.") from error
    if stored.shape != logits.shape:
        raise ModelError(f"{folder / SAMPLE} is of another network; store it again by `verify --store`.")
    off = float(np.abs(stored - logits).max())
    if off > CLOSE:
        raise ModelError(
            f"{folder} answers its stored sample otherwise than when it was saved, by up to {off:.2g}."
        )
    yield f"The stored sample is answered as when it was saved, to {off:.1g} in every logit."
