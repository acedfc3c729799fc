"""The network in pieces gives what the network gives, and every piece stands for itself."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from explorer.explain.map import Target
from explorer.explain.registry import explain
from explorer.model.backbone import build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT
from explorer.model.onnx_file import FEW
from explorer.model.pieces import export, stages
from explorer.rules import RULES, Reader, Verdict
from explorer.rules.rule import FEATURES, PREVIOUS, TOKENS

EXITS = [
    ExitSpec(2, "lph-dw"),
    ExitSpec(3, "lph-pw"),
    ExitSpec(4, "gah", {"stride": 2}),
    ExitSpec(5, "linear"),
]


def tiny(**options) -> MultiExitViT:
    """A small random network with every kind of head."""
    torch.manual_seed(0)
    shape = {"img_size": 16, "patch_size": 4, "embed_dim": 16, "depth": 6, "num_heads": 2, "num_classes": 5}
    network = MultiExitViT(build_backbone("vit", **shape, **options), EXITS).eval()
    for parameter in network.parameters():  # float16 holds these exactly, so only arithmetic can differ
        parameter.data = (parameter.data + 0.1 * torch.randn_like(parameter)).half().float()
    return network.requires_grad_(False).eval()


def sessions(network):
    """Each piece by its name, as (stage, session); one that goes behind another has that one's bytes in front."""
    files = {None: b""}
    for stage, data in export(network):
        files[stage.name] = files[stage.behind] + data
        yield stage, ReferenceEvaluator(onnx.load_from_string(files[stage.name]))


@pytest.fixture(scope="module")
def network():
    return tiny()


@pytest.fixture(scope="module")
def pieces(network):
    return {stage.name: (stage, session) for stage, session in sessions(network)}


def run(pieces, images, weights=(0, 0, 0, 0, 0)):
    """All pieces in order: logits (1, E, C), attention (blocks, 1, heads, tokens, tokens), evidence by piece."""
    tokens, logits, attention, evidence = images.numpy(), [], [], {}
    for name, (stage, session) in pieces.items():
        given = {"image": tokens, "tokens": tokens, "target": np.array([weights], np.float32)}
        out = dict(zip(stage.outputs, session.run(None, {n: given[n] for n in stage.inputs}), strict=True))
        if stage.behind:
            np.testing.assert_allclose(out["logits"], logits[-1], atol=1e-6)
            evidence[name] = out["evidence"]
        elif "logits" in out:
            logits.append(out["logits"])
        attention.extend(out.get("attention", []))
        tokens = out.get("tokens", tokens)
    return np.stack(logits, axis=1), np.stack(attention), evidence


@pytest.mark.parametrize("seed", [1, 3])
def test_the_pieces_together_answer_as_the_network(network, pieces, seed):
    image = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    logits, attention, _ = run(pieces, image)
    np.testing.assert_allclose(logits, network.analyse(image).logits, atol=2e-4)
    assert attention.shape == (6, 1, 2, 17, 17)
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    one = explain("attention", network, image, Target(0)).values.reshape(6, 2, 16)
    np.testing.assert_allclose(attention[:, 0, :, 0, 1:], one, atol=1e-5)


@pytest.mark.parametrize(("name", "exit_index"), [("e02", 0), ("e03", 1)])
@pytest.mark.parametrize("classes", [(0,), (4,), (1, 2, 3)])
def test_the_evidence_of_a_local_head_is_grad_cam_of_a_class_or_group(
    network, pieces, name, exit_index, classes
):
    image = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(7))
    logits = network.analyse(image).logits[0, exit_index, list(classes)].astype(float)
    weights = np.zeros(5)
    weights[list(classes)] = np.exp(logits) / np.exp(logits).sum()
    _, _, evidence = run(pieces, image, weights)
    expected = explain("grad-cam", network, image, Target(exit_index, classes)).values
    np.testing.assert_allclose(evidence[name][0].reshape(4, 4), expected, atol=1e-4)


