"""Exit heads by name: LGViT's local perception and global aggregation heads, and plainer ones.

LGViT: Xu et al., ACM MM 2023, arXiv 2308.00255. Every head takes the raw tokens after its block,
(N, prefix + H * W, D) in the `TokenShape` it was built for, and returns logits (N, C) and features (N, tokens, D):
its output tokens, which distillation and maps use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from explorer.model.backbone import Backbone, TokenShape
from explorer.model.backbone.base import full_precision
from explorer.model.folding import FoldedPerception


class Readout(nn.Module):
    """Linear on mean(features) + class token; with two class tokens (DeiT) each has its own, averaged.

    Without a class token it is linear on the mean alone; with a `norm_eps` a LayerNorm over the features comes first
    (LGViT on Swin).
    """

    def __init__(self, width: int, classes: int, class_tokens: int, norm_eps: float | None = None) -> None:
        super().__init__()
        self.class_tokens = class_tokens
        self.norm = nn.Identity() if norm_eps is None else nn.LayerNorm(width, eps=norm_eps)
        self.linears = nn.ModuleList(nn.Linear(width, classes) for _ in range(max(class_tokens, 1)))

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        return self.of_mean(self.norm(features).mean(dim=1), tokens)

    def of_mean(self, mean: Tensor, tokens: Tensor) -> Tensor:
        """The logits for the mean of the features (N, D), after their norm."""
        if self.class_tokens == 0:
            return self.average([mean])
        return self.average([mean + tokens[:, i] for i in range(self.class_tokens)])

    def average(self, inputs: list[Tensor]) -> Tensor:
        """Each linear's logits for its own input (N, D), averaged: (N, C). In float32, as `Backbone.readout`."""
        with full_precision(inputs[0].device):
            if len(inputs) == 1:
                only: Tensor = self.linears[0](inputs[0].float())
                return only
            answers: list[Tensor] = [
                linear(x.float()) for linear, x in zip(self.linears, inputs, strict=True)
            ]
        return sum(answers[1:], answers[0]) / len(answers)

    def macs(self) -> int:
        return sum(weight.numel() for weight in self.linears.parameters() if weight.ndim == 2)


class Head(nn.Module):
    """What every exit head offers; a new head is one subclass and one line in `HEADS`."""

    def __init__(self, shape: TokenShape, readout: Readout) -> None:
        super().__init__()
        self.grid = shape.grid
        self.prefix = shape.prefix
        self.classifier = readout

    def attach(self, backbone: Backbone, readout_macs: int) -> None:
        """Tells the head which network it belongs to; only one without weights of its own needs to know."""

    def features(self, tokens: Tensor) -> Tensor:
        """Raw tokens (N, prefix + H * W, D) to the head's output tokens."""
        raise NotImplementedError

    def macs(self) -> int:
        """Multiply-accumulates for one image, in closed form (no norms, activations or additions)."""
        raise NotImplementedError

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(tokens)
        return self.classifier(features, tokens), features

    def map_of(self, tokens: Tensor) -> Tensor:
        """Patch tokens as a map (N, D, H, W). A view: NHWC memory suits channels-last convolutions."""
        height, width = self.grid
        patches = tokens[:, self.prefix :]
        # shape[0], because len() becomes a constant when the network is exported
        return patches.reshape(tokens.shape[0], height, width, -1).permute(0, 3, 1, 2)


