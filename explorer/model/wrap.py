"""Any timm classifier as a multi-exit model at once: its own last layer after every block, nothing trained."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor

from explorer.model.backbone import Backbone
from explorer.model.bundle import InputSpec, Model, ModelError, load_model_folder, save_model
from explorer.model.card import FRONT_MATTER
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT

_HEADS = ("head.weight", "head.fc.weight", "head_dist.weight")
_CARD = """
# {title}

timm's `{name}` with its own last layer (final norm and classifier) read out behind every block that fits it. **No exit
was trained**: what shallow blocks answer is what an untrained read-out makes of them, and usually wrong. That is the
reason for exit heads such as LGViT's; train some with `python -m explorer train --backbone {folder}`.

- **Weights**: {weights}.
- **Input**: {height} x {width} pixels, mean {mean}, deviation {std}.
"""


def wrap(
    name: str,
    out: Path,
    weights: Path | None = None,
    labels: Path | None = None,
    title: str | None = None,
) -> Model:
    """Write the model folder `out` of timm's model `name`, with its published weights or those of a file.

    `labels` names one class per line. Raises `ModelError`, in one sentence.
    """
    state = _read(weights) if weights else None
    named = _labels(labels) if labels else None
    classes = _classes(state) if state else len(named) if named else None
    entry: dict[str, Any] = {"kind": "timm", "name": name} | ({"num_classes": classes} if classes else {})
    backbone = _backbone(name, entry, state, weights)
    entry["num_classes"] = backbone.classes
    names = named or tuple(f"class {i}" for i in range(backbone.classes))
    if len(names) != backbone.classes:
        raise ModelError(
            f"{labels} names {len(names)} classes, the weights have {backbone.classes}; correct the file."
        )
    last = backbone.shape(backbone.blocks)
    exits = [ExitSpec(b, "shared") for b in range(1, backbone.blocks) if backbone.shape(b) == last]
    network = MultiExitViT(backbone, exits, out.name).eval()
    facts = backbone.facts
    spec = InputSpec("photo", tuple(facts["mean"]), tuple(facts["std"]))
    model = Model(out.name, title or f"{name}, its last layer behind every block", network, names, spec, {})
    save_model(model, entry, out)
    write_card(model, name, out, f"`{weights.name}`" if weights else "timm's own, from the hub")
    return load_model_folder(out)


def write_card(model: Model, name: str, out: Path, weights: str) -> None:
    """README.md of a wrapped model."""
    height, width = model.network.backbone.input_size
    text = FRONT_MATTER + _CARD.format(
        title=model.title, name=name, folder=out, weights=weights, height=height, width=width,
        mean=model.input.mean, std=model.input.std,
    )  # fmt: skip
    (out / "README.md").write_text(text, encoding="utf-8")


def _backbone(
    name: str, entry: dict[str, Any], state: dict[str, Tensor] | None, file: Path | None
) -> Backbone:
    if not timm.is_model(name.partition(".")[0]):
        close = get_close_matches(name, timm.list_models(), 3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see timm.list_models()."
        raise ModelError(f"timm has no model '{name}'; {hint}")
    options = {key: value for key, value in entry.items() if key not in ("kind", "name")}
    try:
        backbone = Backbone(timm.create_model(name, pretrained=state is None, **options))
    except TypeError as error:
        raise ModelError(f"{name} cannot be wrapped: {error}") from error
    except Exception as error:  # the hub's client raises many kinds
        raise ModelError(
            f"timm's weights of {name} could not be fetched; check the network, or name a file by --weights."
        ) from error
    if state is not None:
        wanted = backbone.vit.state_dict()
        lacking = [key for key in wanted if key not in state]
        foreign = [key for key in state if key not in wanted]
        shapes = [key for key in wanted if key in state and state[key].shape != wanted[key].shape]
        for names, says in (
            (lacking, "lacks"),
            (foreign, "has too much, "),
            (shapes, "has another shape of"),
        ):
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                raise ModelError(f"{file} is not of timm's {name}: it {says} {', '.join(names[:3])}{more}.")
        backbone.vit.load_state_dict(state)
    return backbone


def _classes(state: dict[str, Tensor]) -> int:
    """Classes of a state dict, from its classifier."""
    found = next((state[key] for key in _HEADS if key in state), None)
    if found is None:
        raise ModelError(
            f"the weights hold no classifier ({_HEADS[0]}); name a file of a fine-tuned timm model."
        )
    return len(found)


def _labels(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} cannot be read as text; --labels needs a file with a class a line."
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    """A state dict in timm's names, of safetensors or a pickle from which only tensors are read."""
    try:
        raw = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"there is no {path}; --weights needs a state dict of a timm model.") from error
    except Exception as error:  # safetensors, pickle and zip each have their own errors
        raise ModelError(f"{path} is damaged or holds more than tensors; save it as safetensors.") from error
    for inner in ("state_dict", "model", "state_dict_ema"):
        if isinstance(raw, dict) and isinstance(raw.get(inner), dict):
            raw = raw[inner]
            break
    if not isinstance(raw, dict) or not all(isinstance(value, Tensor) for value in raw.values()):
        raise ModelError(f"{path} holds no state dict of a timm model.")
    return {key.removeprefix("module.").removeprefix("model."): value for key, value in raw.items()}
