"""python -m explorer grains: write a model's coarser readings of its classes into its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.data.fashion import LABELS
from explorer.grain import Grain, write_grains
from explorer.model.bundle import read_labels
from explorer.model.catalog import find_model

# Coarse names for Fashion-MNIST's garments. Our own choice.
GARMENTS = {
    "top": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
    "trousers": ("Trouser",),
    "dress": ("Dress",),
    "shoe": ("Sandal", "Sneaker", "Ankle boot"),
    "bag": ("Bag",),
}


def fashion_grains() -> list[Grain]:
    """Ten garments in five kinds."""
    names = list(GARMENTS)
    groups = [next(i for i, name in enumerate(names) if label in GARMENTS[name]) for label in LABELS]
    return [Grain("kinds", f"{len(names)} kinds", tuple(names), np.array(groups))]


def run(name: str) -> Path:
    """Write grains.json into a model's folder, for garments or for ImageNet's 1000 classes.

    Raises `ValueError` for a model with other classes, `FileNotFoundError` if WordNet is needed and missing.
    """
    folder = find_model(name)
    labels = read_labels(folder)
    if labels == LABELS:
        return write_grains(folder, fashion_grains())
    from explorer.data.imagenet_grains import imagenet_grains  # timm is slow to import

    grains = imagenet_grains()
    if len(labels) != len(grains[0].groups):
        raise ValueError(
            f"{name} has {len(labels)} classes of its own; write a grains.json for them, as docs/grains.md says."
        )
    return write_grains(folder, grains)
