"""Learned parts of exit rules: addons/NAME.safetensors in a model folder, and what this version cannot use of it.

The file's header says what it is, as strings: `format`, `rule` (whose parts these are), `recipe` (how they were
trained), `trained_on` (the model) and `weights` (a SHA-256 over that model's weights: with others the parts mean
nothing). config.json lists each file with its own SHA-256 under `addons`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from explorer.model.multi_exit import MultiExitViT
from explorer.rules import RULES

Parts = dict[str, NDArray]
ADDON_FORMAT = "1"


def addon_path(folder: Path, name: str) -> Path:
    """Where a model folder keeps the learned parts of that name."""
    return folder / "addons" / f"{name}.safetensors"


def addon_names(folder: Path) -> list[str]:
    """The addons a model folder holds, by name; without reading any."""
    return sorted(path.stem for path in (folder / "addons").glob("*.safetensors"))


def addon_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every addon in a model folder, by name, as its config lists them."""
    return {name: sha256(addon_path(folder, name).read_bytes()).hexdigest() for name in addon_names(folder)}


def weights_digest(config: Mapping[str, Any]) -> str:
    """One SHA-256 over the hashes of a model's weights: two folders share it if all their weights are equal."""
    return sha256(
        " ".join(config["weights"][name] for name in sorted(config["weights"])).encode()
    ).hexdigest()


def save_addon(folder: Path, name: str, parts: Parts, recipe: str = "") -> Path:
    """Write learned parts into a model folder and list them in its config; returns the file's path."""
    path = addon_path(folder, name)
    path.parent.mkdir(exist_ok=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    facts = {
        "format": ADDON_FORMAT,
        "rule": name,
        "recipe": recipe or name,
        "trained_on": str(config["name"]),
        "weights": weights_digest(config),
    }
    save_file({key: np.ascontiguousarray(value) for key, value in parts.items()}, path, facts)
    config["addons"] = addon_hashes(folder)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return path


def read_addon(folder: Path, name: str) -> Parts:
    """The tensors of an addon, fractions in float32. Raises `OSError` or `SafetensorError`."""
    tensors = load_file(addon_path(folder, name))
    return {
        key: value.astype(np.float32) if np.issubdtype(value.dtype, np.floating) else value
        for key, value in tensors.items()
    }


def read_facts(folder: Path, name: str) -> dict[str, str]:
    """What an addon's header says about it; empty if nothing. Raises `OSError` or `SafetensorError`."""
    with safe_open(addon_path(folder, name), framework="numpy") as file:
        return file.metadata() or {}


def is_of(folder: Path, name: str, config: Mapping[str, Any]) -> bool:
    """Whether an addon belongs to the weights that a config names. Raises `OSError` or `SafetensorError`."""
    digest = weights_digest(config)
    return read_facts(folder, name).get("weights", digest) == digest


def add_addons(network: MultiExitViT, folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Give the network the addons of its folder that this version can use; a sentence for each it leaves out."""
    notes = []
    listed: dict[str, str] = config.get("addons", {})
    for name in sorted({*addon_names(folder), *listed}):
        note = _add(network, folder, name, config, listed)
        if note:
            network.addons.pop(name, None)
            notes.append(note)
    return notes


def unknown_addons(folder: Path) -> list[str]:
    """A sentence for each addon in a folder whose rule this version does not have; without reading any."""
    used = {rule.addon for rule in RULES.values()}
    return [
        f"This version has no exit rule that uses addons/{name}; it is left out."
        for name in addon_names(folder)
        if name not in used
    ]


def _add(
    network: MultiExitViT, folder: Path, name: str, config: Mapping[str, Any], listed: Mapping[str, str]
) -> str | None:
    """Add one addon; returns what is wrong with it, if anything."""
    rules = [rule for rule in RULES.values() if rule.addon == name]
    if not rules:
        return f"This version has no exit rule that uses addons/{name}; it is left out."
    try:
        if refused := _refused(folder, name, config, listed):
            return refused
        network.addons[name] = read_addon(folder, name)
        for rule in rules:
            network.reader(rule)
    except FileNotFoundError:
        return f"This model's config names addons/{name}, and it is not there; fetch the folder again."
    except (OSError, SafetensorError, KeyError, ValueError):
        return f"The learned parts addons/{name} do not fit this model; they are left out."
    return None


def _refused(folder: Path, name: str, config: Mapping[str, Any], listed: Mapping[str, str]) -> str | None:
    """Why an addon's bytes or header rule it out, if they do. Raises `OSError` or `SafetensorError`."""
    if name in listed and sha256(addon_path(folder, name).read_bytes()).hexdigest() != listed[name]:
        return f"addons/{name} is not the file this model's config names; it is left out."
    if read_facts(folder, name).get("format", ADDON_FORMAT) != ADDON_FORMAT:
        return f"addons/{name} has a newer format than this version reads; it is left out."
    if not is_of(folder, name, config):
        return f"addons/{name} was trained on other weights than this model's; it is left out."
    return None


def own_addons(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """The addons of a folder that `add_addons` would try, by name: intact, and of the model's weights."""
    found = []
    for name in addon_names(folder):
        with suppress(OSError, SafetensorError):
            if _refused(folder, name, config, config.get("addons", {})) is None:
                found.append(name)
    return found
