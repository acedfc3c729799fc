"""MultiExitViT: a backbone with exit heads that can analyse every exit at once, or infer and really stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from explorer.grain import CLASSES, Grain
from explorer.model.backbone import Backbone
from explorer.model.cost import count, exit_macs, single_macs
from explorer.model.exits import ExitSpec
from explorer.model.heads import build_head
from explorer.rules import Reader, Rule, Seen, Setting, rules_with
from explorer.rules.decision import early_thresholds
from explorer.rules.left_out import macs_saved, places_left_out, spared_by
from explorer.rules.reading import Readings
from explorer.rules.rule import FEATURES, PREVIOUS, TOKENS
from explorer.trace import Exit, Trace

# Given a block's number, from 1, and the tokens before it: the tokens after it.
Watch = Callable[[int, Tensor], Tensor]


@dataclass(frozen=True)
class Outputs:
    """All that training needs from one forward pass; tensors carry gradients."""

    logits: list[Tensor]  # (N, C) of each early exit
    features: list[Tensor]  # (N, tokens, D) of each early exit's head
    final: Tensor  # (N, C)
    hidden: Tensor  # (N, prefix + H * W, D) after the last block, before the final norm


@dataclass(frozen=True)
class Inference:
    """The result of `infer` for N images, in their order."""

    exit: NDArray[np.int64]  # (N,) index of the exit each image left at
    logits: NDArray[
        np.float32
    ]  # (N, C) what it answered there: that exit's logits, unless the rule has its own answers
    macs: NDArray[np.int64]  # (N,) multiply-accumulates spent on each image, the rule's own included
    ms: NDArray[np.float64]  # (N,) milliseconds from the batch's start until the image's answer was there


class MultiExitViT(nn.Module):
    """A backbone with an exit head after some of its blocks.

    Rules and thresholds are arguments of `infer`, never state: one loaded model serves every visitor at once.
    `temperatures` (E,) divide each exit's logits in `analyse` and `infer`, so that every rule sees calibrated
    scores (Guo et al. 2017, arXiv 1706.04599); `precision` is what the two run in. Training uses neither.
    `addons` are the learned parts of rules that have some, by rule's addon and tensor.
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
                backbone.shape(spec.block),
                backbone.classes,
                backbone.class_tokens,
                backbone.exit_norm,
                **spec.options,
            )
            for spec in exits
        ]
        self.heads = nn.ModuleList(heads)
        self.exits = (*(Exit(spec.block, spec.head) for spec in exits), Exit(backbone.blocks, "final"))
        costs = count(backbone)
        for head in heads:
            head.attach(backbone, costs.readout)
        self.macs = exit_macs(costs, blocks, heads)
        self.macs_single = single_macs(costs, blocks, heads)
        self.macs_full = costs.full
        self.head_macs = np.array([head.macs() for head in heads], dtype=np.int64)  # (E - 1,)
        self.temperatures = (1.0,) * len(self.exits) if temperatures is None else tuple(temperatures)
        if len(self.temperatures) != len(self.exits) or not all(t > 0 for t in self.temperatures):
            raise ValueError(
                f"expected {len(self.exits)} temperatures above 0, one per exit; got {self.temperatures}."
            )
        self.precision = torch.float32
        self.addons: dict[str, dict[str, NDArray]] = {}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def in_precision(self) -> AbstractContextManager:
        """Matrix products run in `precision` within; norms and softmax stay in float32."""
        if self.precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def advance(self, tokens: Tensor, done: int, until: int, watch: Watch | None = None) -> Tensor:
        """Tokens after block `until`, from those after block `done`. `watch` runs each block, to see inside it."""
        if watch is None:
            return self.backbone.advance(tokens, done, until)
        for block in range(done + 1, until + 1):
            tokens = watch(block, tokens)
        return tokens

    def forward(self, images: Tensor, heads: bool = True) -> Outputs:
        """One pass through everything, for training; `heads=False` leaves the exit heads out."""
        return self.onward(self.backbone.embed(images), 0, heads)

    def onward(self, tokens: Tensor, done: int, heads: bool = True) -> Outputs:
        """The rest of a pass, from the tokens after block `done`, with the exits after later blocks."""
        logits, features = [], []
        for spec, head in zip(self.specs, self.heads, strict=True):
            if heads and spec.block > done:
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
    def analyse(self, images: Tensor, watch: Watch | None = None) -> Trace:
        """Run normalised images (N, channels, height, width) through every exit once.

        `watch` sees inside every block, as `explain.attending.AttentionRecorder` does.
        """
        with self.in_precision():
            return self._analyse(images, watch)

    def _analyse(self, images: Tensor, watch: Watch | None) -> Trace:
        self._need_eval()
        device = self.device
        now = self._clock(device)
        rules = rules_with(self.addons)
        readings = Readings({name: self.reader(rule) for name, rule in rules.items()}, len(images))
        needs = frozenset[str]().union(*(rule.needs for rule in rules.values()))
        start = now()
        tokens, done = self.backbone.embed(images.to(device)), 0
        logits: list[NDArray[np.float32]] = []
        ms: list[float] = []
        on_heads, on_rules = 0.0, 0.0
        for index, exit_ in enumerate(self.exits):
            previous, tokens = self._advance_pair(tokens, done, exit_.block, PREVIOUS in needs, watch)
            done, before = exit_.block, now()
            answer, features = self._answer(index, tokens)
            after = now()
            on_heads += after - before if index < len(self.heads) else 0.0
            ms.append(after - start - on_rules)
            logits.append(self._calibrated(answer, index))
            readings.step(index, _seen(needs, logits[-1], tokens, previous, features))
            on_rules += now() - after
        return Trace(
            model=self.name,
            exits=self.exits,
            logits=np.stack(logits, axis=1),  # (N, E, C)
            macs=self.macs,
            macs_full=self.macs_full,
            ms=np.array(ms),
            ms_full=ms[-1] - on_heads,
            readings=readings.done(),
            heads=self.head_macs,
        )

    @torch.inference_mode()
    def infer(
        self,
        images: Tensor,
        rule: Rule,
        thresholds: ArrayLike,
        grain: Grain | None = None,
        left_out: Collection[int] = (),
    ) -> Inference:
        """Run images (N, channels, height, width) block by block; those that are sure enough leave the batch.

        Agrees with `decide(at_grain(analyse(images), grain).scores[rule.name], thresholds)` on every image; the
        logits it returns are of the grain's groups. No image leaves after the blocks `left_out`, and under a rule that
        scores each exit alone, their heads are not run. Raises `ValueError` for a wrong number of thresholds, a rule
        whose addon this network lacks, or a block without an early exit.
        """
        with self.in_precision():
            return self._infer(images, rule, thresholds, grain, left_out)

    def _infer(
        self,
        images: Tensor,
        rule: Rule,
        thresholds: ArrayLike,
        grain: Grain | None,
        left_out: Collection[int],
    ) -> Inference:
        self._need_eval()
        limits = early_thresholds(thresholds, len(self.exits))
        out = places_left_out([e.block for e in self.exits], left_out)
        count, last = len(images), len(self.exits) - 1
        reader = self.reader(rule, grain)
        reader.begin(count)
        exit_index = np.full(count, last)
        classes = self.backbone.classes if grain is None else len(grain.labels)
        answers = np.zeros((count, classes), dtype=np.float32)
        ms = np.zeros(count)
        device = self.device
        now = self._clock(device)
        start = now()
        active = np.arange(count)
        tokens, done = self.backbone.embed(images.to(device)), 0
        for index, exit_ in enumerate(self.exits):
            if len(active) == 0:
                break
            if out[index] and rule.alone:
                continue
            previous, tokens = self._advance_pair(tokens, done, exit_.block, PREVIOUS in rule.needs)
            done = exit_.block
            answer, features = self._answer(index, tokens)
            by_class = self._calibrated(answer, index)
            logits = by_class if grain is None else grain.read(by_class, index)
            shown = by_class if rule.by_class else logits
            verdict = reader.step(index, _seen(rule.needs, shown, tokens, previous, features))
            leaves = verdict.score >= limits[index] if index < last else np.ones(len(active), dtype=bool)
            leaves &= not out[index]
            if not leaves.any():
                continue
            gone = active[leaves]
            given = logits if verdict.answer is None else verdict.answer
            if grain is not None and rule.by_class and verdict.answer is not None:
                given = grain.read(given, index)
            exit_index[gone], answers[gone], ms[gone] = index, given[leaves], now() - start
            active = active[~leaves]
            reader.keep(~leaves)
            tokens = tokens[torch.from_numpy(~leaves).to(device)]
        own = np.cumsum([reader.macs(index) for index in range(len(self.exits))], dtype=np.int64)
        macs = self.macs + own
        if rule.alone:
            macs = macs - macs_saved(spared_by(self.head_macs, own), out)
        return Inference(exit_index, answers, macs[exit_index], ms)

    def reader(self, rule: Rule, grain: Grain | None = None) -> Reader:
        """A reader of that rule for this network's answers at that grain.

        Raises `ValueError` if the rule's learned parts are not here.
        """
        if rule.addon is not None and rule.addon not in self.addons:
            raise ValueError(
                f"the rule '{rule.name}' has learned parts that {self.name or 'this network'} lacks; "
                f"choose one of {', '.join(rules_with(self.addons))}."
            )
        backbone, count = self.backbone, len(self.exits)
        shapes = [backbone.shape(exit_.block) for exit_ in self.exits]
        setting = Setting(
            exits=count,
            classes=backbone.classes if grain is None or rule.by_class else len(grain.labels),
            tokens=tuple(shape.count for shape in shapes),
            widths=tuple(shape.width for shape in shapes),
            parts=self.addons.get(rule.addon or "", {}),
            grain=CLASSES if grain is None or rule.by_class else grain.name,
        )
        return rule.reader(setting)

    def _advance_pair(
        self, tokens: Tensor, done: int, until: int, both: bool, watch: Watch | None = None
    ) -> tuple[Tensor | None, Tensor]:
        """Tokens after the block before `until`, if `both` are asked for, and after `until` itself."""
        if not both:
            return None, self.advance(tokens, done, until, watch)
        previous = self.advance(tokens, done, until - 1, watch)
        return previous, self.advance(previous, until - 1, until, watch)

    def _answer(self, index: int, tokens: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits (n, C) of an exit, the final one included, and its head's output tokens if it has a head."""
        if index < len(self.heads):
            return self.heads[index](tokens)
        return self.backbone.readout(tokens), None

    def _calibrated(self, logits: Tensor, index: int) -> NDArray[np.float32]:
        """Logits (n, C) of one exit over its temperature."""
        return np.divide(logits.float().cpu().numpy(), np.float32(self.temperatures[index]), dtype=np.float32)


def _seen(
    needs: frozenset[str],
    logits: NDArray[np.float32],
    tokens: Tensor,
    previous: Tensor | None,
    features: Tensor | None,
) -> Seen:
    """What readers are shown of an exit: the logits, and of the tensors those that are needed, as NumPy."""

    def shown(name: str, tensor: Tensor | None) -> NDArray[np.float32] | None:
        return tensor.float().cpu().numpy() if name in needs and tensor is not None else None

    return Seen(logits, shown(TOKENS, tokens), shown(PREVIOUS, previous), shown(FEATURES, features))