class LocalPerception(nn.Module):
    """Convolutions over a patch map (N, D, H, W) plus the map itself, same shape.

    Depth-wise form: 1x1 conv, GELU, BN; 3x3 depth-wise conv, GELU, BN; 1x1 conv, BN. Point-wise form: without
    the middle part. `eval()` folds the batch norms away (`FoldedPerception`) for passes without gradients; after
    changing weights by hand, call `eval()` again.
    """

    def __init__(self, grid: tuple[int, int], width: int, depthwise: bool) -> None:
        super().__init__()
        self.grid = grid
        self.expand = nn.Sequential(nn.Conv2d(width, width, 1), nn.GELU(), nn.BatchNorm2d(width))
        spread = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.spread = nn.Sequential(spread, nn.GELU(), nn.BatchNorm2d(width)) if depthwise else nn.Identity()
        self.project = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width))
        self.folded: FoldedPerception | None = None
        self.register_load_state_dict_post_hook(_refold)

    @torch.no_grad()
    def train(self, mode: bool = True) -> LocalPerception:
        super().train(mode)
        spread = self.spread if isinstance(self.spread, nn.Sequential) else None
        folded = None if mode else FoldedPerception(self.expand, spread, self.project, self.grid)
        self.folded = folded and folded.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        if self.folded is not None and not self._learns():
            mapped: Tensor = self.folded(x)
            return mapped
        return self.project(self.spread(self.expand(x))) + x

    def _learns(self) -> bool:
        """Whether gradients of the weights may be needed, which the folded copies cannot provide."""
        return torch.is_grad_enabled() and any(p.requires_grad for p in self.parameters())


def _refold(module: nn.Module, _: object) -> None:
    """New weights were loaded: discard what was folded from the old ones."""
    module.train(module.training)


class LocalPerceptionHead(Head):
    """LPH. `local` gives the map its saliency is read from."""

    def __init__(self, shape: TokenShape, readout: Readout, depthwise: bool) -> None:
        super().__init__(shape, readout)
        self.local = LocalPerception(shape.grid, shape.width, depthwise)

    def features(self, tokens: Tensor) -> Tensor:
        return self.local(self.map_of(tokens)).flatten(2).transpose(1, 2)  # (N, H * W, D)

    def macs(self) -> int:
        height, width = self.grid
        convolutions = [m for m in self.local.modules() if isinstance(m, nn.Conv2d)]
        return height * width * sum(conv.weight.numel() for conv in convolutions) + self.classifier.macs()


