"""A model on disk: a folder with config.json, labels.txt, safetensors shards, a card and its evaluation.

Shards stay under 10 MB so that a Space accepts them in a plain git push. Backbone and exits have files of
their own, so new heads do not re-ship the backbone. Matrices are in float16, norms and biases in float32.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import load_file, save_file
from torch import Tensor

from explorer.conformal import FILE as SETS
from explorer.conformal import IMAGES_FILE as SETS_OF_IMAGES
from explorer.conformal import Limits, read_limits
from explorer.grain import Grain, read_grains, write_grains
from explorer.model.addons import add_addons, addon_hashes
from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT
from explorer.model.precision import quick_precision
from explorer.rules import RULES

FORMAT = 1
# Measured with a folder's weights, and deleted when these change.
_MEASURED = ("rules.json", "sample.json", "evaluation.npz", "gallery.json")
_ENTRIES = ("name", "title", "backbone", "exits", "input", "thresholds", "weights")  # of config.json
_KINDS = (
    ("name", str, "text"),
    ("title", str, "text"),
    ("backbone", dict, "a table of names and values"),
    ("exits", list, "a list"),
    ("input", dict, "a table of names and values"),
    ("thresholds", dict, "a table of rules and numbers"),
    ("weights", dict, "a table of file names and hashes"),
)
SHARD_SIZE = "9MB"


class ModelError(ValueError):
    """A model folder that cannot be used; the message says what to do, in one sentence."""


@dataclass(frozen=True)
class InputSpec:
    """How an image becomes the network's input: by which sight, with which mean and deviation per channel."""

    sight: str  # a name in explorer.pipeline.SIGHTS
    mean: tuple[float, ...]  # of pixels in [0, 1]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Model:
    """A loaded model: the network in eval mode and all that is needed to use it."""

    name: str
    title: str
    network: MultiExitViT
    labels: tuple[str, ...]
    input: InputSpec
    thresholds: dict[str, float]  # by rule, chosen on the validation images
    folder: Path | None = None
    grains: tuple[Grain, ...] = ()  # coarser readings of its classes, the finest first
    notes: tuple[str, ...] = ()  # what this version ignores in the folder, a sentence each
    aim: dict[str, float] = field(default_factory=dict)  # of its thresholds, see `evaluate.tradeoff.Aim`
    reference: str = (
        "labels"  # what its evaluation compares answers with: true "labels", or a "teacher"'s answers
    )
    sets: Limits = field(default_factory=dict)  # which classes belong to a conformal set, at every exit


def save_model(model: Model, backbone: dict[str, Any], folder: Path) -> None:
    """Write the folder; `backbone` is what `build_backbone` takes. Card and evaluation are written elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    of_other_weights = [folder / name for name in (SETS, SETS_OF_IMAGES, *_MEASURED)]
    for old in (*folder.glob("*.safetensors"), *of_other_weights):
        old.unlink(missing_ok=True)
    state = model.network.state_dict()
    hashes: dict[str, str] = {}
    for part, prefix in (("backbone", "backbone."), ("exits", "heads.")):
        tensors = {name: _compact(tensor) for name, tensor in state.items() if name.startswith(prefix)}
        plan = split_torch_state_dict_into_shards(
            tensors, max_shard_size=SHARD_SIZE, filename_pattern=f"{part}{{suffix}}.safetensors"
        )
        for filename, names in plan.filename_to_tensors.items():
            save_file({name: tensors[name] for name in names}, folder / filename)
            hashes[filename] = _hash(folder / filename)
    config = {
        "format": FORMAT,
        "name": model.name,
        "title": model.title,
        "backbone": backbone,
        "exits": [asdict(spec) for spec in model.network.specs],
        "input": asdict(model.input),
        "thresholds": model.thresholds,
        "temperatures": model.network.temperatures,
        "reference": model.reference,
        "weights": hashes,
    }
    if model.aim:
        config["aim"] = model.aim
    settings = {
        g.name: {"thresholds": g.thresholds}
        | ({"temperatures": g.temperatures} if g.temperatures else {})
        | ({"opens": True} if g.opens else {})
        for g in model.grains
    }
    if model.grains:
        config["grains"] = settings
        write_grains(folder, model.grains)
    if addons := addon_hashes(folder):
        config["addons"] = addons
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    (folder / "labels.txt").write_text("\n".join(model.labels) + "\n", encoding="utf-8")
    for filename in hashes:  # safetensors lets only the owner read; make these as readable as the config
        (folder / filename).chmod((folder / "config.json").stat().st_mode & 0o777)


def load_model_folder(folder: Path, device: str | torch.device = "cpu") -> Model:
    """Load and verify a model folder; raises `ModelError` if anything is missing, altered or does not fit."""
    config = read_config(folder)
    state = _read_weights(folder, config["weights"])
    # The shards hold every weight: a backbone built from pretrained ones is not downloaded again.
    backbone = {key: value for key, value in config["backbone"].items() if key != "pretrained"}
    try:
        exits = [ExitSpec(**spec) for spec in config["exits"]]
        network = MultiExitViT(build_backbone(**backbone), exits, config["name"], config.get("temperatures"))
        facts = config["input"]
        mean, std = (tuple(float(v) for v in facts[key]) for key in ("mean", "std"))
        spec = InputSpec(facts["sight"], mean, std)
    except Exception as error:  # timm raises whatever its layers raise
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise ModelError(f"No network can be built as {folder}/config.json asks: {reason}.") from error
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f"The weights in {folder} do not fit its config; fetch the folder again.") from error
    _check_input(network.backbone, spec, folder)
    labels = read_labels(folder)
    if len(labels) != network.backbone.classes:
        raise ModelError(
            f"{folder} names {len(labels)} labels for {network.backbone.classes} classes; fix labels.txt."
        )
    notes = add_addons(network, folder, config)
    grains, left_out = read_grains(folder, config)
    sets, without_sets = read_limits(folder, len(network.exits))
    thresholds, unknown = known_thresholds(config["thresholds"])
    network.precision = quick_precision(network.backbone.width, torch.device(device))
    return Model(
        name=config["name"],
        title=config["title"],
        network=network.requires_grad_(False).eval().to(device),
        labels=labels,
        input=spec,
        thresholds=thresholds,
        folder=folder,
        grains=grains,
        notes=(*notes, *unknown, *left_out, *without_sets),
        aim=config.get("aim", {}),
        reference=config.get("reference", "labels"),
        sets=sets,
    )


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder; raises `ModelError` when there is none that can be read."""
    path = folder / "config.json"
    if not path.exists():
        raise ModelError(f"{folder} is not a model folder: it has no config.json.")
    try:
        config = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} is not JSON; fetch the folder again.") from error
    version = config.get("format") if isinstance(config, dict) else None
    if version != FORMAT:
        raise ModelError(f"{path} has format {version}; this version reads format {FORMAT}.")
    missing = [entry for entry in _ENTRIES if entry not in config]
    if missing:
        raise ModelError(f"{path} lacks {', '.join(missing)}; fetch the folder again.")
    for entry, kind, says in _KINDS:
        if not isinstance(config[entry], kind):
            raise ModelError(f"'{entry}' in {path} must be {says}; correct it, or fetch the folder again.")
    for rule, threshold in config["thresholds"].items():
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not isfinite(threshold):
            raise ModelError(f"The threshold for '{rule}' in {path} must be a number; correct it.")
    return config


