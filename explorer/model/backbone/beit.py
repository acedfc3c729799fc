"""BEiT: a vision transformer whose attention has a bias by relative position, one per block or shared by all."""

from __future__ import annotations

from itertools import islice

import torch
from timm.models.beit import Beit
from torch import Tensor

from explorer.model.backbone.base import Backbone


class BeitBackbone(Backbone):
    """timm's `Beit` (Bao et al. 2021, arXiv 2106.08254; BEiT v2, arXiv 2208.06366)."""

    takes = (Beit,)

    @property
    def class_tokens(self) -> int:
        return 1

    def embed(self, images: Tensor) -> Tensor:
        patches = self.vit.patch_embed(images)
        tokens = torch.cat([self.vit.cls_token.expand(patches.shape[0], -1, -1), patches], dim=1)
        if self.vit.pos_embed is not None:
            tokens = tokens + self.vit.pos_embed
        return self.vit.pos_drop(tokens)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        shared = self._shared_bias()
        for block in islice(self.vit.blocks, done, until):
            tokens = block(tokens, shared_rel_pos_bias=shared)
        return tokens

    def attention(self, index: int, tokens: Tensor, queries: slice = slice(None)) -> Tensor:
        block = self.vit.blocks[index - 1]
        attn = block.attn
        weights = attn.qkv(block.norm1(tokens))
        if attn.q_bias is not None:
            weights = weights + torch.cat((attn.q_bias, attn.k_bias, attn.v_bias))
        query, key, _ = weights.unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
        scores = (query[:, :, queries] * attn.scale) @ key.transpose(-2, -1)
        if attn.relative_position_bias_table is not None:
            scores = scores + attn._get_rel_pos_bias()[..., queries, :]
        shared = self._shared_bias()
        if shared is not None:
            scores = scores + shared[..., queries, :]
        return scores.softmax(dim=-1)

    def _shared_bias(self) -> Tensor | None:
        """The bias that all blocks share, (heads, T, T), or None where each has its own."""
        return self.vit.rel_pos_bias() if self.vit.rel_pos_bias is not None else None
