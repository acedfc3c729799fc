"""Reads what the LGViT authors published (github.com/falcon-xu/LGViT, on ViT): weights, and whole folders."""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, ModelError, save_model
from explorer.model.exits import ExitSpec, lgvit_exits
from explorer.model.multi_exit import MultiExitViT

# Theirs -> ours, of one block and of one head's parts.
_BLOCK = {
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "attention.output.dense": "attn.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
}
_LOCAL = {
    "conv1.0": "local.expand.0",
    "conv1.2": "local.expand.2",
    "proj": "local.spread.0",
    "proj_bn": "local.spread.2",
    "conv2.0": "local.project.0",
    "conv2.1": "local.project.1",
}
_GLOBAL = {"qkv": "qkv", "proj": "project"}

# What the authors evaluate at: the largest probability, and the entropy in nats.
CONFIDENCE, ENTROPY = 0.8, 0.6
_SAFETENSORS, _PICKLED = "model.safetensors", "pytorch_model.bin"


def is_lgvit(folder: Path) -> bool:
    """Whether this is a folder as the authors publish them, in transformers' layout."""
    try:
        return "highway_type" in json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def convert_lgvit(folder: Path, out: Path, title: str) -> Path:
    """Write the model folder `out` from a folder of the authors'. Raises `ModelError`, one plain sentence.

    Matrices are rounded to float16, as in every model folder. Thresholds are those the authors evaluate at; what it
    scores, nobody has measured here, so it has no evaluation.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    try:
        network = from_lgvit(config, _weights(folder), out.name)
        sight = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        seen = InputSpec("photo", tuple(sight["image_mean"]), tuple(sight["image_std"]))
        labels = tuple(config["id2label"][str(i)] for i in range(network.backbone.classes))
    except OSError as error:
        raise ModelError(
            f"{folder} lacks {Path(error.filename or 'a file').name}; fetch it again."
        ) from error
    except KeyError as error:
        raise ModelError(f"{folder} does not say its {error.args[0]}; fetch it again.") from error
    except Exception as error:  # torch, safetensors and json raise whatever they find broken
        raise ModelError(f"{folder} cannot be converted: {error}") from error
    thresholds = {"confidence": CONFIDENCE, "entropy": round(1 - ENTROPY / log(len(labels)), 3)}
    model = Model(out.name, title, network, labels, seen, thresholds)
    save_model(model, _backbone(config), out)
    return out


def _weights(folder: Path) -> dict[str, Tensor]:
    """The state dict, of safetensors or else of a pickle, of which nothing but tensors is read."""
    if (folder / _SAFETENSORS).exists():
        return load_file(folder / _SAFETENSORS)
    return torch.load(folder / _PICKLED, map_location="cpu", weights_only=True)


def _backbone(config: dict[str, Any]) -> dict[str, Any]:
    """What `build_backbone` takes, of the authors' configuration; transformers stores the classes' names alone."""
    return {
        "kind": "vit",
        "img_size": config["image_size"],
        "patch_size": config["patch_size"],
        "num_classes": config["num_labels"] if "num_labels" in config else len(config["id2label"]),
        "embed_dim": config["hidden_size"],
        "depth": config["num_hidden_layers"],
        "num_heads": config["num_attention_heads"],
        "mlp_ratio": config["intermediate_size"] / config["hidden_size"],
        "norm_eps": config["layer_norm_eps"],
    }


def from_lgvit(config: dict[str, Any], weights: dict[str, Tensor], name: str = "lgvit") -> MultiExitViT:
    """A network, in eval mode, from the authors' configuration and state dict.

    Raises `ValueError` for a backbone or heads other than LGViT on ViT, and when a weight is missing or left
    over.
    """
    if config["backbone"] != "ViT" or config["highway_type"] != "LGViT":
        raise ValueError(
            f"only LGViT heads on ViT can be converted, not {config['highway_type']} on {config['backbone']}."
        )
    exits = lgvit_exits(tuple(json.loads(config["position_exits"])))
    network = MultiExitViT(build_backbone(**_backbone(config)), exits, name)
    try:
        network.load_state_dict(_renamed(weights, config["num_hidden_layers"], exits))
    except KeyError as error:
        raise ValueError(f"these weights lack {error.args[0]}.") from error
    except RuntimeError as error:
        raise ValueError(f"these weights do not fit their configuration: {error}") from error
    return network.eval()


def _renamed(weights: dict[str, Tensor], blocks: int, exits: list[ExitSpec]) -> dict[str, Tensor]:
    """The state dict under our names. Their pooler is unused and dropped."""
    theirs = {name: tensor for name, tensor in weights.items() if not name.startswith("deit.pooler.")}
    ours: dict[str, Tensor] = {}

    def move(old: str, new: str) -> None:
        """Every parameter and buffer of a module."""
        for name in [n for n in theirs if n.rpartition(".")[0] == old]:
            ours[f"{new}.{name.rpartition('.')[2]}"] = theirs.pop(name)

    vit = "backbone.vit"
    ours[f"{vit}.cls_token"] = theirs.pop("deit.embeddings.cls_token")
    ours[f"{vit}.pos_embed"] = theirs.pop("deit.embeddings.position_embeddings")
    move("deit.embeddings.patch_embeddings.projection", f"{vit}.patch_embed.proj")
    for i in range(blocks):
        layer = f"deit.encoder.layer.{i}"
        for leaf in ("weight", "bias"):
            parts = [theirs.pop(f"{layer}.attention.attention.{p}.{leaf}") for p in ("query", "key", "value")]
            ours[f"{vit}.blocks.{i}.attn.qkv.{leaf}"] = torch.cat(parts)
        for old, new in _BLOCK.items():
            move(f"{layer}.{old}", f"{vit}.blocks.{i}.{new}")
    for i, spec in enumerate(exits):
        highway = f"deit.encoder.highway.{i}"
        for old, new in (_GLOBAL if spec.head == "gah" else _LOCAL).items():
            move(f"{highway}.mlp.{old}", f"heads.{i}.{new}")
        move(f"{highway}.classifier", f"heads.{i}.classifier.linears.0")
    move("deit.layernorm", f"{vit}.norm")
    move("classifier", f"{vit}.head")
    return ours | theirs  # what is left over has no place, and load_state_dict says so by name
