"""What an exit's classifier reads, and the few layers that learned rules are made of. NumPy only."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from explorer.rules.rule import Seen

EPSILON = 1e-6  # of the norm, as in timm's layer norms


def pooled(seen: Seen) -> NDArray[np.float32]:
    """The state (n, D) that an exit's classifier reads: the mean of its head's tokens plus [CLS].

    [CLS] alone where a head has no tokens of its own, such as a linear one, or at the final exit. The rule must read
    tokens and features, and the backbone must have a class token.
    """
    state: NDArray[np.float32] = seen.once("pooled", lambda: _pooled(seen))
    return state


def _pooled(seen: Seen) -> NDArray[np.float32]:
    assert seen.tokens is not None, "a rule that reads pooled states needs TOKENS and FEATURES"
    state = seen.tokens[:, 0]
    if seen.features is not None and seen.features.shape[1]:
        state = state + seen.features.mean(axis=1)
    return state


def normed_state(seen: Seen) -> NDArray[np.float64]:
    """`normed` of the pooled state."""
    state: NDArray[np.float64] = seen.once("normed", lambda: normed(pooled(seen)))
    return state


def normed(state: NDArray) -> NDArray[np.float64]:
    """Mean 0 and variance 1 over the channels (ours): one layer shared by all exits then sees states of one scale."""
    wide = state.astype(np.float64)
    wide = wide - wide.mean(axis=-1, keepdims=True)
    return wide / np.sqrt((wide**2).mean(axis=-1, keepdims=True) + EPSILON)


def linear(parts: Mapping[str, NDArray], name: str, x: NDArray) -> NDArray[np.float64]:
    """x (n, in) through the layer of that name, whose weight is (out, in), as in torch: (n, out)."""
    weight = parts[f"{name}.weight"].T.astype(np.float64, copy=False)
    grown: NDArray[np.float64] = product(x, weight) + parts[f"{name}.bias"]
    return grown


def product(x: NDArray, y: NDArray) -> NDArray:
    """x @ y; by torch where a network runs, because NumPy's and torch's threads block each other.

    On two cores a batch of 64 then takes a third of the time to analyse.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return np.asarray(x @ y)
    kind = np.result_type(x, y)  # torch cannot multiply mixed dtypes
    first, second = (torch.from_numpy(part.astype(kind, copy=False)) for part in (x, y))
    return np.asarray((first @ second).numpy())


def wide(parts: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """The weights in float64, the others as they are: converted once and not at every exit."""
    return {name: part.astype(np.float64) if part.ndim == 2 else part for name, part in parts.items()}


def sigmoid(x: NDArray) -> NDArray[np.float64]:
    """1 / (1 + e^-x), without an overflow."""
    grown: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -x))
    return grown
