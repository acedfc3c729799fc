"""Temperatures of a model, fitted on pictures it has not learned from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from explorer.data.fashion import Split
from explorer.evaluate.calibration import fit_temperature
from explorer.model.bundle import Model, read_config
from explorer.pipeline import to_tensor

BATCH = 32


def calibrate(model: Model, folder: Path, split: Split) -> None:
    """Set the temperatures, one per exit, of the network and of its folder.

    The pictures are as the network sees them. Earlier measurements no longer hold: measure again.
    """
    network = model.network
    network.temperatures = (1.0,) * len(network.exits)
    logits = np.concatenate(  # (N, E, C)
        [
            network.analyse(
                torch.cat([to_tensor(model, image) for image in split.images[i : i + BATCH]])
            ).logits
            for i in range(0, len(split), BATCH)
        ]
    )
    network.temperatures = tuple(
        round(fit_temperature(logits[:, e], split.labels), 4) for e in range(logits.shape[1])
    )
    config = read_config(folder) | {"temperatures": list(network.temperatures)}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
