"""Reads what the LGViT authors published (github.com/falcon-xu/LGViT): weights on ViT, DeiT and Swin, whole folders."""

from __future__ import annotations

import json
import pickle
from math import log
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, ModelError, save_model
from explorer.model.lgvit_names import FAMILIES, Family, Renaming, family_of
from explorer.model.multi_exit import MultiExitViT

# What the authors evaluate at: the largest probability, and the entropy in nats.
CONFIDENCE, ENTROPY = 0.8, 0.6
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # looked for in this order
_INDEX = ".index.json"  # beside weights that transformers split into several files
SHOWN = 4  # names of weights listed in one sentence


def is_lgvit(folder: Path) -> bool:
    """Whether this is a folder as the authors publish them, in transformers' layout."""
    try:
        return "highway_type" in json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def convert_lgvit(folder: Path, out: Path, title: str, file: Path | None = None) -> Path:
    """Write the model folder `out` from one of the authors' folders. Raises `ModelError`, one plain sentence.

    `file` holds the weights where they are not under one of transformers' names.

    Matrices are rounded to float16, as in every model folder. Thresholds are the one their config holds, else those
    the authors evaluate at; its accuracy was not measured here, so it has no evaluation.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = _read(file) if file else _weights(folder)
        network = from_lgvit(config, weights, out.name)
        sight = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        seen = InputSpec("photo", tuple(sight["image_mean"]), tuple(sight["image_std"]))
        labels = _labels(config, network.backbone.classes)
    except OSError as error:
        raise ModelError(
            f"{folder} lacks {Path(error.filename or 'a file').name}; fetch it again."
        ) from error
    except KeyError as error:
        raise ModelError(f"{folder} does not say its {error.args[0]}; fetch it again.") from error
    except ValueError as error:  # our own messages, and JSON's
        reason = (
            "a file of its configuration is not JSON"
            if isinstance(error, json.JSONDecodeError)
            else str(error)
        )
        raise ModelError(f"{folder} cannot be converted: {reason.rstrip('.')}.") from error
    except Exception as error:  # torch, safetensors and pickle raise whatever they find broken
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise ModelError(f"{folder} cannot be converted: {reason}.") from error
    thresholds = {"confidence": CONFIDENCE, "entropy": round(1 - ENTROPY / log(len(labels)), 3)}
    thresholds |= _own_threshold(config, len(labels))
    save_model(Model(out.name, title, network, labels, seen, thresholds), _family(config).entry(config), out)
    return out


def from_lgvit(config: dict[str, Any], weights: dict[str, Tensor], name: str = "lgvit") -> MultiExitViT:
    """A network, in eval mode, from the authors' configuration and state dict.

    Raises `KeyError` for a configuration that lacks an entry, and `ValueError`, in one sentence, for heads other than
    LGViT's, for a layout that is not theirs, and when a weight is missing, left over or of another shape.
    """
    family = _family(config)
    if config.get("hidden_act", "gelu") != "gelu":
        raise ValueError(f"only GELU networks can be converted, not {config['hidden_act']}.")
    exits = family.exits(config)
    network = MultiExitViT(build_backbone(**family.entry(config)), exits, name)
    names = Renaming({key.removeprefix("module."): tensor for key, tensor in weights.items()})
    family.rename(names, config, exits)
    wanted = network.state_dict()
    missing = names.missing or [key for key in wanted if key not in names.ours]
    if missing:
        raise ValueError(f"these weights lack {_listed(missing)}.")
    left = [*names.theirs, *(key for key in names.ours if key not in wanted)]
    if left:
        raise ValueError(
            f"these weights do not fit their configuration, which has no place for {_listed(left)}."
        )
    for key, tensor in wanted.items():
        if names.ours[key].shape != tensor.shape:
            has, wants = tuple(names.ours[key].shape), tuple(tensor.shape)
            raise ValueError(
                f"these weights do not fit their configuration: {key} is {has} instead of {wants}."
            )
    network.load_state_dict(names.ours)
    return network.eval()


def _family(config: dict[str, Any]) -> Family:
    name = family_of(config)
    if config.get("highway_type") != "LGViT" or name not in FAMILIES:
        raise ValueError(
            f"only LGViT heads on {', '.join(FAMILIES)} can be converted, not {config.get('highway_type')} on {name}."
        )
    return FAMILIES[name]


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _labels(config: dict[str, Any], classes: int) -> tuple[str, ...]:
    """The classes' names, by number; transformers writes numbers as text."""
    names = config["id2label"]
    if len(names) != classes:
        raise ValueError(f"its id2label names {len(names)} classes, its weights have {classes}.")
    return tuple(str(names[str(i)]) for i in range(classes))


def _own_threshold(config: dict[str, Any], classes: int) -> dict[str, float]:
    """The threshold in the configuration, where it is one number for a rule of ours."""
    value, rule = config.get("threshold"), config.get("exit_strategy")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return {}
    if rule == "confidence":
        return {"confidence": float(value)}
    return {"entropy": round(1 - value / log(classes), 3)} if rule == "entropy" else {}


def _weights(folder: Path) -> dict[str, Tensor]:
    """The state dict, in one file or several: safetensors, or a pickle from which only tensors are read."""
    for name in _WEIGHTS:
        if (folder / name).exists():
            return _read(folder / name)
        if (folder / f"{name}{_INDEX}").exists():
            index = json.loads((folder / f"{name}{_INDEX}").read_text(encoding="utf-8"))
            parts = sorted({Path(part).name for part in index["weight_map"].values()})
            return {key: value for part in parts for key, value in _read(folder / part).items()}
    raise FileNotFoundError(2, "no weights", str(folder / _WEIGHTS[-1]))


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path.name} holds more than tensors, or is damaged, and is not read; save it as safetensors"
        ) from error
    # A trainer's checkpoint holds the weights among other things.
    for inner in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(inner), dict):
            state = state[inner]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path.name} holds no table of weights")
    return state