class Watched(Reader):
    """Keeps what it is shown."""

    def begin(self, _):
        self.seen = []

    def step(self, _, seen):
        self.seen.append(seen)
        return Verdict(np.zeros(len(seen.logits)))


def test_the_pieces_show_what_rules_look_at(network, pieces):
    image = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    kept = []
    rule = replace(
        RULES["palbert"], needs=frozenset({TOKENS, PREVIOUS, FEATURES}), addon=None, reader=Watched
    )
    network.reader = lambda *_: kept.append(Watched(None)) or kept[0]
    try:
        network.infer(image, rule, 1.0)
    finally:
        del network.reader
    tokens = image.numpy()
    given = {"target": np.zeros((1, 5), np.float32)}
    for exit_index, seen in enumerate(kept[0].seen):
        block = network.exits[exit_index].block
        stage, session = pieces[f"b{block:02}"]
        before = tokens
        out = dict(
            zip(stage.outputs, session.run(None, {stage.inputs[0]: tokens}), strict=True),
        )
        tokens = out["tokens"]
        np.testing.assert_allclose(tokens, seen.tokens, atol=1e-4)
        np.testing.assert_allclose(out.get("previous", before), seen.previous, atol=1e-4)
        if exit_index < len(network.heads):
            stage, session = pieces[f"h{block:02}"]
            given["tokens"] = tokens
            out = dict(
                zip(
                    stage.outputs,
                    session.run(None, {name: given[name] for name in stage.inputs}),
                    strict=True,
                )
            )
            pools = seen.features.shape[1] > 0
            assert ("mean" in out) is pools
            if pools:
                np.testing.assert_allclose(out["mean"], seen.features.mean(axis=1), atol=5e-4)


def test_each_exit_has_a_piece_for_its_blocks_and_one_for_its_head(network):
    found = [(stage.name, stage.inputs, stage.outputs) for stage in stages(network)]
    names = ["b02", "h02", "e02", "b03", "h03", "e03", "b04", "h04", "b05", "h05", "b06"]
    assert [name for name, _, _ in found] == names
    given = {name: (inputs, outputs) for name, inputs, outputs in found}
    assert given["b02"] == (("image",), ("tokens", "previous", "attention"))
    assert given["h02"] == (("tokens",), ("logits", "mean"))
    assert given["e02"] == (("tokens", "target"), ("logits", "mean", "evidence"))
    assert given["b03"] == (("tokens",), ("tokens", "attention"))
    assert given["h04"] == (("tokens",), ("logits", "mean"))
    assert given["h05"] == (("tokens",), ("logits",))  # a linear head has no tokens of its own
    assert given["b06"] == (("tokens",), ("logits", "tokens", "attention"))


def test_what_a_map_needs_beyond_its_head_holds_no_weights_again(network):
    files = {stage.name: data for stage, data in export(network)}
    for name in ("02", "03"):
        assert len(files[f"e{name}"]) < len(files[f"h{name}"]) / 2
        assert onnx.load_from_string(files[f"e{name}"]).graph.input[0].name == "target"


def test_a_backbone_without_a_class_token_gives_no_attention():
    shape = {"img_size": 8, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 3}
    backbone = build_backbone("vit", **shape, class_token=False, global_pool="avg")
    network = MultiExitViT(backbone, [ExitSpec(1, "gah", {"stride": 1})]).eval()
    found = [stage.outputs for stage in stages(network)]
    assert found == [("tokens", "previous"), ("logits", "mean"), ("logits", "tokens")]


def test_weights_of_more_than_one_axis_lie_in_float16(network):
    for stage, data in export(network):
        if stage.behind:
            continue
        graph = onnx.load_from_string(data).graph
        wide = [w for w in graph.initializer if len(w.dims) > 1]
        assert any(w.data_type == onnx.TensorProto.FLOAT16 for w in wide)
        for whole in (w for w in wide if w.data_type == onnx.TensorProto.FLOAT):  # what float16 does not hold
            numbers = onnx.numpy_helper.to_array(whole)
            assert numbers.size < FEW
            assert (numbers.astype(np.float16) != numbers).any()
