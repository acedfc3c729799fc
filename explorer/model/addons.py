"""Learned parts of exit rules: addons/NAME.safetensors in a model folder, and what this version cannot use of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from explorer.model.multi_exit import MultiExitViT
from explorer.rules import RULES

Parts = dict[str, NDArray]


def addon_path(folder: Path, name: str) -> Path:
    """Where a model folder keeps the learned parts of that name."""
    return folder / "addons" / f"{name}.safetensors"


def addon_names(folder: Path) -> list[str]:
    """The addons a model folder holds, by name; none is read."""
    return sorted(path.stem for path in (folder / "addons").glob("*.safetensors"))


def save_addon(folder: Path, name: str, parts: Parts) -> Path:
    """Write learned parts into a model folder; returns the file's path."""
    path = addon_path(folder, name)
    path.parent.mkdir(exist_ok=True)
    save_file({key: np.ascontiguousarray(value) for key, value in parts.items()}, path)
    return path


def read_addon(folder: Path, name: str) -> Parts:
    """The tensors of an addon, fractions in float32. Raises `OSError` or `SafetensorError`."""
    tensors = load_file(addon_path(folder, name))
    return {
        key: value.astype(np.float32) if np.issubdtype(value.dtype, np.floating) else value
        for key, value in tensors.items()
    }


def add_addons(network: MultiExitViT, folder: Path) -> list[str]:
    """Give the network the addons of its folder that this version can use; a sentence for each it leaves out."""
    notes = []
    for name in addon_names(folder):
        rules = [rule for rule in RULES.values() if rule.addon == name]
        if not rules:
            notes.append(f"This version has no exit rule that uses addons/{name}; it is left out.")
            continue
        try:
            network.addons[name] = read_addon(folder, name)
            for rule in rules:
                network.reader(rule)
        except (OSError, SafetensorError, KeyError, ValueError):
            network.addons.pop(name, None)
            notes.append(f"The learned parts addons/{name} do not fit this model; they are left out.")
    return notes
