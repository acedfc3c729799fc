"""The LGViT authors' configuration and weights, of each of their three backbones, under our names.

Facts from their code (github.com/falcon-xu/LGViT, `models/deit_highway` and `models/swin_highway`), which names weights
as Hugging Face's transformers does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from explorer.model.exits import ExitSpec, lgvit_exits, lgvit_swin_exits

VIT = "backbone.vit"

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
# What their models hold and never use: the pooler of a ViT's classifier, and in a Swin's distilled model a second norm
# for the teacher alone. Indices of relative positions are computed.
_UNUSED = ("deit.pooler.", "layernorm.")


class Renaming:
    """Takes weights out of a state dict one by one, under new names; what was missing is collected."""

    def __init__(self, theirs: dict[str, Tensor]) -> None:
        self.theirs = {
            name: tensor
            for name, tensor in theirs.items()
            if not name.startswith(_UNUSED) and not name.endswith("relative_position_index")
        }
        self.ours: dict[str, Tensor] = {}
        self.missing: list[str] = []

    def one(self, old: str, new: str) -> None:
        """A single tensor."""
        if old in self.theirs:
            self.ours[new] = self.theirs.pop(old)
        else:
            self.missing.append(old)

    def module(self, old: str, new: str) -> None:
        """Every parameter and buffer of a module, at least its weight."""
        names = [name for name in self.theirs if name.rpartition(".")[0] == old]
        for name in names or [f"{old}.weight"]:
            self.one(name, f"{new}.{name.rpartition('.')[2]}")

    def joined(self, old: str, new: str, leaves: tuple[str, ...]) -> None:
        """Query, key and value as one matrix, and one bias where there is one."""
        for leaf in leaves:
            names = [f"{old}.{part}.{leaf}" for part in ("query", "key", "value")]
            absent = [name for name in names if name not in self.theirs]
            self.missing += absent
            if not absent:
                self.ours[f"{new}.{leaf}"] = torch.cat([self.theirs.pop(name) for name in names])

    def head(self, old: str, index: int, spec: ExitSpec) -> None:
        """An exit's perception or aggregation head."""
        for part, ours in (_GLOBAL if spec.head == "gah" else _LOCAL).items():
            if spec.head == "lph-pw" and ours.startswith("local.spread"):
                continue  # only the depth-wise form spreads
            self.module(f"{old}.mlp.{part}", f"heads.{index}.{ours}")


@dataclass(frozen=True)
class Family:
    """One of their backbones."""

    entry: Callable[[dict[str, Any]], dict[str, Any]]  # of a configuration: what `build_backbone` takes
    exits: Callable[[dict[str, Any]], list[ExitSpec]]
    rename: Callable[[Renaming, dict[str, Any], list[ExitSpec]], None]


def family_of(config: dict[str, Any]) -> str:
    """ "ViT", "DeiT" or "Swin", as a configuration says it."""
    named = config.get("backbone")
    return "Swin" if named is None and config.get("model_type") == "swin" else str(named)


def _positions(config: dict[str, Any]) -> Any:
    """`position_exits`, which they store as text."""
    positions = config["position_exits"]
    return json.loads(positions) if isinstance(positions, str) else positions


def _classes(config: dict[str, Any]) -> int:
    """transformers stores only the classes' names."""
    return config["num_labels"] if "num_labels" in config else len(config["id2label"])


def _vit_entry(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "deit" if family_of(config) == "DeiT" else "vit",
        "img_size": config["image_size"],
        "patch_size": config["patch_size"],
        "in_chans": config.get("num_channels", 3),
        "num_classes": _classes(config),
        "embed_dim": config["hidden_size"],
        "depth": config["num_hidden_layers"],
        "num_heads": config["num_attention_heads"],
        "mlp_ratio": config["intermediate_size"] / config["hidden_size"],
        "qkv_bias": config.get("qkv_bias", True),
        "norm_eps": config["layer_norm_eps"],
    }


def _rename_vit(names: Renaming, config: dict[str, Any], exits: list[ExitSpec]) -> None:
    """ViT, and DeiT: with a second token in front, and two classifiers wherever ViT has one."""
    distilled = family_of(config) == "DeiT"
    names.one("deit.embeddings.cls_token", f"{VIT}.cls_token")
    if distilled:
        names.one("deit.embeddings.distillation_token", f"{VIT}.dist_token")
    names.one("deit.embeddings.position_embeddings", f"{VIT}.pos_embed")
    names.module("deit.embeddings.patch_embeddings.projection", f"{VIT}.patch_embed.proj")
    leaves = ("weight", "bias") if config.get("qkv_bias", True) else ("weight",)
    for i in range(config["num_hidden_layers"]):
        layer = f"deit.encoder.layer.{i}"
        names.joined(f"{layer}.attention.attention", f"{VIT}.blocks.{i}.attn.qkv", leaves)
        for old, new in _BLOCK.items():
            names.module(f"{layer}.{old}", f"{VIT}.blocks.{i}.{new}")
    readouts = ("cls_classifier", "distillation_classifier") if distilled else ("classifier",)
    for i, spec in enumerate(exits):
        highway = f"deit.encoder.highway.{i}"
        names.head(highway, i, spec)
        for place, readout in enumerate(readouts):
            names.module(f"{highway}.{readout}", f"heads.{i}.classifier.linears.{place}")
    names.module("deit.layernorm", f"{VIT}.norm")
    for readout, ours in zip(readouts, ("head", "head_dist"), strict=False):
        names.module(readout, f"{VIT}.{ours}")


