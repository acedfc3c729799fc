"""The training loop: stages of a recipe, a checkpoint every minute, resumed exactly where it was cut off."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from explorer.data.fashion import Split
from explorer.model.multi_exit import MultiExitViT
from explorer.train.batches import MIRRORED, Batches, Channels, as_input
from explorer.train.checkpoint import Stopped, heeding_stops, save_whole
from explorer.train.losses import final_only
from explorer.train.recipes import Recipe, Stage
from explorer.train.team import ALONE, Team
from explorer.train.tensorboard import Curves

SAVE_EVERY = 60  # seconds between checkpoints
MEAN, STD = 0.2860, 0.3530  # of Fashion-MNIST's training pixels in [0, 1]


@dataclass(frozen=True)
class Settings:
    """The numbers of a run; all of them are recorded in the run folder and in the model's training.json."""

    passes: int = 11  # over the training images, all stages together: the budget the recipes are compared at
    batch: int = 64
    lr: float = 2e-3  # AdamW: stem, embeddings, norms, biases, exit heads, classifiers
    lr_blocks: float = 1e-2  # Muon: the blocks' matrices
    weight_decay: float = 0.05
    warmup: float = 0.05  # share of a stage's steps
    seed: int = 0
    mean: Channels = MEAN
    std: Channels = STD
    mirrored: float = MIRRORED
    frozen: bool = False  # the backbone is frozen in every stage; heads and the final classifier learn


def train(
    network: MultiExitViT,
    recipe: Recipe,
    settings: Settings,
    data: dict[str, Split],
    folder: Path,
    stop_after: int | None = None,
    team: Team = ALONE,
) -> None:
    """Train `network` in place, resuming from `folder` if it holds a run.

    `folder` gets config.json, log.csv (a line per pass, with every exit's validation accuracy), the same curves for
    TensorBoard, and last.pt. Of a `team` the first process writes them; each takes its share of every batch.
    On SIGTERM or Ctrl-C, or after `stop_after` steps, it saves and raises `Stopped`. Raises `ValueError` when
    `folder` holds a run with other settings.
    """
    team.check(settings.batch)
    if team.leads:
        folder.mkdir(parents=True, exist_ok=True)
        _record(folder / "config.json", {"recipe": recipe.name, "settings": asdict(settings)})
    batches = Batches(
        data["train"], settings.batch, settings.seed, settings.mean, settings.std, settings.mirrored
    )
    if batches.per_pass == 0:
        raise ValueError(
            f"{len(data['train'])} training pictures are fewer than a batch of {settings.batch}."
        )
    run = _Run(network, recipe, settings, batches, data["validation"], folder, team)
    run.resume()
    with heeding_stops(run.ask_to_stop):
        run.go(stop_after)


def _record(path: Path, config: dict[str, Any]) -> None:
    text = json.dumps(config, indent=1)
    if not path.exists():
        path.write_text(text)
    elif json.loads(path.read_text()) != json.loads(text):
        raise ValueError(f"{path.parent} holds a run with other settings; choose another --out or delete it.")


