"""MultiExitViT: a backbone with exit heads that can analyse every exit at once, or infer and really stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from explorer.model.backbone import Backbone
from explorer.model.cost import exit_macs, full_macs, single_macs
from explorer.model.exits import ExitSpec
from explorer.model.heads import build_head
from explorer.rules.decision import early_thresholds
from explorer.rules.scores import Rule
from explorer.trace import Exit, Trace


@dataclass(frozen=True)
class Outputs:
    """All that training needs from one forward pass; tensors carry gradients."""

    logits: list[Tensor]  # (N, C) of each early exit
    features: list[Tensor]  # (N, tokens, D) of each early exit's head
    final: Tensor  # (N, C)
    hidden: Tensor  # (N, prefix + H * W, D) behind the last block, before the final norm


@dataclass(frozen=True)
class Inference:
    """What `infer` did with N images, in their order."""

    exit: NDArray[np.int64]  # (N,) index of the exit each image left at
    logits: NDArray[np.float32]  # (N, C) that exit's logits
    macs: NDArray[np.int64]  # (N,) multiply-accumulates spent on each image
    ms: NDArray[np.float64]  # (N,) milliseconds from the batch's start until the image's answer was there


class MultiExitViT(nn.Module):
    """A backbone with an exit head behind some of its blocks.

    Rules and thresholds are arguments of `infer`, never state: one loaded model serves every visitor at once.
    `temperatures` (E,) divide each exit's logits in `analyse` and `infer`, so that every rule sees calibrated
    scores (Guo et al. 2017, arXiv 1706.04599); `precision` is what the two run in. Training knows neither.
    """

    def __init__(
        self,
        backbone: Backbone,
        exits: list[ExitSpec],
        name: str = "",
        temperatures: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        blocks = [spec.block for spec in exits]
        if blocks != sorted(set(blocks)) or not all(1 <= b < backbone.blocks for b in blocks):
            raise ValueError(
                f"exits must stand behind different blocks of 1..{backbone.blocks - 1}, rising; got {blocks}."
            )
        self.name = name
        self.backbone = backbone
        self.specs = list(exits)
        heads = [
            build_head(
                spec.head,
                backbone.grid,
                backbone.prefix,
                backbone.width,
                backbone.classes,
                backbone.class_tokens,
                **spec.options,
            )
            for spec in exits
        ]
        self.heads = nn.ModuleList(heads)
        self.exits = (*(Exit(spec.block, spec.head) for spec in exits), Exit(backbone.blocks, "final"))
        self.macs = exit_macs(backbone, blocks, heads)
        self.macs_full = full_macs(backbone)
        self.temperatures = (1.0,) * len(self.exits) if temperatures is None else tuple(temperatures)
        if len(self.temperatures) != len(self.exits) or not all(t > 0 for t in self.temperatures):
            raise ValueError(
                f"expected {len(self.exits)} temperatures above 0, one per exit; got {self.temperatures}."
            )
        self.precision = torch.float32
        self.macs_single = single_macs(backbone, blocks, heads)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def in_precision(self) -> AbstractContextManager:
        """Matrix products run in `precision` within; norms and softmax stay in float32."""
        if self.precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        """Tokens behind block `until`, from those behind block `done`."""
        return self.backbone.advance(tokens, done, until)

    def forward(self, images: Tensor, heads: bool = True) -> Outputs:
        """One pass through everything, for training; `heads=False` leaves the exit heads out."""
        tokens, done = self.backbone.embed(images), 0
        logits, features = [], []
        if heads:
            for spec, head in zip(self.specs, self.heads, strict=True):
                tokens, done = self.advance(tokens, done, spec.block), spec.block
                answer, seen = head(tokens)
                logits.append(answer)
                features.append(seen)
        tokens = self.advance(tokens, done, self.backbone.blocks)
        return Outputs(logits, features, self.backbone.readout(tokens), tokens)

    @staticmethod
    def _clock(device: torch.device) -> Callable[[], float]:
        """A clock in milliseconds that waits for all work queued on a GPU."""
        if device.type != "cuda":
            return lambda: perf_counter() * 1000

        def now() -> float:
            torch.cuda.synchronize(device)
            return perf_counter() * 1000

        return now

    def _need_eval(self) -> None:
        if self.training:
            raise RuntimeError("the network is in training mode; call eval() before analyse or infer.")

    @torch.inference_mode()
    def analyse(self, images: Tensor) -> Trace:
        """Run normalised images (N, channels, height, width) through every exit once."""
        with self.in_precision():
            return self._analyse(images)

    def _analyse(self, images: Tensor) -> Trace:
        self._need_eval()
        device = self.device
        now = self._clock(device)
        start = now()
        tokens, done = self.backbone.embed(images.to(device)), 0
        logits, ms, on_heads = [], [], 0.0
        for spec, head in zip(self.specs, self.heads, strict=True):
            tokens, done = self.advance(tokens, done, spec.block), spec.block
            before = now()
            logits.append(head(tokens)[0])
            after = now()
            on_heads += after - before
            ms.append(after - start)
        tokens = self.advance(tokens, done, self.backbone.blocks)
        logits.append(self.backbone.readout(tokens))
        ms.append(now() - start)
        return Trace(
            model=self.name,
            exits=self.exits,
            logits=self._calibrated(torch.stack(logits, dim=1), slice(None)),  # (N, E, C)
            macs=self.macs,
            macs_full=self.macs_full,
            ms=np.array(ms),
            ms_full=ms[-1] - on_heads,
        )

    @torch.inference_mode()
    def infer(self, images: Tensor, rule: Rule, thresholds: ArrayLike) -> Inference:
        """Run images (N, channels, height, width) block by block; whichever are sure enough leave the batch.

        Agrees with `decide(rule.score(analyse(images)), thresholds)` on every image. Raises `ValueError` for
        a wrong number of thresholds.
        """
        with self.in_precision():
            return self._infer(images, rule, thresholds)

    def _infer(self, images: Tensor, rule: Rule, thresholds: ArrayLike) -> Inference:
        self._need_eval()
        limits = early_thresholds(thresholds, len(self.exits))
        count = len(images)
        exit_index = np.full(count, len(self.exits) - 1)
        answers = np.zeros((count, self.backbone.classes), dtype=np.float32)
        ms = np.zeros(count)
        device = self.device
        now = self._clock(device)
        start = now()
        active = np.arange(count)
        # The logits of those still inside, at the exits so far.
        history = np.zeros((count, 0, self.backbone.classes), dtype=np.float32)
        tokens, done = self.backbone.embed(images.to(device)), 0
        for index, (spec, head) in enumerate(zip(self.specs, self.heads, strict=True)):
            if len(active) == 0:
                break
            tokens, done = self.advance(tokens, done, spec.block), spec.block
            logits = self._calibrated(head(tokens)[0], index)
            history = np.concatenate([history, logits[:, None]], axis=1)
            leaves = self._scores_so_far(rule, history) >= limits[index]
            if not leaves.any():
                continue
            gone = active[leaves]
            exit_index[gone], answers[gone], ms[gone] = index, logits[leaves], now() - start
            active, history = active[~leaves], history[~leaves]
            tokens = tokens[torch.from_numpy(~leaves).to(device)]
        if len(active):
            tokens = self.advance(tokens, done, self.backbone.blocks)
            answers[active] = self._calibrated(self.backbone.readout(tokens), -1)
            ms[active] = now() - start
        return Inference(exit_index, answers, self.macs[exit_index], ms)

    def _calibrated(self, logits: Tensor, exits: int | slice) -> NDArray[np.float32]:
        """Logits (N, C) of one exit, or (N, E, C) of all, over their temperatures."""
        temperatures = np.array(self.temperatures, np.float32)[exits]
        return np.divide(logits.float().cpu().numpy(), temperatures[..., None], dtype=np.float32)

    def _scores_so_far(self, rule: Rule, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """The rule's score at the newest exit, (n,), from the logits of the exits so far, (n, exits, C)."""
        passed = logits.shape[1]
        trace = Trace(
            self.name,
            self.exits[:passed],
            logits,
            self.macs[:passed],
            self.macs_full,
            np.zeros(passed),
            0.0,
        )
        return rule.score(trace)[:, -1]