def _swin_entry(config: dict[str, Any]) -> dict[str, Any]:
    if config.get("use_absolute_embeddings"):
        raise ValueError("a Swin with absolute position embeddings cannot be converted; timm's has none.")
    grid, window = config["image_size"] // config["patch_size"], config["window_size"]
    for stage in range(len(config["depths"])):
        side = grid // 2**stage
        if side > window and side % window:
            raise ValueError(
                f"a Swin whose grid of {side} is no multiple of its window of {window} cannot be converted."
            )
    return {
        "kind": "swin",
        "img_size": config["image_size"],
        "patch_size": config["patch_size"],
        "in_chans": config.get("num_channels", 3),
        "num_classes": _classes(config),
        "embed_dim": config["embed_dim"],
        "depths": config["depths"],
        "num_heads": config["num_heads"],
        "window_size": window,
        "mlp_ratio": config.get("mlp_ratio", 4.0),
        "qkv_bias": config.get("qkv_bias", True),
        "drop_path_rate": 0.0,
        "norm_eps": config.get("layer_norm_eps", 1e-5),
    }


def _rename_swin(names: Renaming, config: dict[str, Any], exits: list[ExitSpec]) -> None:
    """Stages of blocks; theirs merge tokens at a stage's end, timm's at the beginning of the next."""
    names.module("swin.embeddings.patch_embeddings.projection", f"{VIT}.patch_embed.proj")
    names.module("swin.embeddings.norm", f"{VIT}.patch_embed.norm")
    leaves = ("weight", "bias") if config.get("qkv_bias", True) else ("weight",)
    behind = 0
    index = 0
    for stage, depth in enumerate(config["depths"]):
        theirs, ours = f"swin.encoder.layers.{stage}", f"{VIT}.layers.{stage}"
        for place in range(depth):
            block, block_ours = f"{theirs}.blocks.{place}", f"{ours}.blocks.{place}"
            names.joined(f"{block}.attention.self", f"{block_ours}.attn.qkv", leaves)
            table = "relative_position_bias_table"
            names.one(f"{block}.attention.self.{table}", f"{block_ours}.attn.{table}")
            for old, new in _BLOCK.items():
                names.module(f"{block}.{old}", f"{block_ours}.{new}")
        of_stage = [spec for spec in exits if behind < spec.block <= behind + depth]
        for number, spec in enumerate(of_stage):
            highway = f"{theirs}.highway.{number}"
            names.head(highway, index, spec)
            names.module(f"{highway}.classifier.layernorm", f"heads.{index}.classifier.norm")
            names.module(f"{highway}.classifier.classifier", f"heads.{index}.classifier.linears.0")
            index += 1
        behind += depth
        if stage + 1 < len(config["depths"]):
            for part in ("norm", "reduction"):
                names.module(f"{theirs}.downsample.{part}", f"{VIT}.layers.{stage + 1}.downsample.{part}")
    names.module("swin.layernorm", f"{VIT}.norm")
    names.module("classifier", f"{VIT}.head.fc")


def _swin_exits(config: dict[str, Any]) -> list[ExitSpec]:
    """Their places count within each stage."""
    positions = _positions(config)
    before = [0, *accumulate(config["depths"])]
    blocks = [before[stage] + place for stage, places in enumerate(positions) for place in places]
    if [len(places) for places in positions] != [0, 1, 6, 1]:
        raise ValueError(
            "LGViT on Swin has 0, 1, 6 and 1 exits in its four stages; position_exits says otherwise."
        )
    return lgvit_swin_exits(tuple(blocks))


def _vit_exits(config: dict[str, Any]) -> list[ExitSpec]:
    return lgvit_exits(tuple(_positions(config)))


FAMILIES = {
    "ViT": Family(_vit_entry, _vit_exits, _rename_vit),
    "DeiT": Family(_vit_entry, _vit_exits, _rename_vit),
    "Swin": Family(_swin_entry, _swin_exits, _rename_swin),
}
