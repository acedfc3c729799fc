"""A network as ONNX files in pieces by exit, so that a browser loads and runs no more of it than an image needs.

`stages` cuts it: for every exit one piece with the blocks up to it and one with its head, `b04 h04 b05 h05 ... b12`;
the last holds the final read-out too. Block and head lie apart, so that what the heads cost can be timed.
Weights with more than one axis are written in float16, as the model folder has them, and cast to float32 where a
session is made: all arithmetic is in float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any

import torch
from timm.layers import Attention
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from explorer.model.bundle import ModelError
from explorer.model.heads import Head, LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT

OPSET = 20  # the first with GELU as one operation
NEEDS = "Exporting a network needs onnx; pip install -r requirements-site.txt first."


@dataclass(frozen=True)
class Stage:
    """What runs as one: `inputs` and `outputs` are names of tensors, the same names in every piece.

    "image" (N, channels, height, width) and "tokens" (N, prefix + patches, D) go in; "tokens" comes out of blocks,
    with "attention" (blocks in the piece, N, heads, tokens, tokens), its blocks' weights, where it has a class token
    and timm's plain blocks. "logits" (N, C) comes out of heads and the last piece. A local head also takes "target"
    (1,), a class, and gives "evidence" (N, rows * columns): Grad-CAM of that class.
    """

    name: str  # b04, h04, ...
    block: int  # the exit's block, from 1
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class _Blocks(nn.Module):
    """Blocks done + 1 to until; with the embedding before the first and the read-out behind the last."""

    def __init__(self, network: MultiExitViT, done: int, until: int) -> None:
        super().__init__()
        self.backbone = network.backbone
        self.done, self.until = done, until
        self.shows = shows_attention(network)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        tokens: Tensor = x if self.done else self.backbone.embed(x)
        rows = []
        for index in range(self.done + 1, self.until + 1):
            if self.shows:
                tokens, weights = _attending(self.backbone.layers[index - 1], tokens)
                rows.append(weights)
            else:
                tokens = self.backbone.block(index, tokens)
        last = self.until == self.backbone.blocks
        out = self.backbone.readout(tokens) if last else tokens
        return (out, torch.stack(rows)) if self.shows else (out,)


class _Local(nn.Module):
    """A local head with Grad-CAM of a class: its read-out is linear in the map, d logit / d map = weight / (H W)."""

    weights: Tensor  # (C, D)

    def __init__(self, head: LocalPerceptionHead) -> None:
        super().__init__()
        self.head = head
        self.register_buffer(
            "weights",
            torch.stack([w for w in head.classifier.parameters() if w.ndim == 2]).mean(dim=0).detach(),
        )

    def forward(self, tokens: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        logits, features = self.head(tokens)  # (N, C), (N, H * W, D)
        weight = self.weights.index_select(0, target)  # (1, D)
        evidence = (features * weight).sum(dim=-1) / features.shape[1]
        return logits, evidence.relu()


class _Head(nn.Module):
    """Any other head: its logits alone."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(tokens)[0]


def shows_attention(network: MultiExitViT) -> bool:
    """Whether the pieces give their attention: with a class token, and timm's plain blocks."""
    blocks = network.backbone.layers
    plain = all(isinstance(block, Block) and isinstance(block.attn, Attention) for block in blocks)
    return plain and network.backbone.class_tokens > 0


def _all_in_state(module: nn.Module) -> nn.Module:
    """A twin whose buffers all count as weights: the exporter writes a transposed constant in its old order."""
    twin = deepcopy(module)
    for part in twin.modules():
        part._non_persistent_buffers_set.clear()
    return twin


def stages(network: MultiExitViT) -> Iterator[Stage]:
    """The network cut into pieces, shallow to deep."""
    network.eval()
    attention = ("attention",) if shows_attention(network) else ()
    for (done, until), head in zip(
        pairwise([0, *(e.block for e in network.exits)]), [*network.heads, None], strict=True
    ):
        inputs = ("tokens",) if done else ("image",)
        outputs = ("tokens",) if head is not None else ("logits",)
        yield Stage(f"b{until:02}", until, _Blocks(network, done, until), inputs, outputs + attention)
        if isinstance(head, LocalPerceptionHead):
            yield Stage(f"h{until:02}", until, _Local(head), ("tokens", "target"), ("logits", "evidence"))
        elif head is not None:
            yield Stage(f"h{until:02}", until, _Head(head), ("tokens",), ("logits",))


def export(network: MultiExitViT) -> Iterator[tuple[Stage, bytes]]:
    """Every stage as the bytes of an ONNX file. Raises `ModelError` where onnx is not installed."""
    example = _example_image(network)
    tokens = network.backbone.embed(example)
    for stage in stages(network):
        given = {"image": example, "tokens": tokens, "target": torch.zeros(1, dtype=torch.int64)}
        yield stage, _to_onnx(stage, tuple(given[name] for name in stage.inputs))


def _example_image(network: MultiExitViT) -> Tensor:
    """Two images, for torch takes a batch of one for a constant."""
    return torch.zeros(2, network.backbone.channels, *network.backbone.input_size)


def _attending(block: Any, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Timm's `Block` with its attention written out: tokens, and its weights (N, heads, tokens, tokens)."""
    attn = block.attn
    x = block.norm1(tokens)
    qkv = attn.qkv(x).unflatten(-1, (3, attn.num_heads, attn.head_dim))
    query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, tokens, head_dim) each
    query, key = attn.q_norm(query), attn.k_norm(key)
    weights = ((query * attn.scale) @ key.transpose(-2, -1)).softmax(dim=-1)
    mixed = attn.norm((weights @ value).transpose(1, 2).flatten(2))
    if attn.gate is not None:
        mixed = mixed * attn.gate(x).sigmoid()
    tokens = tokens + block.ls1(attn.proj(mixed))
    return tokens + block.ls2(block.mlp(block.norm2(tokens))), weights


def _to_onnx(stage: Stage, example: tuple[Tensor, ...]) -> bytes:
    try:
        import onnx
    except ImportError as error:
        raise ModelError(NEEDS) from error
    names = [f"{name}_out" if name in stage.inputs else name for name in stage.outputs]
    batch = {
        name: {1 if name == "attention" else 0: "batch"}
        for name in (*stage.inputs, *names)
        if name != "target"
    }
    file: Any = BytesIO()  # which torch takes, though its types name paths only
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # The tracing exporter: torch calls it old, but it takes half a second a piece where the new one takes six.
        torch.onnx.export(
            _all_in_state(stage.module),
            example,
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(stage.inputs),
            output_names=names,
            dynamic_axes=batch,
        )
    model = onnx.load_from_string(file.getvalue())
    _halve(model.graph, onnx)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _halve(graph: Any, onnx: Any) -> None:
    """Weights of more than one axis in float16, each with a cast to float32 before whatever reads it."""
    constants = [
        (node.output[0], node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant" and node.attribute[0].name == "value"
    ]
    casts = []
    for name, tensor in [*((weight.name, weight) for weight in graph.initializer), *constants]:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        half = onnx.numpy_helper.to_array(tensor).astype("float16")
        casts.append((name, onnx.numpy_helper.from_array(half, f"{name}.half")))
    halved = {name for name, _ in casts}
    kept = [node for node in graph.node if not halved.intersection(node.output)]
    weights = [weight for weight in graph.initializer if weight.name not in halved]
    cast = [
        onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT) for name, half in casts
    ]
    del graph.node[:], graph.initializer[:]
    graph.initializer.extend([*weights, *(half for _, half in casts)])
    graph.node.extend([*cast, *kept])
