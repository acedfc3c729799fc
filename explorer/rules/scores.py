"""The exit rules by name: how each turns a trace into one score per exit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.trace import Trace


@dataclass(frozen=True)
class Rule:
    """An exit rule: `score` maps a trace, (E, C) or (N, E, C), to scores, (E,) or (N, E), higher = surer.

    A score at one exit depends on that exit and those before it only, so that `infer` can compute it on the
    way. `low`, `high` and `step` bound the threshold a person may choose; `default` is used where a model
    says nothing.
    """

    name: str
    title: str
    says: str
    score: Callable[[Trace], NDArray[np.float64]]
    low: float
    high: float
    step: float
    default: float

    def describe(self) -> dict[str, Any]:
        """What the page needs to know of the rule, as JSON types."""
        facts = asdict(self)
        del facts["score"], facts["name"]
        facts["min"], facts["max"] = facts.pop("low"), facts.pop("high")
        return facts


def confidence(trace: Trace) -> NDArray[np.float64]:
    """The largest probability, in [1/C, 1]."""
    return trace.probabilities.max(axis=-1)


def entropy(trace: Trace) -> NDArray[np.float64]:
    """Certainty 1 - H / ln C, in [0, 1]: the normalised entropy of PCEE-BERT turned so that higher = surer.

    LGViT's own threshold t on H in nats is the threshold 1 - t / ln C here. A class whose probability
    underflows adds nothing (p ln p -> 0), where the published code gives NaN.
    """
    log_p = trace.log_probabilities
    nats = -(np.exp(log_p) * log_p).sum(axis=-1)
    return np.clip(1.0 - nats / np.log(log_p.shape[-1]), 0.0, 1.0)  # rounding may lead a hair outside


def patience(trace: Trace) -> NDArray[np.float64]:
    """How many exits in a row, with this one, gave the same answer: from 1 as in LGViT (PABEE: from 0)."""
    predicted = trace.predicted
    streak = np.ones(predicted.shape, dtype=np.float64)
    for e in range(1, predicted.shape[-1]):
        same = predicted[..., e] == predicted[..., e - 1]
        streak[..., e] = np.where(same, streak[..., e - 1] + 1, 1)
    return streak


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        # 0.8: the threshold LGViT is evaluated at.
        Rule("confidence", "Confidence", "Leave when the largest probability reaches the threshold.",
             confidence, 0.0, 1.0, 0.005, 0.8),
        Rule("entropy", "Entropy", "Leave when the certainty 1 − H / ln C reaches the threshold.",
             entropy, 0.0, 1.0, 0.005, 0.75),
        Rule("patience", "Patience", "Leave when this many exits in a row gave the same answer.",
             patience, 1, 9, 1, 3),
    )
}  # fmt: skip


def get_rule(name: str) -> Rule:
    """The rule of that name. Raises `ValueError` with the names there are."""
    try:
        return RULES[name]
    except KeyError:
        raise ValueError(f"there is no exit rule '{name}'; choose one of {', '.join(RULES)}.") from None