class _Run:
    """The state of one run: where it is, and what it needs to go on."""

    def __init__(
        self,
        network: MultiExitViT,
        recipe: Recipe,
        settings: Settings,
        batches: Batches,
        validation: Split,
        folder: Path,
        team: Team,
    ) -> None:
        self.network, self.recipe, self.settings = network, recipe, settings
        self.batches, self.validation, self.folder, self.team = batches, validation, folder, team
        self.curves: Curves | None = None  # a file of this process's own, once there is something to draw
        self.stage_index = self.step = 0
        self.seconds = 0.0
        self.loss = math.nan  # smoothed over the stage's steps
        self.optimisers: list[torch.optim.Optimizer] = []
        self.pending: list[dict[str, Any]] = []
        self.stop = False

    def ask_to_stop(self) -> None:
        self.stop = True

    def resume(self) -> None:
        path = self.folder / "last.pt"
        if path.exists():
            saved = torch.load(path, "cpu", weights_only=True)
            self.network.load_state_dict(saved["network"])
            self.stage_index, self.step, self.seconds = saved["stage"], saved["step"], saved["seconds"]
            self.loss = saved.get("loss", math.nan)
            self.pending = saved["optimisers"]

    def save(self) -> None:
        if not self.team.leads:
            return
        state = {
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "stage": self.stage_index,
            "step": self.step,
            "seconds": self.seconds,
            "loss": self.loss,
        }
        save_whole(state, self.folder / "last.pt")

    def steps(self) -> int:
        """Steps of the current stage: its share of the passes, in whole passes."""
        return self.recipe.passes(self.stage_index, self.settings.passes) * self.batches.per_pass

    def go(self, stop_after: int | None) -> None:
        taken = 0
        while self.stage_index < len(self.recipe.stages):
            stage = self.recipe.stages[self.stage_index]
            total = self.steps()
            self.prepare(stage)
            with closing(self.show(stage, total)) as steps:  # takes the progress bar down at once
                for _ in steps:
                    taken += 1
                    if self.step % self.batches.per_pass == 0:
                        self.team.average_buffers(self.network)
                        self.save()  # first, so that no pass is logged twice
                        if self.team.leads:
                            self.log(stage, total)
                        self.prepare_modes(stage)
                    if self.stop or taken == stop_after:
                        self.save()
                        raise Stopped
            self.stage_index, self.step, self.optimisers = self.stage_index + 1, 0, []
            self.loss = math.nan
            self.save()

    def show(self, stage: Stage, total: int) -> Generator[None, None, None]:
        """Take the stage's remaining steps under a progress bar; yields after each."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
        )
        saved = began = time.monotonic()
        with Progress(*columns, console=Console(stderr=True), disable=not self.team.leads) as progress:
            task = progress.add_task(
                f"{self.recipe.name}: {stage.name}", total=total, completed=self.step, loss=math.nan
            )
            while self.step < total:
                loss = self.take_step(stage, total)
                self.loss = loss if math.isnan(self.loss) else 0.99 * self.loss + 0.01 * loss
                now = time.monotonic()
                self.seconds, began = self.seconds + now - began, now
                if now - saved > SAVE_EVERY:
                    self.save()
                    saved = now
                progress.update(task, completed=self.step, loss=self.loss)
                yield
                began = time.monotonic()  # validation between passes is not training time

    def prepare(self, stage: Stage) -> None:
        """Freeze what the stage freezes and make its optimisers.

        The blocks' matrices go to Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon), which learned faster
        here than AdamW alone in the few passes there were. Biases and norms are not decayed.
        """
        network, settings = self.network, self.settings
        network.backbone.requires_grad_(not (stage.frozen or settings.frozen))
        if settings.frozen and not stage.frozen:
            for classifier in network.backbone.classifiers:
                classifier.requires_grad_(True)
        trained = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
        blocks = [p for n, p in trained if ".blocks." in n and p.ndim == 2]
        others = [p for n, p in trained if not (".blocks." in n and p.ndim == 2)]
        groups = [
            {"params": [p for p in others if p.ndim > 1], "weight_decay": settings.weight_decay},
            {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimisers = [torch.optim.AdamW(groups, settings.lr, betas=(0.9, 0.99))]
        if blocks:
            if not hasattr(torch.optim, "Muon"):
                raise ValueError(
                    f"Training blocks needs torch 2.9 or newer, for Muon; this is {torch.__version__}: update torch."
                )
            muon = torch.optim.Muon(
                blocks, settings.lr_blocks, settings.weight_decay, adjust_lr_fn="match_rms_adamw"
            )
            self.optimisers.append(muon)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["peak_lr"] = group["lr"]
        for optimiser, state in zip(self.optimisers, self.pending, strict=bool(self.pending)):
            optimiser.load_state_dict(state)
        self.pending = []
        self.prepare_modes(stage)

    def prepare_modes(self, stage: Stage) -> None:
        self.network.train()
        if stage.frozen or self.settings.frozen:
            self.network.backbone.eval()

    def take_step(self, stage: Stage, total: int) -> float:
        images, labels = self.batches.batch(self.stage_index, self.step)
        if stage.unlabelled:
            images = self.batches.distorted(images, self.stage_index, self.step)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak_lr"] * schedule(self.step / total, self.settings.warmup)
            optimiser.zero_grad(set_to_none=True)
        final_turn = (stage.alternate and self.step % 2 == 0) or stage.loss is final_only
        images, labels = (self.team.share(part).to(self.network.device) for part in (images, labels))
        with self.network.in_precision():
            outputs = self.network(images, heads=not final_turn)
        loss_of = final_only if final_turn else stage.loss
        loss: Tensor = loss_of(self.network, outputs, labels, self.step / total)
        loss.backward()
        self.stop = self.team.average_gradients(self.network.parameters(), self.stop)
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        return loss.item()

    def log(self, stage: Stage, total: int) -> None:
        """A line in log.csv and on the screen: validation accuracy of every exit."""
        accuracy = accuracy_per_exit(self.network, self.validation, self.settings)
        row: dict[str, Any] = {
            "stage": stage.name,
            "pass": self.step // self.batches.per_pass,
            "passes": total // self.batches.per_pass,
            "loss": round(self.loss, 5),
            "seconds": round(self.seconds, 1),
            **{f"block_{e.block}": round(a, 4) for e, a in zip(self.network.exits, accuracy, strict=True)},
        }
        path = self.folder / "log.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        shares = {key: value for key, value in row.items() if key.startswith("block_")}
        self.curves = self.curves or Curves(self.folder / "tensorboard")
        scalars = {"loss": self.loss, **{f"validation/{key}": value for key, value in shares.items()}}
        self.curves.add(self.steps_taken(), scalars)
        left = f"left={self.minutes_left():.1f} min"
        print(" ".join([*(f"{k}={v}" for k, v in row.items()), left]), flush=True)

    def steps_taken(self) -> int:
        """Of all stages so far."""
        passes = sum(self.recipe.passes(i, self.settings.passes) for i in range(self.stage_index))
        return passes * self.batches.per_pass + self.step

    def minutes_left(self) -> float:
        """Of training, at the mean pace so far; the validation between passes comes on top."""
        taken = self.steps_taken()
        return self.seconds / taken * (self.settings.passes * self.batches.per_pass - taken) / 60


def schedule(progress: float, warmup: float) -> float:
    """Learning-rate factor: linear warm-up, then half a cosine down to zero."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def accuracy_per_exit(
    network: MultiExitViT, split: Split, settings: Settings, batch: int = 250
) -> list[float]:
    """Share of images each exit, and last the final read-out, gets right. Leaves the network in eval mode."""
    network.eval()
    right = torch.zeros(len(network.exits))
    for start in range(0, len(split), batch):
        images = torch.from_numpy(split.images[start : start + batch])
        trace = network.analyse(as_input(images, settings.mean, settings.std))
        right += torch.from_numpy((trace.predicted == split.labels[start : start + batch, None]).sum(axis=0))
    return (right / len(split)).tolist()
