"""ZeroGPU of Hugging Face Spaces, which lends a graphics card for one call: for explanations that need many passes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from explorer.explain.map import Map, Target
from explorer.explain.registry import explain
from explorer.explain.turns import Superseded
from explorer.model.bundle import Model

Work = TypeVar("Work", bound=Callable[..., Any])

MANY_PASSES = (
    "integrated-gradients",
    "occlusion",
    "smoothgrad",
)  # the others take a pass or two, quicker than a loan
SECONDS = 30  # of a visitor's daily minutes, at most

_log = logging.getLogger(__name__)
_networks: dict[str, Model] = {}  # by name; the process that gets the card is a copy of this one


def on_a_lent_card(work: Work) -> Work:
    """The function under @spaces.GPU if the package `spaces` is installed, as on Spaces; elsewhere unchanged.

    A ZeroGPU Space does not start without such a function. Elsewhere the decorator changes nothing.
    """
    try:
        import spaces
    except ImportError:
        return work
    return spaces.GPU(duration=SECONDS)(work)


@on_a_lent_card
def _explain_there(name: str, method: str, image: Tensor, target: Target) -> Map:
    """Runs in a process of its own, so that moving the network there affects nobody else."""
    network = _networks[name].network
    if torch.cuda.is_available():
        network.to("cuda")
    return explain(method, network, image, target)


def explain_for(model: Model, method: str, image: Tensor, target: Target) -> Map:
    """`explorer.explain.registry.explain`; on ZeroGPU with a lent card where many passes are needed.

    If no card is available, e.g. when a visitor's minutes are used up, it runs here. Raises as `explain` does.
    """
    if method in MANY_PASSES and os.environ.get("SPACES_ZERO_GPU"):
        _networks[model.name] = model
        try:
            return _explain_there(model.name, method, image, target)
        except (ValueError, Superseded):
            raise
        except Exception as error:
            _log.warning("no graphics card was lent: %s", type(error).__name__)
    return explain(method, model.network, image, target)
