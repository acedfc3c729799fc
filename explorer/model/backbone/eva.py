"""EVA: vision transformers with rotary positions (EVA-02, DINOv3, Perception Encoder), or absolute ones (EVA)."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from timm.layers import AttentionRope, apply_rot_embed_cat
from timm.models.eva import Eva, EvaAttention, EvaBlock
from torch import Tensor, nn

from explorer.model.backbone.base import Backbone


class EvaBackbone(Backbone):
    """timm's `Eva` (Fang et al. 2022, arXiv 2211.07636; EVA-02, arXiv 2303.11331)."""

    takes = (Eva,)

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        if self.vit.patch_drop is not None:
            raise ValueError(
                "a backbone that drops patches at random cannot have exits; leave patch_drop_rate out."
            )
        self._settled: Tensor | None = None

    @property
    def class_tokens(self) -> int:
        return 0 if self.vit.cls_token is None else 1

    def embed(self, images: Tensor) -> Tensor:
        tokens, _ = self.vit._pos_embed(self.vit.patch_embed(images))
        return self.vit.norm_pre(tokens)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        rotation = self._rotation()
        for index, block in enumerate(islice(self.vit.blocks, done, until), start=done + 1):
            tokens = block(tokens, rope=self._of_block(rotation, index))
        return tokens

    def attention(self, index: int, tokens: Tensor, queries: slice = slice(None)) -> Tensor:
        block = self.vit.blocks[index - 1]
        if not (isinstance(block, EvaBlock) and isinstance(block.attn, EvaAttention | AttentionRope)):
            raise ValueError(
                f"attention can be read from timm's EvaBlock, not from {type(block.attn).__name__}."
            )
        attn: Any = block.attn
        x = block.norm1(tokens)
        if attn.qkv is not None:
            qkv = attn.qkv(x)
            if getattr(attn, "q_bias", None) is not None:  # EvaAttention keeps the biases apart
                qkv = qkv + torch.cat((attn.q_bias, attn.k_bias, attn.v_bias))
            query, key, _ = qkv.unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
        else:
            query, key = (
                project(x).unflatten(-1, (heads, -1)).transpose(1, 2)
                for project, heads in (
                    (attn.q_proj, attn.num_heads),
                    (attn.k_proj, getattr(attn, "num_kv_heads", attn.num_heads)),
                )
            )
        query, key = attn.q_norm(query), attn.k_norm(key)
        rotation = self._of_block(self._rotation(), index)
        if rotation is not None:
            first, half = attn.num_prefix_tokens, getattr(attn, "rotate_half", False)
            query, key = (
                torch.cat([x[:, :, :first], apply_rot_embed_cat(x[:, :, first:], rotation, half=half)], dim=2)
                for x in (query, key)
            )
        key = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1)  # heads may share their keys
        return ((query[:, :, queries] * attn.scale) @ key.transpose(-2, -1)).softmax(dim=-1)

    def settle(self) -> None:
        rotation = self._rotation()
        self._settled = None if rotation is None else rotation.detach().clone()

    def _rotation(self) -> Tensor | None:
        """Sines and cosines of every patch's place; with "mixed" rotary positions one set a block. None without."""
        if self.vit.rope is None:
            return None
        if self._settled is not None:
            return self._settled
        if hasattr(self.vit.rope, "feat_shape") and not self.vit.dynamic_img_size:
            return self.vit.rope.get_embed()
        return self.vit.rope.get_embed(shape=self.vit.patch_embed.grid_size)

    def _of_block(self, rotation: Tensor | None, index: int) -> Tensor | None:
        return rotation[index - 1] if rotation is not None and self.vit.rope_mixed else rotation
