"""One model's files for the page without a server: its network in pieces, and what the worker must know about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from explorer.evaluate.gallery import read_gallery
from explorer.evaluate.record import load_records
from explorer.model.addons import Parts
from explorer.model.bundle import Model
from explorer.model.catalog import find_model
from explorer.model.multi_exit import MultiExitViT
from explorer.model.pieces import export
from explorer.pipeline import to_tensor
from explorer.rules import rules_with
from explorer.rules.left_out import spared_by

PART = 9_000_000  # bytes: a larger piece is split into several files
# The rules that the worker scores, browser/rules.js. One that it does not know yet is not offered there.
BROWSER_RULES = (
    *("confidence", "entropy", "margin", "sdn", "sorted", "patience", "pabee", "pcee", "deer", "mue"),
    *("performance", "berxit", "jei-dnn", "palbert", "palbert-mixed"),
)
SEED = 0  # of the Stress tab's noise and the place of its occlusion


def kept_file(out: Path, path: str, data: bytes) -> dict[str, Any]:
    """Write a file that the worker keeps: {path, bytes, sha256}."""
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_bytes(data)
    return {"path": path, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def write_model(name: str, model: Model, out: Path, rules: Sequence[str]) -> dict[str, Any]:
    """Write a model's pieces and facts; `name` is the one it is requested by.

    Returns {"name", "file"}: where its facts are. Raises `ModelError`.
    """
    network, home = model.network, f"kept/{name}"
    files: dict[str | None, list[dict[str, Any]]] = {None: []}
    pieces = []
    for stage, data in export(network):
        parts = [data[at : at + PART] for at in range(0, len(data), PART)]
        files[stage.name] = files[stage.behind] + [
            kept_file(out, f"{home}/{stage.name}-{i}.onnx", part) for i, part in enumerate(parts, 1)
        ]
        pieces.append(
            {
                "name": stage.name,
                "inputs": stage.inputs,
                "outputs": stage.outputs,
                "files": files[stage.name],
            }
        )
    facts = {
        "name": name,
        "title": model.title,
        "labels": model.labels,
        "input": {"sight": model.input.sight, "mean": model.input.mean, "std": model.input.std},
        "size": list(network.backbone.input_size),
        "grid": list(network.backbone.grid),
        "prefix": network.backbone.prefix,
        "blocks": network.backbone.blocks,
        "exits": [{"block": e.block, "kind": e.kind, "family": e.family} for e in network.exits],
        "macs": network.macs.tolist(),
        "macs_full": network.macs_full,
        "heads": network.head_macs.tolist(),
        "temperatures": network.temperatures,
        "rules": [rule for rule in rules_with(network.addons) if rule in rules],
        "rule_macs": _rule_macs(network, rules),
        "spared": _spared(network, rules),
        "addons": {
            addon: _addon(parts, out, f"{home}/{addon}.bin") for addon, parts in network.addons.items()
        },
        "grains": [
            {
                "name": grain.name,
                "labels": grain.labels,
                "groups": grain.groups.tolist(),
                "temperatures": grain.temperatures,
            }
            for grain in model.grains
        ],
        "sets": {
            grain: {coverage: limit.tolist() for coverage, limit in by_coverage.items()}
            for grain, by_coverage in model.sets.items()
        },
        "pieces": pieces,
        "check": _check(model, out, home),
        "stress": {
            "grain": _grain(model, out, home),
            "place": np.random.default_rng(SEED).random(2).tolist(),
        },
        "gallery": _gallery(model, name, out, home),
    }
    data = json.dumps(facts, separators=(",", ":")).encode()
    return {"name": name, "file": kept_file(out, f"{home}/model.json", data)}


def _check(model: Model, out: Path, home: str) -> dict[str, Any]:
    """A synthetic picture in bytes, then its logits at every exit in float32, which a browser must reproduce."""
    (height, width), channels = model.network.backbone.input_size, len(model.input.mean)
    y, x, c = np.mgrid[:height, :width, :channels]
    waves = np.sin(x * (9 + c) / width) * np.cos(y * (6 + c) / height)
    picture = np.rint(127.5 + 127.5 * waves).astype(np.uint8)
    logits = model.network.analyse(to_tensor(model, picture)).logits[0]
    return kept_file(out, f"{home}/check.bin", picture.tobytes() + logits.astype("<f4").tobytes())


def _spared(network: MultiExitViT, rules: Sequence[str]) -> dict[str, list[int]]:
    """What turning off each early exit saves an image that passes it, (E - 1,), under rules that score exits alone."""
    own, nothing = _rule_macs(network, rules), np.zeros(len(network.exits), np.int64)
    return {
        name: spared_by(network.head_macs, np.array(own.get(name, nothing))).tolist()
        for name, rule in rules_with(network.addons).items()
        if name in rules and rule.alone
    }


def _rule_macs(network: MultiExitViT, rules: Sequence[str]) -> dict[str, list[int]]:
    """What a rule itself costs an image that leaves at each exit, for rules that cost something."""
    exits = range(len(network.exits))
    readers = {
        name: network.reader(rule) for name, rule in rules_with(network.addons).items() if name in rules
    }
    costs = {
        name: np.cumsum([reader.macs(exit) for exit in exits]).tolist() for name, reader in readers.items()
    }
    return {name: macs for name, macs in costs.items() if any(macs)}


def _addon(parts: Parts, out: Path, path: str) -> dict[str, Any]:
    """A rule's learned parts as float32, one after the other; `at` counts numbers."""
    numbers = [np.ascontiguousarray(value, dtype="<f4") for value in parts.values()]
    places = np.cumsum([0, *(one.size for one in numbers)]).tolist()
    return {
        "file": kept_file(out, path, b"".join(one.tobytes() for one in numbers)),
        "parts": {
            name: {"shape": list(one.shape), "at": at}
            for name, one, at in zip(parts, numbers, places, strict=False)
        },
    }


def _grain(model: Model, out: Path, home: str) -> dict[str, Any]:
    """NumPy's noise, as `corruptions.noise` draws it, in 16 bits: its generator is not worth porting to JavaScript."""
    height, width = model.network.backbone.input_size
    channels = len(model.input.mean)
    shape = (height, width) if channels == 1 else (height, width, channels)
    grain = np.random.default_rng(SEED).standard_normal(shape, dtype=np.float32)
    scale = 32767 / float(np.abs(grain).max())
    data = np.rint(grain * scale).astype("<i2").tobytes()
    return {**kept_file(out, f"{home}/grain.bin", data), "scale": scale}


def _gallery(model: Model, name: str, out: Path, home: str) -> dict[str, Any] | None:
    """The picture of the hardest and easiest images, with their labels; None where the model has none."""
    folder = find_model(name)
    gallery = read_gallery(folder)
    if gallery is None:
        return None
    sprite = folder / json.loads((folder / "gallery.json").read_text())["sprite"]
    labels = load_records(folder / "evaluation.npz")[gallery.split].labels
    return {
        "file": kept_file(out, f"{home}/{sprite.name}", sprite.read_bytes()),
        "tile": list(gallery.tile),
        "columns": gallery.columns,
        "split": gallery.split,
        "indices": list(map(int, gallery.indices)),
        "labels": [int(labels[i]) for i in gallery.indices],
    }
