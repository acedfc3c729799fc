"""Plain vision transformers: ViT, distilled DeiT, with registers, with a convolutional or ResNet stem."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from timm.layers import Attention
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import Block, VisionTransformer
from torch import Tensor, nn

from explorer.model.backbone.base import Backbone


class VitBackbone(Backbone):
    """timm's `VisionTransformer` and what derives from it."""

    takes = (VisionTransformer,)

    @property
    def class_tokens(self) -> int:
        return self.vit.num_prefix_tokens - self.vit.num_reg_tokens

    @property
    def reads_class_tokens_alone(self) -> bool:
        kind = type(self.vit)
        if kind is VisionTransformerDistilled:
            return True
        timms = kind.pool is VisionTransformer.pool and kind.forward_head is VisionTransformer.forward_head
        return timms and self.vit.global_pool == "token" and self.vit.attn_pool is None

    def embed(self, images: Tensor) -> Tensor:
        tokens = self.vit._pos_embed(self.vit.patch_embed(images))
        return self.vit.norm_pre(self.vit.patch_drop(tokens))

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        for block in islice(self.vit.blocks, done, until):
            tokens = block(tokens)
        return tokens

    def attention(self, index: int, tokens: Tensor, queries: slice = slice(None)) -> Tensor:
        block = self.vit.blocks[index - 1]
        # Other blocks of timm (post-norm, parallel, differential) attend to something other than norm1's output.
        if not (isinstance(block, Block) and isinstance(block.attn, Attention)):
            raise ValueError(
                f"attention can be read from timm's plain Block, not from {type(block).__name__}."
            )
        attn = block.attn
        qkv = attn.qkv(block.norm1(tokens)).unflatten(-1, (3, attn.num_heads, attn.head_dim))
        query, key, _ = qkv.permute(2, 0, 3, 1, 4)  # (N, heads, T, head_dim) each
        query, key = attn.q_norm(query[:, :, queries]), attn.k_norm(key)
        return ((query * attn.scale) @ key.transpose(-2, -1)).softmax(dim=-1)


class ClassAndMean(VisionTransformer):
    """A ViT whose classifier reads [CLS] and the mean of the patch tokens side by side, (N, 2 D).

    As DINOv2's own linear classifiers do (Oquab et al. 2023, arXiv 2304.07193); timm has no such pooling.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.head = nn.Linear(2 * self.embed_dim, self.num_classes)

    def pool(self, x: Tensor, _pool_type: str | None = None) -> Tensor:
        """Tokens (N, prefix + patches, D) after the final norm, to what the classifier reads."""
        return torch.cat([x[:, 0], x[:, self.num_prefix_tokens :].mean(dim=1)], dim=-1)
