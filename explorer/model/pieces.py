"""A network as ONNX files in pieces by exit, so that a browser loads and runs no more of it than an image needs.

`stages` cuts it: for every exit one piece with the blocks up to it and one with its head, `b04 h04 b05 h05 ... b12`;
the last holds the final read-out too. Block and head lie apart, so that what the heads cost can be timed.
Weights with more than one axis are written in float16, as the model folder has them, and cast to float32 where a
session is made: all arithmetic is in float32. Small ones that float16 does not hold exactly stay in float32.
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

from explorer.model.backbone import Backbone
from explorer.model.bundle import ModelError
from explorer.model.heads import Head, LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT

# A folder holds weights in float16, so they lose nothing here. A head with a batch norm folded in does, a thousandth
# of a probability in a small network; so many numbers and fewer stay as they are.
FEW = 65_536
OPSET = 20  # the first with GELU as one operation
NEEDS = "Exporting a network needs onnx; pip install -r requirements-site.txt first."


@dataclass(frozen=True)
class Stage:
    """What runs as one: `inputs` and `outputs` are names of tensors, the same names in every piece.

    "image" (N, channels, height, width) and "tokens" (N, prefix + patches, D) go in; "tokens" comes out of blocks.
    So does "previous", the tokens one block earlier, unless they are those that went in, and "attention" (blocks in the
    piece, N, heads, tokens, tokens), its blocks' weights, where the network has a class token and timm's plain blocks.
    "logits" (N, C) comes out of heads and the last piece, "mean" (N, D) of heads with output tokens: their mean. A
    local head also takes "target" (1, C), weights of the classes, and gives "evidence" (N, rows * columns): Grad-CAM of
    the logits' sum under these weights.
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
        self.last = until == network.backbone.blocks
        self.within = done == 0 or until - done > 1  # whether the tokens one block earlier are made in here

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives."""
        names = ("logits", "tokens") if self.last else ("tokens",)
        return names + ("previous",) * self.within + ("attention",) * self.shows

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        tokens: Tensor = x if self.done else self.backbone.embed(x)
        previous, rows = tokens, []
        for index in range(self.done + 1, self.until + 1):
            previous = tokens
            if self.shows:
                tokens, weights = _attending(self.backbone.layers[index - 1], tokens)
                rows.append(weights)
            else:
                tokens = self.backbone.block(index, tokens)
        out = [self.backbone.readout(tokens)] if self.last else []
        out += [tokens, previous] if self.within else [tokens]
        return (*out, torch.stack(rows)) if self.shows else tuple(out)


class _Local(nn.Module):
    """A local head with Grad-CAM: its read-out is linear in the map, d logit / d map = weight / (H W)."""

    outputs = ("logits", "mean", "evidence")
    weights: Tensor  # (C, D)

    def __init__(self, head: LocalPerceptionHead) -> None:
        super().__init__()
        self.head = head
        self.register_buffer(
            "weights",
            torch.stack([w for w in head.classifier.parameters() if w.ndim == 2]).mean(dim=0).detach(),
        )

    def forward(self, tokens: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, features = self.head(tokens)  # (N, C), (N, H * W, D)
        weight = target @ self.weights  # (1, D)
        evidence = (features * weight).sum(dim=-1) / features.shape[1]
        return logits, features.mean(dim=1), evidence.relu()


class _Head(nn.Module):
    """Any other head: its logits, and the mean of its output tokens where it has some."""

    def __init__(self, head: Head, tokens: Tensor) -> None:
        super().__init__()
        self.head = head
        self.pools = head(tokens)[1].shape[1] > 0

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `forward` gives."""
        return ("logits", "mean") if self.pools else ("logits",)

    def forward(self, tokens: Tensor) -> tuple[Tensor, ...]:
        logits, features = self.head(tokens)
        return (logits, features.mean(dim=1)) if self.pools else (logits,)


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
        if isinstance(part, Backbone):
            part.settle()
    return twin


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
        if isinstance(head, LocalPerceptionHead):
            yield Stage(f"h{until:02}", until, _Local(head), ("tokens", "target"), _Local.outputs)
        elif head is not None:
            reads = _Head(head, tokens)
            yield Stage(f"h{until:02}", until, reads, ("tokens",), reads.outputs)


@torch.no_grad()
def export(network: MultiExitViT) -> Iterator[tuple[Stage, bytes]]:
    """Every stage as the bytes of an ONNX file. Raises `ModelError` where onnx is not installed."""
    given = {"image": _example_image(network), "target": torch.zeros(1, network.backbone.classes)}
    for stage in stages(network):
        yield stage, _to_onnx(stage, tuple(given[name] for name in stage.inputs))
        if "tokens" in stage.outputs:  # as the next piece will be given them: a block may change their shape
            given["tokens"] = stage.module(given[stage.inputs[0]])[stage.outputs.index("tokens")]


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
        whole = onnx.numpy_helper.to_array(tensor)
        half = whole.astype("float16")
        if whole.size < FEW and (half != whole).any():
            continue
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
