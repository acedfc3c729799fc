"""A timm vision transformer seen as embed -> blocks -> read-out, without re-implementing any of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import timm
import torch
from timm.layers import HybridEmbed, LayerNorm
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import ConvStem
from torch import Tensor, nn


class Backbone(nn.Module):
    """Wraps a timm `VisionTransformer`: plain, distilled (DeiT) or with registers. Blocks count from 1."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        if not isinstance(vit, VisionTransformer):
            raise TypeError(f"expected a timm VisionTransformer, got {type(vit).__name__}.")
        self.vit = vit

    @property
    def blocks(self) -> int:
        """How many transformer blocks."""
        return len(self.vit.blocks)

    @property
    def width(self) -> int:
        """Channels of a token, D."""
        return self.vit.embed_dim

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patch tokens."""
        height, width = self.vit.patch_embed.grid_size
        return height, width

    @property
    def prefix(self) -> int:
        """Tokens in front of the patches: class tokens first, then registers."""
        return self.vit.num_prefix_tokens

    @property
    def class_tokens(self) -> int:
        """Prefix tokens a read-out uses: 1 ([CLS]), 2 (distilled DeiT: [CLS], [DIST]), 0 if there is none."""
        return self.vit.num_prefix_tokens - self.vit.num_reg_tokens

    @property
    def classes(self) -> int:
        """Classes of the final read-out, C."""
        return self.vit.num_classes

    def embed(self, images: Tensor) -> Tensor:
        """Normalised images (N, channels, height, width) to block 1's tokens, (N, prefix + patches, D)."""
        tokens = self.vit._pos_embed(self.vit.patch_embed(images))
        return self.vit.norm_pre(self.vit.patch_drop(tokens))

    def block(self, index: int, tokens: Tensor) -> Tensor:
        """Tokens behind block `index` (from 1), same shape."""
        return self.advance(tokens, index - 1, index)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        """Tokens behind block `until` (from 1), from those behind block `done` (0: what `embed` gave); same shape."""
        for block in islice(self.vit.blocks, done, until):
            tokens = block(tokens)
        return tokens

    def readout(self, tokens: Tensor) -> Tensor:
        """Final norm and classifier: tokens behind the last block to logits (N, C), in float32 always.

        A logit of 10 in bfloat16 is only good to 0.03, and two classes would tie.
        """
        with torch.autocast(tokens.device.type, enabled=False):
            return self.vit.forward_head(self.vit.norm(tokens.float()))


class ClassAndMean(VisionTransformer):
    """A ViT whose classifier reads [CLS] and the mean of the patch tokens side by side, (N, 2 D).

    As DINOv2's own linear classifiers do (Oquab et al. 2023, arXiv 2304.07193); timm has no such pooling.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.head = nn.Linear(2 * self.embed_dim, self.num_classes)

    def pool(self, x: Tensor, _pool_type: str | None = None) -> Tensor:
        """Tokens (N, prefix + patches, D) behind the final norm, to what the classifier reads."""
        return torch.cat([x[:, 0], x[:, self.num_prefix_tokens :].mean(dim=1)], dim=-1)


def _vit(
    stem: dict[str, Any] | None = None,
    class_and_mean: bool = False,
    norm_eps: float | None = None,
    **options: Any,
) -> VisionTransformer:
    """A timm ViT by its constructor's options; `stem` puts timm's convolutional stem in place of patches.

    Xiao et al. 2021, "Early convolutions help transformers see better", arXiv 2106.14881. `norm_eps` is that of the
    layer norms where it is not timm's 1e-6.
    """
    if norm_eps is not None:
        options["norm_layer"] = partial(LayerNorm, eps=norm_eps)
    if class_and_mean:
        return ClassAndMean(**options)
    if stem is None:
        return VisionTransformer(**options)
    convolutions = ConvStem(
        in_chans=options["in_chans"], depth=len(stem["channels"]), padding=1, act_layer=nn.GELU, **stem
    )
    convolutions = convolutions.to(memory_format=torch.channels_last)  # quicker on a CPU
    return VisionTransformer(
        **options, patch_size=1, embed_layer=partial(HybridEmbed, convolutions, proj=False)
    )


def _timm(name: str, **options: Any) -> nn.Module:
    """A model by timm's name; `pretrained=True` fetches timm's own weights where there is a network."""
    return timm.create_model(name, **options)


BUILDERS: dict[str, Callable[..., nn.Module]] = {"vit": _vit, "timm": _timm}


def build_backbone(kind: str, **options: Any) -> Backbone:
    """A backbone from its entry in a model's config. Raises `ValueError` for an unknown kind."""
    if kind not in BUILDERS:
        raise ValueError(f"there is no backbone kind '{kind}'; choose one of {', '.join(BUILDERS)}.")
    return Backbone(BUILDERS[kind](**options))
