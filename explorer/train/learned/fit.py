"""Fits a learner on cached states: a checkpoint after every pass, resumed exactly where it was cut off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from explorer.train.checkpoint import Stopped, heeding_stops, save_whole
from explorer.train.learned.learner import Batch, Learner
from explorer.train.learned.states import States
from explorer.train.loop import schedule

BATCH = 128
WARMUP = 0.05  # share of the steps


def fit(
    learner: Learner,
    train: States,
    validation: States,
    folder: Path,
    settings: dict[str, Any],
    stop_after: int | None = None,
) -> list[float]:
    """Train in place for `learner.passes` passes, resuming from `folder`; returns the mean loss of every pass.

    On SIGTERM or Ctrl-C, or after `stop_after` passes, raises `Stopped`; at most a pass is lost. Raises `ValueError`
    when `folder` holds a run with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_settings(folder / "settings.json", {"recipe": learner.name, "passes": learner.passes, **settings})
    pooled, logits, labels = train.tensors()
    optimiser = learner.optimiser()
    for group in optimiser.param_groups:
        group["peak_lr"] = group["lr"]
    done, losses = _resume(learner, optimiser, folder / "last.pt")
    per_pass = len(train) // BATCH or 1
    stopped: list[bool] = []
    with heeding_stops(lambda: stopped.append(True)):
        for number in range(done, learner.passes):
            learner.prepare(validation)
            order = np.random.default_rng((settings["seed"], number)).permutation(len(train))
            places = [torch.from_numpy(order[i * BATCH : (i + 1) * BATCH]) for i in range(per_pass)]
            total = 0.0
            title = f"{learner.name}: pass {number + 1} of {learner.passes}"
            for i, chosen in enumerate(track(places, title, console=Console(stderr=True), transient=True)):
                step = number * per_pass + i
                progress = step / (learner.passes * per_pass)
                part = Batch(pooled[chosen], logits[chosen], labels[chosen], step, progress)
                total += _step(learner, optimiser, part)
                if stopped:
                    raise Stopped
            losses.append(total / per_pass)
            print(f"{learner.name} pass={number + 1} loss={losses[-1]:.5f}", flush=True)
            _save(learner, optimiser, number + 1, losses, folder / "last.pt")
            if stop_after is not None and number + 1 >= stop_after:
                raise Stopped
    return losses


def _step(learner: Learner, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    for group in optimiser.param_groups:
        group["lr"] = group["peak_lr"] * schedule(batch.progress, WARMUP)
    optimiser.zero_grad(set_to_none=True)  # a part that this step does not train is then left alone
    loss = learner.loss(batch)
    loss.backward()
    optimiser.step()
    return loss.item()


def _check_settings(path: Path, settings: dict[str, Any]) -> None:
    if not path.exists():
        path.write_text(json.dumps(settings))
    elif json.loads(path.read_text()) != settings:
        raise ValueError(f"{path.parent} holds a run with other settings; delete it or use those again.")


def _resume(learner: Learner, optimiser: torch.optim.Optimizer, path: Path) -> tuple[int, list[float]]:
    if not path.exists():
        return 0, []
    saved = torch.load(path, weights_only=True)
    learner.load_state_dict(saved["learner"])
    optimiser.load_state_dict(saved["optimiser"])
    return saved["passes"], saved["losses"]


def _save(
    learner: Learner, optimiser: torch.optim.Optimizer, passes: int, losses: list[float], path: Path
) -> None:
    state = {
        "learner": learner.state_dict(),
        "optimiser": optimiser.state_dict(),
        "passes": passes,
        "losses": losses,
    }
    save_whole(state, path)
