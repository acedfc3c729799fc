"""A teacher's answers in place of labels: any pictures will do, and its classes are the ones learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from explorer.data.fashion import Split
from explorer.data.folders import Picture, open_pictures
from explorer.data.photo import see_photo
from explorer.model.bundle import Model
from explorer.pipeline import see, to_tensor

BATCH = 32


@torch.inference_mode()
def answers(teacher: Model, pictures: list[Image.Image]) -> NDArray[np.float32]:
    """The teacher's probabilities (N, C) for RGB pictures of any size, by its last layer and at its temperature."""
    network = teacher.network
    batch = torch.cat([to_tensor(teacher, see(teacher, picture).image) for picture in pictures])
    with network.in_precision():
        logits = network.backbone(batch.to(network.device))
    return (logits.float() / network.temperatures[-1]).softmax(dim=-1).cpu().numpy()


def load_taught(
    pairs: Sequence[tuple[Picture, int]],
    size: tuple[int, int],
    teacher: Model,
    soft: bool,
    told: Callable[[str], None] = print,
) -> Split:
    """Pictures as a network of that input size sees them, with what the teacher answers to them.

    `soft` gives its probabilities (N, C) float32, which cross-entropy takes in place of classes; else the classes (N,)
    it finds most likely. Raises `ValueError` when no picture can be read.
    """
    images, said, waiting = [], [], []
    for picture, _ in open_pictures(pairs, told):
        images.append(np.asarray(see_photo(picture, size).image))
        waiting.append(picture)
        if len(waiting) == BATCH:
            said.append(answers(teacher, waiting))
            waiting = []
    if waiting:
        said.append(answers(teacher, waiting))
    if not images:
        raise ValueError("none of the pictures can be read; use JPEG, PNG or WebP files.")
    probabilities = np.concatenate(said)
    labels = probabilities if soft else probabilities.argmax(axis=1).astype(np.int64)
    return Split(np.stack(images), labels)
