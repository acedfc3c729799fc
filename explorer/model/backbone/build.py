"""Builds a backbone from its entry in a model's config."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import timm
import torch
from timm.layers import HybridEmbed, LayerNorm
from timm.models.deit import VisionTransformerDistilled
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import ConvStem
from torch import nn

from explorer.model.backbone.base import Backbone
from explorer.model.backbone.vit import ClassAndMean

# timm options that read a file or use the network. A config may be untrusted; weights are in its folder.
_FETCHING = ("checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")


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
    options |= _norms(norm_eps)
    if class_and_mean:
        return ClassAndMean(**options)
    if stem is None:
        return VisionTransformer(**options)
    convolutions = ConvStem(
        in_chans=options["in_chans"], depth=len(stem["channels"]), padding=1, act_layer=nn.GELU, **stem
    )
    convolutions = convolutions.to(memory_format=torch.channels_last)  # faster on a CPU
    return VisionTransformer(
        **options, patch_size=1, embed_layer=partial(HybridEmbed, convolutions, proj=False)
    )


def _deit(norm_eps: float | None = None, **options: Any) -> VisionTransformerDistilled:
    """A distilled DeiT by its constructor's options."""
    return VisionTransformerDistilled(**options, **_norms(norm_eps))


def _swin(norm_eps: float | None = None, **options: Any) -> SwinTransformer:
    """A Swin by its constructor's options; `norm_eps` is that of its blocks and the final norm.

    Where patches are embedded and tokens merged, norms keep torch's 1e-5, as in transformers.
    """
    swin = SwinTransformer(**options)
    if norm_eps is not None:
        for name, norm in swin.named_modules():
            if isinstance(norm, nn.LayerNorm) and (".blocks." in name or name == "norm"):
                norm.eps = norm_eps
    return swin


def _norms(eps: float | None) -> dict[str, Any]:
    return {} if eps is None else {"norm_layer": partial(LayerNorm, eps=eps)}


def _timm(name: str, **options: Any) -> nn.Module:
    """A model by timm's name; `pretrained=True` fetches timm's own weights where there is a network."""
    if ":" in name or any(option in options for option in _FETCHING):
        raise ValueError(
            "a backbone is named by timm's plain name, and its weights lie in the model's folder."
        )
    return timm.create_model(name, **options)


BUILDERS: dict[str, Callable[..., nn.Module]] = {"vit": _vit, "deit": _deit, "swin": _swin, "timm": _timm}


def build_backbone(kind: str, **options: Any) -> Backbone:
    """A backbone from its entry in a model's config. Raises `ValueError` for an unknown kind."""
    if kind not in BUILDERS:
        raise ValueError(f"there is no backbone kind '{kind}'; choose one of {', '.join(BUILDERS)}.")
    return Backbone(BUILDERS[kind](**options))
