"""Exit heads as a browser runs them, for one image: the same logits in fewer and smaller operations.

After their last non-linear operation local and global heads are linear in their tokens, and the read-out looks at the
mean of these. So the mean is taken first, and the last layer is applied to it alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.folding import FoldedPerception
from explorer.model.heads import GlobalAggregationHead, Head, LocalPerceptionHead


def piece_head(head: Head, tokens: Tensor) -> PieceHead:
    """A head in eval mode as a piece that reads `tokens` (1, prefix + patches, D)."""
    known: dict[type[Head], type[PieceHead]] = {
        LocalPerceptionHead: LocalPieceHead,
        GlobalAggregationHead: GlobalPieceHead,
    }
    kind = known.get(type(head))
    if kind and isinstance(head.classifier.norm, nn.Identity):  # a norm of every token comes before the mean
        return kind(head)
    return PieceHead(head, pools=head(tokens)[1].shape[1] > 0)


class PieceHead(nn.Module):
    """Any head: its logits (1, C), and the mean (1, D) of its output tokens where it `pools` some."""

    inputs: tuple[str, ...] = ("tokens",)
    maps: tuple[str, ...] = ()  # further outputs, made only when asked for

    def __init__(self, head: Head, pools: bool = True) -> None:
        super().__init__()
        self.head = head
        self.outputs = ("logits", "mean") if pools else ("logits",)

    def forward(self, tokens: Tensor, *given: Tensor) -> tuple[Tensor, ...]:  # noqa: ARG002
        logits, features = self.head(tokens)
        return (logits, features.mean(dim=1))[: len(self.outputs)]


class LocalPieceHead(PieceHead):
    """A local head, with Grad-CAM in closed form: d logit / d map = read-out weight / (H W).

    A depth-wise convolution gathers each place's nine neighbours and sums them under their weights: a runtime in a
    browser has no kernel of its own for it, and its general one takes twice as long.
    """

    inputs = ("tokens", "target")
    maps = ("evidence",)
    head: LocalPerceptionHead
    folded: FoldedPerception
    weights: Tensor  # (C, D), of the read-out
    places: Tensor  # (H * W,), of the patches among the tokens
    near: Tensor  # (H * W, 9), each patch's neighbours; H * W stands for what lies beyond the border
    taps: Tensor  # (9, D)
    bias: Tensor  # (H * W, D)

    def __init__(self, head: LocalPerceptionHead) -> None:
        super().__init__(head)
        assert head.local.folded is not None  # in eval mode
        self.folded = head.local.folded
        matrices = [w.detach() for w in head.classifier.parameters() if w.ndim == 2]
        (rows, columns), prefix = head.grid, head.prefix
        count = rows * columns
        self.register_buffer("weights", torch.stack(matrices).mean(dim=0))
        self.register_buffer("places", torch.arange(prefix, prefix + count))
        if self.folded.depthwise:
            padded = F.pad(torch.arange(count).reshape(rows, columns), (1, 1, 1, 1), value=count)
            near = [padded[y : y + rows, x : x + columns].flatten() for y in range(3) for x in range(3)]
            self.register_buffer("near", torch.stack(near, dim=1))
            self.register_buffer("taps", self.folded.spread_weight.flatten(1).T.contiguous())
            self.register_buffer("bias", self.folded.spread_bias[0].flatten(1).T.contiguous())

    def forward(self, tokens: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        """Of tokens and the classes' weights, (1, C): logits, mean, evidence (1, H * W)."""
        (target,) = given
        folded = self.folded
        patches = tokens.squeeze(0).index_select(0, self.places)  # (H * W, D)
        hidden = F.gelu(F.linear(patches, folded.expand_weight, folded.expand_bias))
        if folded.depthwise:
            around = F.pad(hidden, (0, 0, 0, 1))[self.near]  # (H * W, 9, D)
            hidden = F.gelu((around * self.taps).sum(dim=1) + self.bias)
        mean = F.linear(hidden.mean(dim=0, keepdim=True), folded.project_weight, folded.project_bias)
        mean = mean + patches.mean(dim=0, keepdim=True)
        logits = self.head.classifier.of_mean(mean, tokens)
        pull = target @ self.weights / len(self.places)  # (1, D), on every place of the map
        at_hidden = pull @ folded.project_weight
        evidence = hidden @ at_hidden.T + patches @ pull.T + folded.project_bias @ pull.T  # (H * W, 1)
        return logits, mean, evidence.relu().T


class GlobalPieceHead(PieceHead):
    """A global head: its tokens' attention is averaged before it is applied."""

    head: GlobalAggregationHead

    def forward(self, tokens: Tensor, *given: Tensor) -> tuple[Tensor, ...]:  # noqa: ARG002
        head = self.head
        kept = tokens.squeeze(0).index_select(0, head.places)  # (T, D)
        count, width = kept.shape
        qkv = head.qkv(kept).reshape(count, 3, head.ATTENTION_HEADS, -1).permute(1, 2, 0, 3)
        query, key, value = qkv.split(1)  # (1, heads, T, D / heads) each
        scale = query.shape[-1] ** -0.5
        weights = ((query * scale) @ key.transpose(-2, -1)).softmax(dim=-1).mean(dim=-2, keepdim=True)
        mean = head.project((weights @ value).reshape(1, width))
        return head.classifier.of_mean(mean, tokens), mean
