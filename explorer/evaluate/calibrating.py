"""Calibrates a model folder on a folder of pictures: temperatures, thresholds, and the evaluation the page tunes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.data.fashion import Split
from explorer.data.folders import list_folder, load_split
from explorer.evaluate.fitting import calibrate
from explorer.evaluate.keeping import measure_and_keep
from explorer.model.bundle import ModelError, load_model_folder


def calibrate_folder(folder: Path, pictures: Path) -> list[str]:
    """Fit on four fifths of the pictures and report on the rest; returns lines to show.

    Subfolders are the classes, by the model's labels. Raises `ModelError`, `ValueError` or `FileNotFoundError`.
    """
    model = load_model_folder(folder)
    found = list_folder(pictures)
    unknown = [name for name in found.classes if name not in model.labels]
    if unknown:
        raise ModelError(
            f"{pictures} has a subfolder '{unknown[0]}', which is no class of {model.name}; name it as labels.txt does."
        )
    number = np.array([model.labels.index(name) for name in found.classes])
    parts = {}
    for split, pairs in (
        ("validation", [*found.parts["train"], *found.parts["validation"]]),
        ("test", found.parts["test"]),
    ):
        read = load_split(pairs, model.network.backbone.input_size)
        parts[split] = Split(read.images, number[read.labels])
    calibrate(model, folder, parts["validation"])
    test = measure_and_keep(model, folder, parts)["test"]
    accuracy = ", ".join(
        f"block {block} {share:.1%}" for block, share in zip(test.blocks, test.accuracy, strict=True)
    )
    return [f"right on {len(test.labels)} pictures not fitted on: {accuracy}"]
