"""All methods, and the one way to request a map: `explain`."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.explain import methods as folder
from explorer.explain.grids import on_grid
from explorer.explain.map import Map, Method, Target
from explorer.model.multi_exit import MultiExitViT


def methods() -> dict[str, Method]:
    """Every method by name, in alphabetical order: the files of `explorer.explain.methods` that define `METHOD`."""
    return _in(tuple(folder.__path__))


@cache  # scanning folders takes as long as two blocks of a small network
def _in(paths: tuple[str, ...]) -> dict[str, Method]:
    names = sorted(found.name for found in pkgutil.iter_modules(paths))
    modules = {name: import_module(f"{folder.__name__}.{name}") for name in names}
    return {name.replace("_", "-"): m.METHOD for name, m in modules.items() if hasattr(m, "METHOD")}


def methods_json() -> list[dict[str, Any]]:
    """The methods as the page lists them."""
    return [
        {"name": name, "asks": sorted(method.asks), "families": sorted(method.families)}
        for name, method in methods().items()
    ]


@torch.inference_mode(False)  # a caller's inference mode would leave nothing to differentiate
def explain(name: str, network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """The map of that method for one normalised image (1, channels, height, width).

    With `target.against` the other exit's map is subtracted on the finer grid of the two, and the result is signed.
    Nothing is left on the network: no hook, gradient or flag.

    Raises `ValueError`, in a plain sentence, for an unknown method, exit, class or patch, for an exit that the method
    cannot explain, or for several images; `RuntimeError` in training mode.
    """
    method = methods().get(name)
    if method is None:
        raise ValueError(f"There is no method '{name}'; choose one of {', '.join(methods())}.")
    check(method, network, image, target)
    found = method.explain(network, image.clone().to(network.device), replace(target, against=None))
    if target.against is None:
        return found
    other = replace(target, exit=target.against, against=None)
    check(method, network, image, other)
    second = method.explain(network, image.clone().to(network.device), other)
    grid = np.maximum(found.values.shape[-2:], second.values.shape[-2:])
    difference = on_grid(found.values, grid) - on_grid(second.values, grid)
    return replace(found, values=difference.astype(np.float32), signed=True)


def check(method: Method, network: MultiExitViT, image: Tensor, target: Target) -> None:
    """Raises the errors that `explain` documents."""
    if network.training:
        raise RuntimeError("the network is in training mode; call eval() before asking for a map.")
    if len(image) != 1:
        raise ValueError(f"A map is made from one image at a time, got {len(image)}.")
    exits, classes = len(network.exits), network.backbone.classes
    if not 0 <= target.exit < exits:
        raise ValueError(f"There is no exit {target.exit}; expected 0 to {exits - 1}.")
    family = network.exits[target.exit].family
    if family not in method.families:
        raise ValueError(f"This method cannot explain a {family} exit; choose another exit or method.")
    if "class" in method.asks and not target.classes:
        raise ValueError("Choose the class to explain.")
    if not all(0 <= c < classes for c in target.classes):
        raise ValueError(f"There is no such class; expected 0 to {classes - 1}.")
    rows, columns = network.backbone.grid
    if target.patch is not None and not 0 <= target.patch < rows * columns:
        raise ValueError(f"There is no patch {target.patch}; expected 0 to {rows * columns - 1}.")
