"""What an exit rule is: its facts, and the reader that scores exits one after the other. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.trace import log_softmax, softmax

# How the rules are sorted: by what they look at. A family that is not here comes last.
LEARNED = "learned"
FAMILIES = ("certainty", "agreement", "change", LEARNED)

# What a reader may need besides the logits.
TOKENS = "tokens"  # (n, prefix + patches, D) after the exit's block
PREVIOUS = "previous"  # the same one block earlier
FEATURES = "features"  # (n, tokens, D) the output tokens of the exit's head; None at the final exit


@dataclass(frozen=True)
class Setting:
    """What a rule may know of the network it reads. E counts the early exits and the final one."""

    exits: int  # E
    classes: int  # C of the logits it will be given
    tokens: tuple[int, ...] = ()  # (E,) tokens after each exit's block, prefix included
    widths: tuple[int, ...] = ()  # (E,) their channels, D
    parts: Mapping[str, NDArray] = field(default_factory=dict)  # the tensors of the rule's addon, by name
    grain: str = "classes"  # which reading of the classes the logits are of


@dataclass(frozen=True)
class Seen:
    """What readers see of n images at one exit. Softmax is computed once for all readers."""

    logits: NDArray[np.float32]  # (n, C), over the exit's temperature
    tokens: NDArray[np.float32] | None = None
    previous: NDArray[np.float32] | None = None
    features: NDArray[np.float32] | None = None

    @classmethod
    def summarised(
        cls,
        predicted: NDArray[np.int64],
        confidence: NDArray[np.float64],
        certainty: NDArray[np.float64],
        classes: int,
    ) -> Seen:
        """One exit from a record, which has no logits: confidence stands in for the predicted class's, else 0.

        For rules with `summary` only; `probabilities` mean nothing here. The largest logit says how sure an answer is.
        """
        seen = cls(np.eye(classes, dtype=np.float32)[predicted] * confidence[:, None].astype(np.float32))
        vars(seen).update(predicted=predicted, confidence=confidence, certainty=certainty)
        return seen

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The result of `make()`, computed for the first reader that uses that key, and cached for the others."""
        kept: dict[Hashable, Any] = vars(self).setdefault("_kept", {})
        if key not in kept:
            kept[key] = make()
        return kept[key]

    @cached_property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Log-softmax, (n, C), in float64 and never through a probability that underflows."""
        return log_softmax(self.logits)

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax, (n, C); the largest is never below 1 / C, rounding included."""
        return softmax(self.logits)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """The largest probability, (n,)."""
        return self.probabilities.max(axis=-1)

    @cached_property
    def certainty(self) -> NDArray[np.float64]:
        """1 - H / ln C, (n,), in [0, 1]: normalised entropy turned so that higher = surer."""
        log_p = self.log_probabilities
        nats = -(np.exp(log_p) * log_p).sum(axis=-1)  # p ln p -> 0 where p underflows
        return np.clip(1.0 - nats / np.log(log_p.shape[-1]), 0.0, 1.0)  # rounding may go slightly outside

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The class with the largest logit, (n,)."""
        return self.logits.argmax(axis=-1)


class Verdict(NamedTuple):
    """A reader's result at one exit for the n images it was shown."""

    score: NDArray[np.float64]  # (n,) higher = surer; NaN never fires
    answer: NDArray[np.float32] | None = (
        None  # (n, C) logits of images that leave here, if not the exit's own
    )
    looks: Mapping[str, NDArray[np.float64]] = {}  # (n,) each: what the rule looks at, for the page to draw


class Reader:
    """Walks the exits once with a batch of images and scores them; a rule's own class derives from it.

    `begin(n)`, then per exit, shallow to deep, `step(exit, seen)`; after a step the caller may drop images that
    have left by `keep(mask)`. A score may depend on this exit and those before it only. One reader serves one
    walk at a time and holds nothing of a walk that has ended.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def begin(self, n: int) -> None:
        """A new walk with n images: forget the last one."""

    def step(self, exit: int, seen: Seen) -> Verdict:
        """Score the n images still inside at an exit, an index from 0; the last is the final read-out."""
        raise NotImplementedError

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Only the images under `mask`, (n,), stay inside: keep their state."""

    def macs(self, exit: int) -> int:
        """Multiply-accumulates that this rule's own step at that exit costs an image."""
        return 0


@dataclass(frozen=True)
class Rule:
    """An exit rule. The threshold is the lowest score that exits; `low`, `high` and `step` bound what may be chosen."""

    name: str
    title: str
    family: str
    paper: str  # authors, venue and year, with its URL
    says: str  # two sentences for a student
    direction: str  # the test in the field's own words
    low: float
    high: float | None  # None: the threshold counts exits, so the maximum is their number
    step: float
    default: float  # if the model sets none
    reader: Callable[[Setting], Reader]
    needs: frozenset[str] = frozenset()  # of TOKENS, PREVIOUS, FEATURES
    addon: str | None = None  # the model folder must hold addons/NAME.safetensors with its learned parts
    by_class: bool = False  # read once, on the classes' own logits: its scores are the same at every grain

    summary: bool = False  # its reader needs only predicted, confidence and certainty: a record is enough
    # Its score at an exit needs nothing from earlier exits, so an exit that is left out need not be run.
    alone: bool = False

    def __post_init__(self) -> None:
        if self.needs and not self.by_class:
            raise ValueError(f"the rule '{self.name}' looks at more than logits, so it must be by_class.")

    def top(self, exits: int) -> float:
        """The largest possible threshold with that many exits, the final one included."""
        return exits if self.high is None else self.high

    def default_for(self, exits: int) -> float:
        """The rule's own default threshold, within its range."""
        return min(self.default, self.top(exits))

    def describe(self, exits: int) -> dict[str, Any]:
        """What the page needs to know about the rule for a network of that many exits, as JSON types."""
        return {
            "title": self.title,
            "family": self.family,
            "paper": self.paper,
            "says": self.says,
            "direction": self.direction,
            "min": self.low,
            "max": self.top(exits),
            "step": self.step,
            "default": self.default_for(exits),
            "alone": self.alone,
        }
