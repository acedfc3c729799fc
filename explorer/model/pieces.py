"""A network as ONNX files in pieces by exit, so that a browser loads and runs no more of it than an image needs.

`stages` cuts it: for every exit one piece with the blocks up to it and one with its head, `b04 h04 b05 h05 ... b12`;
the last holds the final read-out too. Blocks and heads are separate, so that the heads' cost can be timed. A head that
has maps to show exists a second time, `e04`: its file is appended to the bytes of `h04` and holds what these lack.
Pieces take one image, so that their shapes are constants: a runtime precomputes what follows from them.
Weights with more than one axis are written in float16, as the model folder has them, and cast to float32 where a
session is made: all arithmetic is in float32. Small ones that float16 does not hold exactly stay in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from timm.layers import Attention
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from explorer.model.multi_exit import MultiExitViT
from explorer.model.onnx_file import in_two, to_onnx
from explorer.model.piece_heads import PieceHead, piece_head


@dataclass(frozen=True)
class Stage:
    """A piece that runs as one: `inputs` and `outputs` are names of tensors, the same names in every piece.

    "image" (1, channels, height, width) and "tokens" (1, prefix + patches, D) go in; "tokens" comes out of blocks.
    So does "previous", the tokens one block earlier, unless they are those that went in, and "attention" (blocks in the
    piece, 1, heads, tokens, tokens), its blocks' weights, where the network has a class token and timm's plain blocks.
    "logits" (1, C) comes out of heads and the last piece, "mean" (1, D) of heads with output tokens: their mean. A
    local head with maps also takes "target" (1, C), weights of the classes, and gives "evidence" (1, rows * columns):
    Grad-CAM of the logits' sum under these weights.
    """

    name: str  # b04, h04, e04, ...
    block: int  # the exit's block, from 1
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    behind: str | None = None  # the piece whose bytes come first


class _Blocks(nn.Module):
    """Blocks done + 1 to until; with the embedding before the first and the read-out after the last."""

    def __init__(self, network: MultiExitViT, done: int, until: int) -> None:
        super().__init__()
        self.backbone = network.backbone
        self.done, self.until = done, until
        self.shows = shows_attention(network)
        self.last = until == network.backbone.blocks
        self.within = (
            done == 0 or until - done > 1
        )  # whether the tokens one block earlier are produced in here

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives."""
        names = ("logits", "tokens") if self.last else ("tokens",)
        return names + ("previous",) * self.within + ("attention",) * self.shows

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        tokens: Tensor = x if self.done else self.backbone.embed(x)
        previous, rows = tokens, []
        if self.shows:
            tokens = tokens.squeeze(0)  # a runtime adds the bias while multiplying, but only for matrices
        for index in range(self.done + 1, self.until + 1):
            previous = tokens
            if self.shows:
                tokens, weights = _attending(self.backbone.layers[index - 1], tokens)
                rows.append(weights)
            else:
                tokens = self.backbone.block(index, tokens)
        if self.shows:
            tokens, previous = tokens.unsqueeze(0), previous.unsqueeze(0)
        out = [self.backbone.readout(tokens)] if self.last else []
        out += [tokens, previous] if self.within else [tokens]
        if self.shows:
            out.append(torch.stack(rows) if len(rows) > 1 else rows[0].unsqueeze(0))  # which copies nothing
        return tuple(out)


def shows_attention(network: MultiExitViT) -> bool:
    """Whether the pieces give their attention: with a class token, and timm's plain blocks."""
    blocks = network.backbone.layers
    plain = all(isinstance(block, Block) and isinstance(block.attn, Attention) for block in blocks)
    return plain and network.backbone.class_tokens > 0


@torch.no_grad()
def stages(network: MultiExitViT) -> Iterator[Stage]:
    """The network cut into pieces, shallow to deep."""
    network.eval()
    tokens = network.backbone.embed(_example_image(network))
    blocks = [0, *(e.block for e in network.exits)]
    for (done, until), head in zip(pairwise(blocks), [*network.heads, None], strict=True):
        piece = _Blocks(network, done, until)
        yield Stage(f"b{until:02}", until, piece, ("tokens",) if done else ("image",), piece.outputs)
        tokens = network.advance(tokens, done, until)
        if head is None:
            continue
        reads = piece_head(head, tokens)
        yield Stage(f"h{until:02}", until, reads, ("tokens",), reads.outputs)
        if reads.maps:
            shows = (*reads.outputs, *reads.maps)
            yield Stage(f"e{until:02}", until, reads, reads.inputs, shows, behind=f"h{until:02}")


@torch.no_grad()
def export(network: MultiExitViT) -> Iterator[tuple[Stage, bytes]]:
    """Every stage as the bytes of an ONNX file, or as those to append to another's.

    Raises `ModelError` where onnx is not installed.
    """
    given = {"image": _example_image(network), "target": torch.zeros(1, network.backbone.classes)}
    more: dict[str, bytes] = {}
    for stage in stages(network):
        if stage.behind:
            yield stage, more.pop(stage.behind)
            continue
        module, inputs, outputs = stage.module, stage.inputs, stage.outputs
        if isinstance(module, PieceHead):
            inputs, outputs = module.inputs, (*outputs, *module.maps)
        model = to_onnx(module, tuple(given[name] for name in inputs), inputs, outputs)
        data, more[stage.name] = in_two(model, stage.outputs)
        yield stage, data
        if "tokens" in stage.outputs:  # as the next piece will receive them: a block may change their shape
            given["tokens"] = module(given[stage.inputs[0]])[stage.outputs.index("tokens")]


def _example_image(network: MultiExitViT) -> Tensor:
    return torch.zeros(1, network.backbone.channels, *network.backbone.input_size)


def _attending(block: Any, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Timm's `Block` on one image's tokens (T, D), its attention written out: tokens, and its weights (1, heads, T, T).

    Query, key and value keep the axis they were split at, which then counts the one image: nothing is copied.
    """
    attn = block.attn
    x = block.norm1(tokens)
    qkv = attn.qkv(x).reshape(len(x), 3, attn.num_heads, attn.head_dim).permute(1, 2, 0, 3)
    query, key, value = qkv.split(1)  # (1, heads, tokens, head_dim) each
    query, key = attn.q_norm(query), attn.k_norm(key)
    weights = ((query * attn.scale) @ key.transpose(-2, -1)).softmax(dim=-1)
    mixed = attn.norm((weights @ value).squeeze(0).transpose(0, 1).flatten(1))
    if attn.gate is not None:
        mixed = mixed * attn.gate(x).sigmoid()
    tokens = tokens + block.ls1(attn.proj(mixed))
    return tokens + block.ls2(block.mlp(block.norm2(tokens))), weights
