"""What every backbone provides: embed -> blocks -> read-out, and the shape of the tokens after each block."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class TokenShape:
    """The tokens after a block: `prefix` tokens (class tokens, then registers), then rows x columns patches."""

    grid: tuple[int, int]  # rows and columns of patch tokens
    width: int  # channels of a token, D
    prefix: int  # tokens in front of the patches

    @property
    def count(self) -> int:
        """Tokens of one image."""
        return self.prefix + self.grid[0] * self.grid[1]


class Backbone(nn.Module):
    """A timm model seen as embed -> blocks -> read-out; tokens are (N, prefix + patches, D), blocks count from 1.

    `Backbone(model)` gives the family that takes the model; raises `TypeError` where none does. A new family is one
    subclass: `takes`, and whatever its model does differently from the methods here. The model itself is `vit`, which
    only this package touches (and names weights by: a model folder's begin with `backbone.vit.`).
    """

    takes: ClassVar[tuple[type[nn.Module], ...]] = ()  # the timm classes this family wraps
    families: ClassVar[list[type[Backbone]]] = []
    # Why there is no attention to show; a family whose attention is one matrix over all tokens overrides `attention`.
    no_attention: ClassVar[str] = "this backbone's attention cannot be read."
    vit: Any

    def __init_subclass__(cls, **facts: Any) -> None:
        super().__init_subclass__(**facts)
        Backbone.families.append(cls)

    def __new__(cls, model: nn.Module | None = None) -> Backbone:
        if cls is not Backbone:
            return super().__new__(cls)
        for family in cls.families:
            if isinstance(model, family.takes):
                return super().__new__(family)
        known = ", ".join(taken.__name__ for family in cls.families for taken in family.takes)
        raise TypeError(f"expected one of timm's {known}; got {type(model).__name__}.")

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        if not isinstance(model, self.takes):
            raise TypeError(f"{type(self).__name__} does not take a {type(model).__name__}.")
        self.vit = model

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the images it takes, in pixels."""
        height, width = self.vit.patch_embed.img_size
        return height, width

    @property
    def channels(self) -> int:
        """Channels of the images it takes: 3, or 1 for grey ones."""
        return self.vit.in_chans

    @property
    def blocks(self) -> int:
        """How many transformer blocks."""
        return len(self.layers)

    @property
    def layers(self) -> Sequence[nn.Module]:
        """timm's blocks themselves, shallow to deep."""
        return self.vit.blocks

    def shape(self, block: int) -> TokenShape:  # noqa: ARG002 - the same except in families that override it
        """The shape of the tokens after a block; block 0 stands for what `embed` gives."""
        rows, columns = self.vit.patch_embed.grid_size
        return TokenShape((rows, columns), self.vit.embed_dim, self.vit.num_prefix_tokens)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patch tokens after the last block."""
        return self.shape(self.blocks).grid

    @property
    def width(self) -> int:
        """Channels of a token after the last block, D."""
        return self.shape(self.blocks).width

    @property
    def prefix(self) -> int:
        """Tokens in front of the patches after the last block: class tokens first, then registers."""
        return self.shape(self.blocks).prefix

    @property
    def class_tokens(self) -> int:
        """Prefix tokens a read-out uses: 1 ([CLS]), 2 (distilled DeiT: [CLS], [DIST]), 0 if there is none."""
        raise NotImplementedError

    @property
    def reads_class_tokens_alone(self) -> bool:
        """Whether the final read-out looks at no other token than class tokens."""
        return False

    @property
    def exit_norm(self) -> float | None:
        """Epsilon of the LayerNorm that an exit's read-out begins with (LGViT on Swin), or None: it has none."""
        return None

    @property
    def classes(self) -> int:
        """Classes of the final read-out, C."""
        return self.vit.num_classes

    def resize(self, size: tuple[int, int]) -> None:
        """Take images of that height and width instead, in place; position embeddings are interpolated."""
        if size != self.input_size:
            self.vit.set_input_size(img_size=size)

    @property
    def classifiers(self) -> list[nn.Linear]:
        """The linear layers that give the final logits: one, or two whose answers are averaged (distilled DeiT)."""
        found = self.vit.get_classifier()
        return list(found) if isinstance(found, tuple) else [found]

    @property
    def facts(self) -> dict[str, Any]:
        """What timm reports on how its own weights were trained: `mean` and `std` of the input's channels, and more."""
        return self.vit.pretrained_cfg

    def settle(self) -> None:
        """Precompute what depends on weights alone: an exported copy then need not do it for every image."""

    def embed(self, images: Tensor) -> Tensor:
        """Normalised images (N, channels, height, width) to block 1's tokens, (N, prefix + patches, D)."""
        raise NotImplementedError

    def block(self, index: int, tokens: Tensor) -> Tensor:
        """Tokens after block `index` (from 1), from those it reads."""
        return self.advance(tokens, index - 1, index)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        """Tokens after block `until` (from 1), from those after block `done` (0: what `embed` gave)."""
        raise NotImplementedError

    def readout(self, tokens: Tensor) -> Tensor:
        """Final norm and classifier: tokens after the last block to logits (N, C), always in float32.

        A logit of 10 in bfloat16 is only good to 0.03, and two classes would tie.
        """
        with full_precision(tokens.device):
            return self.vit.forward_head(self.vit.norm(tokens.float()))

    def forward(self, images: Tensor) -> Tensor:
        """The model as timm runs it, without any exit: images to logits (N, C)."""
        return self.vit(images)

    def attention(self, index: int, tokens: Tensor, queries: slice = slice(None)) -> Tensor:  # noqa: ARG002
        """Attention weights inside block `index` (from 1) for the tokens it reads (N, T, D): (N, heads, queries, T).

        `queries` picks the tokens that look; each row sums to 1. Raises `ValueError`, a sentence, where there is no
        such matrix.
        """
        raise ValueError(self.no_attention)


def full_precision(device: torch.device) -> AbstractContextManager[Any]:
    """No autocast within; torch has none on the "meta" device, where nothing is computed."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)