def write_thresholds(
    folder: Path, thresholds: dict[str, float], by_grain: dict[str, dict[str, float]]
) -> None:
    """Write thresholds into a folder's config, including its grains'; its other ones stay."""
    config = read_config(folder)
    config["thresholds"] |= thresholds
    for name, own in by_grain.items():
        settings = config.setdefault("grains", {}).setdefault(name, {})
        settings["thresholds"] = settings.get("thresholds", {}) | own
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def known_thresholds(thresholds: dict[str, float]) -> tuple[dict[str, float], list[str]]:
    """Those of a config's thresholds whose rule this version has, and a sentence for each it leaves out."""
    known = {rule: threshold for rule, threshold in thresholds.items() if rule in RULES}
    notes = [
        f"This version has no exit rule '{rule}'; its threshold is left out."
        for rule in thresholds
        if rule not in RULES
    ]
    return known, notes


def _read_text(path: Path) -> str:
    """A text file in UTF-8, with or without the byte order mark of Windows editors. Raises `ModelError`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not text in UTF-8; save it in that encoding.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read; check its permissions.") from error


def _check_input(backbone: Backbone, spec: InputSpec, folder: Path) -> None:
    """Raises `ModelError` unless the network has a channel for each mean, and an input its sight can produce."""
    size, channels = backbone.input_size, backbone.channels
    if size[0] != size[1] and spec.sight != "photo":
        asked = f"{size[0]} x {size[1]}"
        raise ModelError(
            f"{folder}/config.json asks for {asked} pixels; the sight '{spec.sight}' makes squares only."
        )
    if not len(spec.mean) == len(spec.std) == channels:
        raise ModelError(
            f"{folder}/config.json gives {len(spec.mean)} means and {len(spec.std)} deviations "
            f"for {channels} channels; give one of each per channel."
        )
    if not all(isfinite(v) for v in (*spec.mean, *spec.std)) or min(spec.std) <= 0:
        raise ModelError(f"A mean or deviation in {folder}/config.json is not a positive number; correct it.")


def _read_weights(folder: Path, hashes: dict[str, str]) -> dict[str, Tensor]:
    """All shards as one state dict in float32, each checked against its SHA-256 first."""
    state: dict[str, Tensor] = {}
    for filename, expected in hashes.items():
        path = folder / Path(filename).name  # beside the config, whatever an untrusted config says
        if not path.is_file():
            raise ModelError(f"The model in {folder} lacks {filename}; fetch the folder again.")
        if _hash(path) != expected:
            raise ModelError(
                f"{filename} in {folder} is not the file its config names; fetch the folder again."
            )
        try:
            state |= load_file(path)
        except Exception as error:  # safetensors' own errors, and the disk's
            raise ModelError(f"{filename} in {folder} is damaged; fetch the folder again.") from error
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


def read_labels(folder: Path) -> tuple[str, ...]:
    """The classes' names in order, from labels.txt. Raises `ModelError`."""
    path = folder / "labels.txt"
    if not path.exists():
        raise ModelError(f"The model in {folder} lacks labels.txt; fetch the folder again.")
    return tuple(_read_text(path).splitlines())


def _compact(tensor: Tensor) -> Tensor:
    """float16 for matrices and filters; tensors of one axis are small and may hold large values, so they stay."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
