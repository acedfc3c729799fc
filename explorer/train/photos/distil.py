"""Learning from the teacher's answers: stretches of training that can be cut off, resumed and followed by others."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT, Outputs
from explorer.train.loop import Stopped
from explorer.train.photos.conditioning import Channels, Conditioned, channels_read, start_heads, steps
from explorer.train.photos.crops import mix
from explorer.train.photos.evening import even
from explorer.train.photos.lessons import batches, taught
from explorer.train.photos.losses import by_itself, by_teacher
from explorer.train.photos.pictures import Pictures
from explorer.train.photos.stretch import (
    TELLING,
    WARM_UP,
    WEIGHT_DECAY,
    Stretch,
    crops_of,
    learning_rates,
    rate,
)
from explorer.train.photos.student import IMITATING, PENALTY, at_size, read, read_outs, seen_by, solve
from explorer.train.photos.teacher import Teacher

SAVE_EVERY = 60  # seconds between checkpoints
LOG_EVERY = 10_000  # crops between two measurements on the held-out crops
EMA = 0.998  # of the weights per step, so about the last 500 steps
Measure = Callable[[MultiExitViT], dict[str, float]]


LOOKED_AT = 512  # crops from which the scale of what the heads read is measured
APART = 10**9  # number of the first crop that read-outs are solved on, far from those trained on


class Run:
    """The state of a training: network, its moving average, optimiser, and what came before."""

    def __init__(self, network: MultiExitViT, history: list[dict[str, Any]], folder: Path) -> None:
        """`network` starts the run unless `folder` holds one already; `history` is that of a shipped model."""
        self.network = network
        self.average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        self.history, self.folder = (
            history,
            folder,
        )  # finished and unfinished stretches, with what was measured
        self.step = 0  # in the last stretch of the history
        self.optimiser: torch.optim.AdamW | None = None
        self.channels: list[Channels] = []  # what the heads read when the stretch began
        self.pending: dict[str, Any] | None = None
        self.stop = False
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def crops(self) -> int:
        """Crops learned from in all, over every sitting."""
        return crops_of(self.history)

    @property
    def composed(self) -> int:
        """Crops composed in all, which is the number of the next one: each crop of a model's life is new."""
        return sum(s["seen"] * s["settings"]["candidates"] for s in self.history)

    def averaged(self) -> MultiExitViT:
        """The network of averaged weights, in eval mode and made for the present size."""
        network = at_size(self.network, self.network.backbone.vit.patch_embed.img_size[0])
        network.load_state_dict(self.average)
        return network.eval()

    def resume(self) -> bool:
        """Take up what stands in the folder; False if nothing does."""
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        saved = torch.load(path, weights_only=True)
        self.history, self.step = saved["history"], saved["step"]
        if self.history:
            self.network = at_size(self.network, self.history[-1]["settings"]["size"])
        self.network.load_state_dict(saved["network"])
        self.average, self.pending = saved["average"], saved["optimiser"]
        self.channels = [Channels(*pair) for pair in saved.get("channels", [])]
        return True

    def save(self) -> None:
        """Written beside and moved over, so that a kill at any moment leaves a whole checkpoint."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict() if self.optimiser else None,
            "channels": [(read.mean, read.spread) for read in self.channels],
            "history": self.history,
            "step": self.step,
        }
        torch.save(state, self.folder / "last.pt.new")
        os.replace(self.folder / "last.pt.new", self.folder / "last.pt")
        (self.folder / "history.json").write_text(json.dumps(self.history, indent=1) + "\n")

    def begin(self, stretch: Stretch, pictures: Pictures, teacher: Teacher) -> None:
        """Go on with the stretch if it is the one that was cut off; else begin it where the last one stopped."""
        settings = asdict(stretch)
        if self.history and self.history[-1]["settings"] == settings and not self.history[-1].get("done"):
            return
        size = self.network.backbone.vit.patch_embed.img_size[0]
        if size != stretch.size:
            self.network, average = (
                at_size(self.network, stretch.size),
                at_size(self.averaged(), stretch.size),
            )
            self.average = {name: tensor.clone() for name, tensor in average.state_dict().items()}
        other_stage = not self.history or self.history[-1]["settings"]["stage"] != stretch.stage
        # The same weights learn on: the optimiser keeps what it knows of them and needs no warm-up.
        kept = (
            not other_stage
            and not stretch.new_heads
            and self.history[-1]["settings"]["frozen"] == stretch.frozen
        )
        if not kept:
            self.pending = None
        elif self.optimiser is not None:
            self.pending = self.optimiser.state_dict()
        record = {"settings": settings, "warm_up": 0 if self.pending else WARM_UP}
        self._solve(stretch, pictures, teacher)
        self.channels = channels_read(self.network, _looked_at(pictures, stretch))
        self.history.append(record | {"seen": 0, "seconds": 0.0, "curve": []})
        self.step = 0

    def _solve(self, stretch: Stretch, pictures: Pictures, teacher: Teacher) -> None:
        """Go on with the averaged network, its read-outs solved anew: steps of descent come there late, if ever.

        In stage 2 the final read-out teaches; it is first freed, in part, of its bias to the classes that crops show.
        """
        network = self.averaged()
        if stretch.new_heads or not self.history:
            channels = channels_read(network, _looked_at(pictures, stretch))
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(stretch.seed)  # the seed alone decides how they are drawn
                start_heads(network, channels)
        count = -(-stretch.regressed // stretch.batch)
        lessons = taught(pictures, teacher, APART, count, stretch.batch, TELLING, stretch.seed)
        shown = ((seen_by(crops, stretch.size), logits.clone()) for crops, (logits, _) in lessons)
        inputs, answers = read(network, shown)
        *early, final = read_outs(network)
        solve(final, inputs[-1], answers)
        if stretch.stage == 2:
            even(final, final(inputs[-1]))
            answers = final(inputs[-1]).detach()
        for linear, read_there in zip(early, inputs, strict=False):
            solve(linear, read_there, answers, IMITATING if stretch.stage == 2 else PENALTY)
        self.network.load_state_dict(network.state_dict())
        self.average = {name: tensor.clone() for name, tensor in network.state_dict().items()}

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
        moved = steps(network, self.channels)
        rates = learning_rates(network, stretch)
        undecayed = {id(step.weight) for step in moved}
        groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
        for p in network.parameters():
            if p.requires_grad:
                decayed = p.ndim > 1 and id(p) not in undecayed
                groups.setdefault((rates[id(p)], decayed), []).append(p)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": params, "lr": lr, "weight_decay": WEIGHT_DECAY * decayed}
                for (lr, decayed), params in groups.items()
            ],
            betas=(0.9, 0.98),  # few steps: a shorter memory of squares than AdamW's own
        )
        self.conditioned = Conditioned(moved, self.optimiser)
        peaks = [group["lr"] for group in self.optimiser.param_groups]
        if self.pending:
            self.optimiser.load_state_dict(self.pending)
            self.pending = None
        for group, peak in zip(self.optimiser.param_groups, peaks, strict=True):
            group["peak_lr"] = peak

    def train(self, stretch: Stretch, pictures: Pictures, teacher: Teacher, measure: Measure) -> None:
        """Run the stretch to its end; `measure` tells what the averaged network can do.

        On SIGTERM or Ctrl-C it saves and raises `Stopped`; a harder end loses a minute.
        """
        previous = {s: signal.signal(s, self.ask_to_stop) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._train(stretch, pictures, teacher, measure)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def ask_to_stop(self, *_: object) -> None:
        self.stop = True

    def _train(self, stretch: Stretch, pictures: Pictures, teacher: Teacher, measure: Measure) -> None:
        self.begin(stretch, pictures, teacher)
        self.prepare(stretch)
        record, total = self.history[-1], stretch.crops // stretch.batch
        saved = time.monotonic()
        loss = math.nan
        count, candidates = total - self.step, stretch.candidates
        lessons: Iterable[tuple[Tensor, tuple[Tensor, Tensor] | None]]
        if stretch.stage == 1:
            lessons = taught(
                pictures, teacher, self.composed, count, stretch.batch, candidates, seed=stretch.seed
            )
        else:
            alone = batches(pictures, self.composed, count, stretch.batch, stretch.seed)
            lessons = ((crops, None) for crops in alone)
        if self.step == 0:
            self._measure(measure, math.nan)
        began = time.monotonic()
        for crops, answers in lessons:
            value = self.take_step(stretch, teacher, crops, answers, total)
            loss = value if math.isnan(loss) else 0.98 * loss + 0.02 * value
            now = time.monotonic()
            record["seconds"], began = round(record["seconds"] + now - began, 2), now
            record["seen"] = self.step * stretch.batch
            if (
                record["seen"] // LOG_EVERY != (record["seen"] - stretch.batch) // LOG_EVERY
                or self.step == total
            ):
                self._measure(measure, loss)
            if self.stop or now - saved > SAVE_EVERY:
                self.save()
                saved = now
            if self.stop:
                raise Stopped
            began = time.monotonic()  # measuring and saving are not training time
        record["done"] = True
        self.save()

    def _measure(self, measure: Measure, loss: float) -> None:
        """A line of the learning curve, the first before any step."""
        record = self.history[-1]
        row = {"crops": self.crops, "seconds": round(record["seconds"])}
        if not math.isnan(loss):
            row["loss"] = round(loss, 4)
        record["curve"].append(row | measure(self.averaged()))
        print(json.dumps(record["curve"][-1]), flush=True)

    def take_step(
        self,
        stretch: Stretch,
        teacher: Teacher,
        crops: Tensor,
        answers: tuple[Tensor, Tensor] | None,
        total: int,
    ) -> float:
        """One batch of crops uint8, in stage 1 with the teacher's answers, asked anew if mixed. Returns the loss."""
        assert self.optimiser is not None
        mixed = mix(crops, np.random.default_rng((stretch.seed, self.crops)))
        if answers and mixed is not crops:
            answers = teacher(mixed)
        self.network.train()
        if stretch.stage == 2:
            self.network.backbone.eval()
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak_lr"] * rate(
                self.step, total, stretch.decay, self.history[-1]["warm_up"]
            )
        self.optimiser.zero_grad(set_to_none=True)
        final_turn = stretch.stage == 1 and (self.step + 1) % stretch.exits_every != 0
        with self.network.in_precision():
            outputs = self.network(seen_by(mixed, stretch.size), heads=not final_turn)
        outputs = _in_float32(outputs)
        loss = (
            by_teacher(self.network, outputs, *answers, final_turn)
            if answers
            else by_itself(self.network, outputs)
        )
        loss.backward()
        self.conditioned.centre()
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], 1.0)
        self.conditioned.step()
        self.step += 1
        steps = self.crops // stretch.batch
        keep = min(EMA, (1 + steps) / (10 + steps))
        follow(self.average, self.network, keep)
        return loss.item()


def _looked_at(pictures: Pictures, stretch: Stretch) -> Iterator[Tensor]:
    count = -(-min(LOOKED_AT, stretch.regressed) // stretch.batch)
    for crops in batches(pictures, APART, count, stretch.batch, stretch.seed):
        yield seen_by(crops, stretch.size)


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
