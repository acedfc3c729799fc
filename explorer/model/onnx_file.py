"""Modules of torch as ONNX files: weights in float16, and rarely needed parts kept separate."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from copy import deepcopy
from io import BytesIO
from typing import Any

import torch
from torch import Tensor, nn

from explorer.model.backbone import Backbone
from explorer.model.bundle import ModelError

# A folder holds weights in float16, so they lose nothing here. A head with a batch norm folded in does, a thousandth
# of a probability in a small network; tensors of this size or smaller stay as they are.
FEW = 65_536
OPSET = 20  # the first with GELU as one operation
NEEDS = "Exporting a network needs onnx; pip install -r requirements-site.txt first."


def to_onnx(
    module: nn.Module, example: tuple[Tensor, ...], inputs: Sequence[str], outputs: Sequence[str]
) -> Any:
    """A module as an ONNX model for inputs of just the example's shapes, which lets a runtime work out all others.

    An output that is named as an input gets `_out` after its name. Raises `ModelError` where onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise ModelError(NEEDS) from error
    file: Any = BytesIO()  # which torch takes, though its types name paths only
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # The tracing exporter: torch calls it old, but it takes half a second a piece where the new one takes six.
        torch.onnx.export(
            _all_in_state(module),
            example,
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=[f"{name}_out" if name in inputs else name for name in outputs],
        )
    model = onnx.load_from_string(file.getvalue())
    _halve(model.graph, onnx)
    onnx.checker.check_model(model)
    return model


def in_two(model: Any, outputs: Collection[str]) -> tuple[bytes, bytes]:
    """A model with only those outputs, and the bytes that, appended to that model's, make the whole model.

    Protocol buffers allow this: a reader merges two concatenated messages into one and joins their lists.
    """
    import onnx

    graph = model.graph
    needed = {made.name for made in graph.output if made.name.removesuffix("_out") in outputs}
    for node in reversed(graph.node):  # which are in the order of computation
        if needed.intersection(node.output):
            needed.update(node.input)
    first, second = onnx.ModelProto(), onnx.ModelProto()
    first.CopyFrom(model)
    for field in ("node", "initializer", "input", "output", "value_info"):
        entries = getattr(graph, field)
        names = [entry.output if field == "node" else [entry.name] for entry in entries]
        first.graph.ClearField(field)
        for entry, made in zip(entries, names, strict=True):
            part = first if needed.intersection(made) else second
            getattr(part.graph, field).append(entry)
    onnx.checker.check_model(first)
    return first.SerializeToString(), second.SerializeToString()


def _all_in_state(module: nn.Module) -> nn.Module:
    """A twin whose buffers all count as weights: the exporter writes a transposed constant in its old order."""
    twin = deepcopy(module)
    for part in twin.modules():
        part._non_persistent_buffers_set.clear()
        if isinstance(part, Backbone):
            part.settle()
    return twin


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