class GlobalAggregationHead(Head):
    """GAH: keep every `stride`-th token both ways, then self-attention with 8 heads; no residual, no MLP."""

    ATTENTION_HEADS = 8
    places: Tensor  # which tokens are kept

    def __init__(self, shape: TokenShape, readout: Readout, stride: int = 2) -> None:
        super().__init__(shape, readout)
        (rows, columns), width = shape.grid, shape.width
        if width % self.ATTENTION_HEADS:
            raise ValueError(f"a global aggregation head needs a width divisible by 8, got {width}.")
        self.stride = stride
        places = torch.arange(0, rows, stride)[:, None] * columns + torch.arange(0, columns, stride)
        places = shape.prefix + places.flatten()
        self.register_buffer("places", places, persistent=False)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.project = nn.Linear(width, width)

    def kept(self, tokens: Tensor) -> Tensor:
        """The thinned patch tokens, (N, ceil(H / stride) * ceil(W / stride), D)."""
        return tokens.index_select(1, self.places)

    def features(self, tokens: Tensor) -> Tensor:
        x = self.kept(tokens)
        n, count, width = x.shape
        qkv = self.qkv(x).reshape(n, count, 3, self.ATTENTION_HEADS, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (N, heads, tokens, D / heads) each
        mixed = F.scaled_dot_product_attention(q, k, v)  # scaled by (D / heads) ** -0.5, as LGViT's
        return self.project(mixed.transpose(1, 2).reshape(n, count, width))

    def macs(self) -> int:
        count = ceil(self.grid[0] / self.stride) * ceil(self.grid[1] / self.stride)
        width = self.project.in_features
        return count * 4 * width**2 + 2 * count**2 * width + self.classifier.macs()


class LinearHead(Head):
    """A plain linear classifier on the class token(s), as SDN and DeeBERT put after a block.

    On a backbone without one it reads the mean of the patch tokens, as LGViT's authors' linear exits do on Swin.
    """

    def features(self, tokens: Tensor) -> Tensor:
        return tokens[:, :0]  # reads no patch

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        if self.classifier.class_tokens == 0:
            return self.classifier(tokens[:, self.prefix :], tokens), self.features(tokens)
        class_tokens = [tokens[:, i] for i in range(self.classifier.class_tokens)]
        return self.classifier.average(class_tokens), self.features(tokens)

    def macs(self) -> int:
        return self.classifier.macs()


class SharedHead(Head):
    """The network's own final norm and classifier after an earlier block: nothing is trained for the exit.

    A network not trained for this answers badly at its shallow blocks, which is why LGViT has its heads.
    """

    def __init__(self, shape: TokenShape, readout: Readout) -> None:
        super().__init__(shape, readout)
        del self.classifier
        self.width = shape.width
        # In a list, so that the exit's weights do not include the whole backbone's.
        self.reads: list[Backbone] = []
        self.cost = 0

    def attach(self, backbone: Backbone, readout_macs: int) -> None:
        if (self.width, self.grid) != (backbone.width, backbone.grid):
            raise ValueError(
                "a shared read-out reads tokens like the last block's; in a Swin only its last stage has such."
            )
        self.reads, self.cost = [backbone], readout_macs

    def features(self, tokens: Tensor) -> Tensor:
        return tokens[:, :0]

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        return self.reads[0].readout(tokens), self.features(tokens)

    def macs(self) -> int:
        return self.cost


class SingleLayerHead(Head):
    """SL-ViT: a vision transformer of one layer on the block's patch tokens, taken as an image.

    Bakhtiarnia, Zhang, Iosifidis 2021, arXiv 2105.09121, for the idea. Its inner design is our reconstruction, as the
    paper's is not known here: `patch` x `patch` neighbouring tokens (zeros beyond the edge) become one of `width`
    channels, with [CLS] and learned positions; one pre-norm layer with MLP ratio 2; norm and linear on [CLS].
    """

    def __init__(
        self, shape: TokenShape, readout: Readout, patch: int = 2, width: int = 32, heads: int = 2
    ) -> None:
        classes = readout.linears[0].out_features
        super().__init__(shape, Readout(width, classes, class_tokens=0))  # type: ignore[arg-type]
        rows, columns = (ceil(side / patch) for side in shape.grid)
        self.count = rows * columns
        self.beyond = (0, columns * patch - shape.grid[1], 0, rows * patch - shape.grid[0])  # right and below
        self.embed = nn.Conv2d(shape.width, width, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(0.02 * torch.randn(1, 1 + self.count, width))
        self.layer = Block(width, heads, mlp_ratio=2, qkv_bias=True)
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        small = self.embed(F.pad(self.map_of(tokens), self.beyond)).flatten(2).transpose(1, 2)
        small = torch.cat([self.cls.expand(tokens.shape[0], -1, -1), small], dim=1) + self.places
        small = self.norm(self.layer(small))
        return self.classifier.average([small[:, 0]]), tokens[:, :0]  # its tokens have another width

    def macs(self) -> int:
        width = self.norm.normalized_shape[0]
        tokens = 1 + self.count
        layer = tokens * sum(m.weight.numel() for m in self.layer.modules() if isinstance(m, nn.Linear))
        return self.count * self.embed.weight.numel() + layer + 2 * tokens**2 * width + self.classifier.macs()


HEADS: dict[str, Callable[..., Head]] = {
    "lph-dw": partial(LocalPerceptionHead, depthwise=True),
    "lph-pw": partial(LocalPerceptionHead, depthwise=False),
    "gah": GlobalAggregationHead,
    "linear": LinearHead,
    "shared": SharedHead,
    "sl-vit": SingleLayerHead,
}


def build_head(
    kind: str,
    shape: TokenShape,
    classes: int,
    class_tokens: int,
    norm_eps: float | None = None,
    **options: Any,
) -> Head:
    """The head of that kind for the tokens after its block. Raises `ValueError` with the available kinds."""
    if kind not in HEADS:
        raise ValueError(f"there is no exit head '{kind}'; choose one of {', '.join(HEADS)}.")
    return HEADS[kind](shape, Readout(shape.width, classes, class_tokens, norm_eps), **options)
