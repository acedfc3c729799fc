"""Where training on your own pictures begins: a model folder or a timm model, with exits and classes of your own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.backbone import Backbone, SwinBackbone, build_backbone
from explorer.model.bundle import ModelError, load_model_folder, read_config
from explorer.model.catalog import find_model, list_models
from explorer.model.exits import LGVIT_BLOCKS, ExitSpec, lgvit_exits, lgvit_swin_exits
from explorer.model.heads import SharedHead
from explorer.model.multi_exit import MultiExitViT
from explorer.model.precision import quick_precision
from explorer.train.recipes import Recipe
from explorer.train.ridge import inputs_of, solve

# Ours. The penalty of the ridge regression on standardised inputs, a share of the pictures; and how far apart the
# logits of right and wrong classes are set, because a regression on 0 and 1 alone would leave every exit unsure.
PENALTY, SHARP = 0.1, 8.0


@dataclass(frozen=True)
class Start:
    """A network before training, and what its model folder must say about it."""

    network: MultiExitViT
    entry: dict[str, Any]  # what `build_backbone` takes
    mean: tuple[float, ...]
    std: tuple[float, ...]


def begin(
    name: str, recipe: Recipe, classes: int, size: tuple[int, int] | None, seed: int, scratch: bool = False
) -> Start:
    """A network on the backbone of that name: a model folder's, or timm's with its published weights.

    `scratch` leaves timm's weights out. A folder's heads that equal the recipe's at the same blocks are kept, but not
    their classifiers. Raises `ModelError`.
    """
    torch.manual_seed(seed)
    known = Path(name, "config.json").exists() or name in [entry.name for entry in list_models()]
    if known:
        return _of_folder(find_model(name), recipe, classes, size)
    entry: dict[str, Any] = {"kind": "timm", "name": name, "num_classes": classes} | (
        {"img_size": size} if size else {}
    )
    try:
        backbone = build_backbone(**entry, pretrained=not scratch)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name} cannot be trained: {error}") from error
    except RuntimeError as error:
        if not timm.is_model(name.partition(".")[0]):
            raise ModelError(f"there is no model folder and no timm model '{name}'.") from error
        raise ModelError(
            f"timm's weights of {name} could not be fetched; check the network, or add --scratch."
        ) from error
    except Exception as error:  # the hub's client raises many types
        raise ModelError(
            f"timm's weights of {name} could not be fetched; check the network, or add --scratch."
        ) from error
    network = MultiExitViT(backbone, exits_for(recipe, backbone), "")
    facts = backbone.facts
    return Start(network, entry, tuple(facts["mean"]), tuple(facts["std"]))


def _of_folder(folder: Path, recipe: Recipe, classes: int, size: tuple[int, int] | None) -> Start:
    model = load_model_folder(folder)
    if size is not None:
        model.network.backbone.resize(size)
    entry = read_config(folder)["backbone"] | {
        "num_classes": classes,
        "img_size": list(model.network.backbone.input_size),
    }
    entry.pop("pretrained", None)
    backbone = build_backbone(**entry)
    network = MultiExitViT(backbone, exits_for(recipe, backbone), "")
    state, old = network.state_dict(), model.network.state_dict()
    same = {spec.block: i for i, spec in enumerate(model.network.specs)}
    for i, spec in enumerate(network.specs):
        there = same.get(spec.block)
        if there is not None and model.network.specs[there] == spec and there != i:
            old |= {
                key.replace(f"heads.{there}.", f"heads.{i}.", 1): value
                for key, value in model.network.heads[there].state_dict(prefix=f"heads.{there}.").items()
            }
        if there is None or model.network.specs[there] != spec:
            old = {key: value for key, value in old.items() if not key.startswith(f"heads.{i}.")}
    fits = {key: value for key, value in old.items() if key in state and value.shape == state[key].shape}
    network.load_state_dict(state | fits)
    network.precision = quick_precision(backbone.width, network.device)
    return Start(network, entry, model.input.mean, model.input.std)


def exits_for(recipe: Recipe, backbone: Backbone) -> list[ExitSpec]:
    """The recipe's exits on that backbone: at LGViT's blocks of 12, else at the same share of its depth (ours)."""
    if isinstance(backbone, SwinBackbone) and backbone.blocks == 24 and recipe.exits is lgvit_exits:
        return lgvit_swin_exits()
    blocks = tuple(
        sorted({min(max(round(b * backbone.blocks / 12), 1), backbone.blocks - 1) for b in LGVIT_BLOCKS})
    )
    while len(blocks) not in (8, 6, 4, 2):
        blocks = blocks[1:]
    return recipe.exits(blocks)


@torch.no_grad()
def solve_readouts(network: MultiExitViT, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set every exit's and the final classifier by ridge regression of the classes on what it reads.

    `batches` are network inputs and classes (N,), or a teacher's probabilities (N, C). On few pictures this is most of
    what training would find, in one pass. A classifier that exits share is solved for
    all the depths it reads together. Leaves the network in eval mode.
    """
    own = [head for head in network.heads if not isinstance(head, SharedHead)]
    early = [linear for head in own for linear in head.classifier.linears]  # type: ignore[union-attr]
    linears: list[nn.Linear] = [*early, *network.backbone.classifiers]
    network.eval()
    found = []
    with inputs_of(linears) as seen:
        for images, labels in batches:
            with network.in_precision():  # of the network alone: batches may be made in another
                network(images.to(network.device))
            found.append(labels)
    for linear, kept in zip(linears, seen, strict=True):
        x, depths = torch.cat(kept), len(kept) // len(found)  # batch by batch, and in a batch depth by depth
        labels = torch.cat([labels for labels in found for _ in range(depths)])
        known = labels if labels.ndim == 2 else F.one_hot(labels, network.backbone.classes)
        solve(linear, x, SHARP * known.to(network.device), PENALTY)
