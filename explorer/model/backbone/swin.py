"""Swin: attention within windows, in stages between which the grid of tokens halves and its width doubles."""

from __future__ import annotations

from timm.models.swin_transformer import SwinTransformer
from timm.models.swin_transformer_v2 import SwinTransformerV2
from torch import Tensor, nn

from explorer.model.backbone.base import Backbone, TokenShape, full_precision


class SwinBackbone(Backbone):
    """timm's `SwinTransformer` (Liu et al. 2021, arXiv 2103.14030) and V2 (arXiv 2111.09883).

    Blocks count through all stages. After a stage's last block the tokens are still those of that stage: an exit
    there sees them before they are merged, as LGViT's does.
    """

    takes = (SwinTransformer, SwinTransformerV2)
    no_attention = "a Swin's tokens attend within small windows only, so there is no map of all to show."

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        # Where each block is: its stage, and its place in it.
        self._places = [
            (stage, place)
            for stage, layer in enumerate(self.vit.layers)
            for place in range(len(layer.blocks))
        ]
        # What each block gives. Merging pads an odd row or column, hence the rounding up.
        embedded = TokenShape(tuple(self.vit.patch_embed.grid_size), self.vit.feature_info[0]["num_chs"], 0)
        self._shapes = [embedded]
        for stage, _ in self._places:
            rows, columns = embedded.grid
            step = 2**stage
            width = self.vit.feature_info[stage]["num_chs"]
            self._shapes.append(TokenShape((-(-rows // step), -(-columns // step)), width, 0))

    @property
    def layers(self) -> list[nn.Module]:
        return [self.vit.layers[stage].blocks[place] for stage, place in self._places]

    def shape(self, block: int) -> TokenShape:
        return self._shapes[block]

    @property
    def class_tokens(self) -> int:
        return 0

    @property
    def exit_norm(self) -> float:
        return self.vit.norm.eps

    def embed(self, images: Tensor) -> Tensor:
        return self.vit.patch_embed(images).flatten(1, 2)

    def advance(self, tokens: Tensor, done: int, until: int) -> Tensor:
        for index in range(done + 1, until + 1):
            stage, place = self._places[index - 1]
            x = tokens.reshape(tokens.shape[0], *self._shapes[index - 1].grid, -1)  # (N, H, W, D)
            if place == 0:
                x = self.vit.layers[stage].downsample(x)  # nothing, in the first stage
            tokens = self.vit.layers[stage].blocks[place](x).flatten(1, 2)
        return tokens

    def readout(self, tokens: Tensor) -> Tensor:
        with full_precision(tokens.device):
            return self.vit.forward_head(self.vit.norm(tokens.float().unflatten(1, self.grid)))
