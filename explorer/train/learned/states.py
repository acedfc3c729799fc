"""What every exit of a frozen model reads for every image, computed once and kept on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor

from explorer.data.fashion import Split
from explorer.model.bundle import Model, read_config
from explorer.model.multi_exit import MultiExitViT
from explorer.rules.pooled import pooled
from explorer.rules.rule import Seen
from explorer.train.batches import normalise

CHUNK = 2_500  # images between two files: the most that an interrupted run loses


@dataclass(frozen=True)
class States:
    """N images of one split at E exits of a frozen network of width D."""

    pooled: NDArray[np.float32]  # (N, E, D) what each exit's classifier reads, before any norm
    logits: NDArray[np.float32]  # (N, E, C) divided by the exits' temperatures
    labels: NDArray[np.int64]  # (N,)

    def __len__(self) -> int:
        return len(self.labels)

    def seen(self, exit: int) -> Seen:
        """What a rule that reads pooled states needs from that exit: a token that is the state itself."""
        return Seen(self.logits[:, exit], tokens=self.pooled[:, exit][:, None])

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Pooled states, logits and labels for torch, without a copy."""
        return torch.from_numpy(self.pooled), torch.from_numpy(self.logits), torch.from_numpy(self.labels)


def states_of(model: Model, split: Split, name: str, folder: Path) -> States:
    """Run the split through every exit, or read what an earlier run has left in `folder`.

    Written chunk by chunk, so that an interrupted run resumes where it was. Raises `ValueError` when the folder
    holds the states of other weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_weights(model, folder)
    chunks = {
        folder / f"states-{name}-{start:05d}-{len(part)}.npz": part
        for start in range(0, len(split), CHUNK)
        for part in [Split(split.images[start : start + CHUNK], split.labels[start : start + CHUNK])]
    }
    missing = [path for path in chunks if not path.exists()]
    for path in track(missing, f"{model.name}: what exits read, {name}", console=Console(stderr=True)):
        states, logits = _run(model, chunks[path])
        fresh = path.with_name("new.npz")
        np.savez(fresh, pooled=states, logits=logits)
        os.replace(fresh, path)
    parts = [np.load(path) for path in chunks]
    return States(
        np.concatenate([part["pooled"] for part in parts]),
        np.concatenate([part["logits"] for part in parts]),
        split.labels,
    )


def _check_weights(model: Model, folder: Path) -> None:
    """The folder records whose states it holds."""
    assert model.folder is not None
    weights = read_config(model.folder)["weights"]
    path = folder / "weights.json"
    if not path.exists():
        path.write_text(json.dumps(weights))
    elif json.loads(path.read_text()) != weights:
        raise ValueError(f"{folder} holds what other weights of {model.name} read; delete that folder.")


@torch.inference_mode()
def _run(model: Model, split: Split, batch: int = 250) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pooled states (N, E, D) and logits (N, E, C) of Fashion-MNIST images."""
    states, logits = [], []
    for start in range(0, len(split), batch):
        images = torch.tensor(split.images[start : start + batch])[:, None]
        seen = list(walk(model.network, normalise(images, *model.input.mean, *model.input.std)))
        states.append(np.stack([pooled(exit_) for exit_ in seen], axis=1))
        logits.append(np.stack([exit_.logits for exit_ in seen], axis=1))
    return np.concatenate(states), np.concatenate(logits)


def walk(network: MultiExitViT, images: Tensor) -> Iterator[Seen]:
    """What a rule that needs tokens and features is shown at every exit, shallow to deep."""
    tokens, done = network.backbone.embed(images), 0
    for index, exit_ in enumerate(network.exits):
        tokens, done = network.advance(tokens, done, exit_.block), exit_.block
        answer, features = (
            network.heads[index](tokens)
            if index < len(network.heads)
            else (network.backbone.readout(tokens), None)
        )
        yield Seen(
            np.divide(answer.numpy(), np.float32(network.temperatures[index]), dtype=np.float32),
            tokens=tokens.numpy(),
            features=None if features is None else features.numpy(),
        )
