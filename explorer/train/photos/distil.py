"""Learning from the teacher's answers: stretches of training that can be cut off, resumed and followed by others.

Imports no more than torch, timm, safetensors, NumPy and Pillow, so that it runs bare beside a large GPU.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT, Outputs
from explorer.model.precision import training_precision
from explorer.train.checkpoint import Stopped, heeding_stops, save_whole
from explorer.train.photos.losses import by_itself, by_teacher
from explorer.train.photos.photographs import Photographs
from explorer.train.photos.readouts import PENALTY, even, read, read_outs, rebalance
from explorer.train.photos.stretch import Stretch, crops_of, learning_rates, rate
from explorer.train.photos.student import at_size, seen_by, start_heads
from explorer.train.photos.teacher import Teacher
from explorer.train.photos.views import MILD, drawn, views
from explorer.train.photos.views import SIZE as VIEW
from explorer.train.ridge import solve

SAVE_EVERY = 60  # seconds between checkpoints
MEASURE_EVERY = 10_000  # views between two measurements
EMA = 0.998  # of the weights per step, so about the last 500 steps
WEIGHT_DECAY = 0.02
APART = 10**9  # number of the first step whose views read-outs are solved on, far from those trained on
Measure = Callable[[MultiExitViT], dict[str, float]]


class Run:
    """The state of a training: network, its moving average, optimiser, and what came before."""

    def __init__(
        self,
        network: MultiExitViT,
        history: list[dict[str, Any]],
        folder: Path,
        device: str = "cpu",
        precision: str = "auto",
    ) -> None:
        """`network` starts the run unless `folder` holds one already; `history` is that of a shipped model.

        Student and teacher run in `precision`, as `training_precision` takes it.
        """
        self.device = torch.device(device)
        self.network = network.to(self.device)
        network.precision = training_precision(network.backbone.width, self.device, precision)
        self.average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        self.history, self.folder = history, folder  # stretches, the last perhaps unfinished
        self.step = 0  # in the last stretch of the history
        self.optimiser: torch.optim.AdamW | None = None
        self.origin: dict[str, Tensor] = {}  # the weights when the stretch began, if it needs them
        self.before: MultiExitViT | None = None  # a network with these weights, which teaches its own answers
        self.pending: dict[str, Any] | None = None
        self.stop = False
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def crops(self) -> int:
        """Views learned from in all, across all runs."""
        return crops_of(self.history)

    def averaged(self) -> MultiExitViT:
        """The network of averaged weights, in eval mode and made for the current size."""
        network = at_size(self.network, self.network.backbone.input_size[0]).to(self.device)
        network.load_state_dict(self.average)
        return network.eval()

    def resume(self) -> bool:
        """Resume the run in the folder; False if there is none."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        saved = torch.load(path, weights_only=True, map_location=self.device)
        self.history, self.step = saved["history"], saved["step"]
        if self.history:
            self.network = at_size(self.network, self.history[-1]["settings"]["size"]).to(self.device)
        self.network.load_state_dict(saved["network"])
        self.average, self.pending, self.origin = saved["average"], saved["optimiser"], saved["origin"]
        return True

    def save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict() if self.optimiser else None,
            "origin": self.origin,
            "history": self.history,
            "step": self.step,
        }
        save_whole(state, self.folder / "last.pt")
        (self.folder / "history.json").write_text(json.dumps(self.history, indent=1) + "\n")

    def begin(self, stretch: Stretch, photographs: Photographs, teacher: Teacher) -> None:
        """Resume the stretch if it is the one that was cut off; else begin it where the last one stopped."""
        settings = asdict(stretch)
        if self.history and not self.history[-1].get("done"):
            # A setting that came later had its default when the stretch began.
            unset = asdict(Stretch())
            if unset | self.history[-1]["settings"] == settings:
                return
        network = self.averaged()
        if network.backbone.input_size[0] != stretch.size:
            network = at_size(network, stretch.size).to(self.device)
        self._solve(network, stretch, photographs, teacher)
        self.network = network
        self.average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        self.origin = {n: tensor.clone() for n, tensor in self.average.items()} if stretch.own else {}
        self.pending = self.before = None
        self.history.append({"settings": settings, "seen": 0, "seconds": 0.0, "curve": []})
        self.step = 0
        self.save()
        shutil.rmtree(self.folder / "read", ignore_errors=True)

    def _views(self, photographs: Photographs, stretch: Stretch, step: int, mild: bool = False) -> Tensor:
        chosen = drawn(photographs, stretch.batch, stretch.seed, step)
        how = MILD if mild else stretch.augmentation
        return views(photographs, chosen, how, stretch.seed, step, self.device)

    def _solve(
        self, network: MultiExitViT, stretch: Stretch, photographs: Photographs, teacher: Teacher
    ) -> None:
        """Solve the read-outs of a network again, in place, and initialise the heads of a new run.

        The exits learn from the teacher and from the final read-out in equal parts. Every read-out's classes get
        an even spread, and its bias towards the classes that views show is removed.
        """
        if not self.history:
            start_heads(network, stretch.seed)
        if not stretch.solved:
            return

        def lesson(number: int) -> tuple[Tensor, Tensor]:
            if self.stop:
                raise Stopped
            seen = self._views(photographs, stretch, APART + number, mild=True)
            return seen_by(seen, stretch.size), self._answers(teacher, seen)

        store = self.folder / "read" / self._reading(stretch, photographs, teacher)
        inputs, answers = read(network, lesson, -(-stretch.solved // stretch.batch), store)
        *early, final = read_outs(network)
        lessons = answers
        for linear, read_there in ((final, inputs[-1]), *zip(early, inputs, strict=False)):
            solve(linear, read_there, lessons, PENALTY)
            even(linear, read_there, lessons)
            rebalance(linear, linear(read_there))
            if linear is final:
                lessons = (answers + final(inputs[-1]).detach()) / 2

    def _reading(self, stretch: Stretch, photographs: Photographs, teacher: Teacher) -> str:
        """A name for what read-outs are solved on; it differs for other views, weights or teachers."""
        grey = torch.full((1, 3, VIEW, VIEW), 0.5, device=self.device)
        said_of_grey = [round(x, 1) for x in teacher(grey)[0].tolist()]  # tells teachers apart
        views_of = (
            stretch.size,
            stretch.batch,
            stretch.seed,
            asdict(MILD),
        )
        said = repr((views_of, self.crops, len(photographs), photographs.weights.tobytes(), said_of_grey))
        return sha256(said.encode()).hexdigest()[:16]

    def prepare(self, stretch: Stretch) -> None:
        """Freeze what the stretch freezes and make its optimiser; biases and norms are not decayed."""
        network, vit = self.network, self.network.backbone.vit
        network.requires_grad_(True)
        if stretch.stage == 2:
            network.backbone.requires_grad_(False)
        elif stretch.frozen:
            vit.requires_grad_(False)
            for part in (*vit.blocks[stretch.frozen :], vit.norm, vit.head):
                part.requires_grad_(True)
        rates = learning_rates(network, stretch)
        groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
        for p in network.parameters():
            if p.requires_grad:
                groups.setdefault((rates[id(p)], p.ndim > 1), []).append(p)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": params, "lr": lr, "peak_lr": lr, "weight_decay": WEIGHT_DECAY * decayed}
                for (lr, decayed), params in groups.items()
            ],
            betas=(0.9, 0.98),  # few steps: a shorter memory of squares than AdamW's default
            fused=self.device.type == "cuda",
        )
        if self.pending:
            self.optimiser.load_state_dict(self.pending)
            self.pending = None

    def train(
        self, stretch: Stretch, photographs: Photographs, teacher: Teacher, measure: Measure | None = None
    ) -> None:
        """Run the stretch to its end; `measure` tells what the averaged network can do.

        On SIGTERM or Ctrl-C it saves and raises `Stopped`; a kill loses up to a minute.
        """
        with heeding_stops(self.ask_to_stop):
            self._train(stretch, photographs, teacher, measure)

    def ask_to_stop(self) -> None:
        self.stop = True

    def progress(self, stretch: Stretch) -> float:
        """How far the stretch is, in [0, 1]: by its views or by its time, whichever is further."""
        by_views = self.step * stretch.batch / stretch.crops if stretch.crops else 1.0
        by_time = self.history[-1]["seconds"] / (60 * stretch.minutes) if stretch.minutes else 0.0
        return min(1.0, max(by_views, by_time))

    def _train(
        self, stretch: Stretch, photographs: Photographs, teacher: Teacher, measure: Measure | None
    ) -> None:
        self.begin(stretch, photographs, teacher)
        self.prepare(stretch)
        record = self.history[-1]
        loss = math.nan
        if self.step == 0:
            self._measure(measure, loss)
        saved = began = time.monotonic()
        while self.progress(stretch) < 1:
            value = self.take_step(stretch, photographs, teacher)
            loss = value if math.isnan(loss) else 0.98 * loss + 0.02 * value
            now = time.monotonic()
            record["seconds"], began = round(record["seconds"] + now - began, 2), now
            record["seen"] = self.step * stretch.batch
            if record["seen"] // MEASURE_EVERY != (record["seen"] - stretch.batch) // MEASURE_EVERY:
                self._measure(measure, loss)
            if self.stop or now - saved > SAVE_EVERY:
                self.save()
                saved = now
            if self.stop:
                raise Stopped
            began = time.monotonic()  # measuring and saving are not training time
        if record["curve"][-1]["crops"] < self.crops:  # the last step may have been measured already
            self._measure(measure, loss)
        record["done"] = True
        self.save()

    def _measure(self, measure: Measure | None, loss: float) -> None:
        """A line of the learning curve, the first before any step."""
        record = self.history[-1]
        row = {"crops": self.crops, "seconds": round(record["seconds"])}
        if not math.isnan(loss):
            row["loss"] = round(loss, 4)
        record["curve"].append(row | (measure(self.averaged()) if measure else {}))
        print(json.dumps(record["curve"][-1]), flush=True)

    def take_step(self, stretch: Stretch, photographs: Photographs, teacher: Teacher) -> float:
        """Learn from one batch of views; returns the loss."""
        assert self.optimiser is not None
        seen = self._views(photographs, stretch, self.step)
        factor = rate(self.step, self.progress(stretch))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak_lr"] * factor
        self.network.train()
        if stretch.stage == 2:
            self.network.backbone.eval()
        self.optimiser.zero_grad(set_to_none=True)
        exits_turn = stretch.stage == 2 or (self.step + 1) % stretch.exits_every == 0
        outputs, own = self._outputs(stretch, seen_by(seen, stretch.size), exits_turn)
        if stretch.stage == 2:
            loss = by_itself(self.network, outputs)
        else:
            answers = self._answers(teacher, seen) if own is None or stretch.own < 1 else own
            if own is not None:
                answers = torch.lerp(answers, own, stretch.own)
            loss = by_teacher(self.network, outputs, answers, stretch.final_share if stretch.own else None)
        loss.backward()
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], 1.0)
        self.optimiser.step()
        self.step += 1
        follow(self.average, self.network, min(EMA, (1 + self.step) / (10 + self.step)))
        return loss.item()

    def _outputs(self, stretch: Stretch, images: Tensor, heads: bool) -> tuple[Outputs, Tensor | None]:
        """The network's outputs, and those of the network as it was before, if the stretch needs them."""
        with self.network.in_precision():
            if not stretch.own:
                return _in_float32(self.network(images, heads=heads)), None
            with torch.no_grad():  # the frozen part runs once, for both
                tokens = self.network.advance(self.network.backbone.embed(images), 0, stretch.frozen)
                own = self._before(stretch).onward(tokens, stretch.frozen, heads=False).final.float()
            return _in_float32(self.network.onward(tokens, stretch.frozen, heads)), own

    def _answers(self, teacher: Teacher, seen: Tensor) -> Tensor:
        """The teacher's logits (N, C) of views (N, 3, H, W), in the run's precision."""
        with self.network.in_precision():
            return teacher(seen)

    def _before(self, stretch: Stretch) -> MultiExitViT:
        """The network as it was when the stretch began."""
        if self.before is None:
            self.before = at_size(self.network, stretch.size).to(self.device).eval().requires_grad_(False)
            self.before.load_state_dict(self.origin)
        return self.before


@torch.no_grad()
def follow(average: dict[str, Tensor], network: MultiExitViT, keep: float) -> None:
    """average = keep * average + (1 - keep) * network, in place; whole numbers are copied."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            average[name].lerp_(tensor, 1 - keep)
        else:
            average[name].copy_(tensor)


def _in_float32(outputs: Outputs) -> Outputs:
    return Outputs(
        [x.float() for x in outputs.logits],
        [x.float() for x in outputs.features],
        outputs.final.float(),
        outputs.hidden.float(),
    )
