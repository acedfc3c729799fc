"""MACs, counted without computing, are half of what PyTorch's own counter sees on the running modules."""

import numpy as np
import pytest
import torch
from timm.layers import SwiGLUPacked
from timm.models.deit import VisionTransformerDistilled
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from explorer.model.backbone import Backbone, build_backbone
from explorer.model.cost import count
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT

COMMON = {
    "img_size": (16, 24), "in_chans": 3, "num_classes": 5,
    "embed_dim": 16, "depth": 6, "num_heads": 2, "mlp_ratio": 3,
}  # fmt: skip
PATCHES = COMMON | {"patch_size": 4}
STEM = {"channels": [4, 8, 16], "kernel_size": 3, "stride": [2, 1, 2]}
EXITS = [
    ExitSpec(1, "linear"),
    ExitSpec(2, "lph-dw"),
    ExitSpec(3, "lph-pw"),
    ExitSpec(4, "gah", {"stride": 2}),
    ExitSpec(5, "gah", {"stride": 3}),
]


def vit(**options) -> Backbone:
    return build_backbone("vit", **PATCHES | options)


BACKBONES = {
    "patches": vit,
    "convolutional stem": lambda: build_backbone("vit", **COMMON, stem=STEM),
    "distilled": lambda: Backbone(VisionTransformerDistilled(**PATCHES)),
    "class and mean": lambda: vit(class_and_mean=True),
    "registers": lambda: vit(reg_tokens=3),
    "no class token": lambda: vit(class_token=False, global_pool="avg"),
    "gated MLP": lambda: vit(mlp_layer=SwiGLUPacked, mlp_ratio=4),
    "ResNet stem": lambda: build_backbone(
        "timm", name="vit_tiny_r_s16_p8_224", img_size=64, depth=6, num_classes=5
    ),
}  # fmt: skip


def counted(module, *inputs) -> int:
    """Multiply-accumulates that really happen in a call, by PyTorch's dispatcher."""
    # Only the plain attention kernel is made of matrix products that the counter sees on a CPU.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(*inputs)
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


@pytest.fixture(params=BACKBONES)
def network(request):
    backbone = BACKBONES[request.param]()
    exits = EXITS if backbone.class_tokens else EXITS[1:]
    return MultiExitViT(backbone, exits).eval()


def images_for(network):
    return torch.zeros(1, 3, *network.backbone.input_size)


def test_every_parts_macs_are_those_counted(network):
    backbone, images = network.backbone, images_for(network)
    costs = count(backbone)
    assert costs.embed == counted(backbone.embed, images)
    with torch.no_grad():
        tokens = backbone.embed(images)
    for block in range(1, 7):
        assert costs.blocks[block - 1] == counted(lambda x, b=block: backbone.block(b, x), tokens)
    for head in network.heads:
        assert head.macs() == counted(head, tokens)
    assert costs.readout == counted(backbone.readout, tokens)


def test_full_macs_are_those_of_the_backbone_alone(network):
    assert network.macs_full == count(network.backbone).full
    assert network.macs_full == counted(network.backbone, images_for(network))


def test_an_exits_macs_are_those_of_everything_on_the_way(network):
    totals = []
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        tokens, done = network.backbone.embed(images_for(network)), 0
        for spec, head in zip(network.specs, network.heads, strict=True):
            tokens, done = network.advance(tokens, done, spec.block), spec.block
            head(tokens)
            totals.append(counter.get_total_flops() / 2)
        network.backbone.readout(network.advance(tokens, done, network.backbone.blocks))
        totals.append(counter.get_total_flops() / 2)
    assert network.macs.dtype == np.int64
    assert network.macs.tolist() == totals


def test_a_network_cut_off_at_an_exit_pays_for_that_head_alone(network):
    heads = np.array([head.macs() for head in network.heads])
    before = np.cumsum(heads) - heads
    np.testing.assert_array_equal(network.macs_single[:-1], network.macs[:-1] - before)
    assert network.macs_single[-1] == network.macs_full


def test_macs_by_hand():
    network = MultiExitViT(vit(), [ExitSpec(2, "gah", {"stride": 2})])
    n, d, m = 1 + 4 * 6, 16, 48
    embed, block = 24 * 16 * 48, 4 * n * d**2 + 2 * n**2 * d + 2 * n * d * m
    kept = 2 * 3
    head = 4 * kept * d**2 + 2 * kept**2 * d + d * 5
    assert network.macs.tolist() == [embed + 2 * block + head, embed + 6 * block + head + d * 5]
    assert network.macs_full == embed + 6 * block + d * 5


def test_counting_leaves_no_trace_on_the_network():
    torch.manual_seed(0)
    backbone = build_backbone("vit", **COMMON, stem=STEM).train()
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    count(backbone)
    assert backbone.training
    assert all(module.training for module in backbone.modules())
    assert not any(module._forward_hooks for module in backbone.modules())
    after = backbone.state_dict()
    assert all(after[name].device.type == "cpu" for name in before)
    assert all(torch.equal(after[name], before[name]) for name in before)
