"""A backbone's embed, blocks and read-out, one behind the other, are timm's own forward pass."""

import pytest
import torch
from timm.models.deit import VisionTransformerDistilled
from torch import nn

from explorer.model.backbone import Backbone, build_backbone

COMMON = {
    "img_size": 16, "in_chans": 3, "num_classes": 5,
    "embed_dim": 16, "depth": 3, "num_heads": 2, "mlp_ratio": 2,
}  # fmt: skip
PATCHES = COMMON | {"patch_size": 4}
STEM = {"channels": [4, 8, 16], "kernel_size": 3, "stride": [2, 1, 2]}


def vit(**options) -> Backbone:
    return build_backbone("vit", **PATCHES | options)


# name -> (builder, prefix tokens, class tokens, grid)
BACKBONES = {
    "plain": (vit, 1, 1, (4, 4)),
    "distilled": (lambda: Backbone(VisionTransformerDistilled(**PATCHES)), 2, 2, (4, 4)),
    "registers": (lambda: vit(reg_tokens=3), 4, 1, (4, 4)),
    "registers without class token": (
        lambda: vit(reg_tokens=2, class_token=False, global_pool="avg"), 2, 0, (4, 4),
    ),
    "no prefix": (lambda: vit(class_token=False, global_pool="avg"), 0, 0, (4, 4)),
    "norm before the blocks": (lambda: vit(pre_norm=True), 1, 1, (4, 4)),
    "no position for the class token": (lambda: vit(no_embed_class=True), 1, 1, (4, 4)),
    "oblong": (lambda: vit(img_size=(16, 24)), 1, 1, (4, 6)),
    "convolutional stem": (lambda: build_backbone("vit", **COMMON, stem=STEM), 1, 1, (4, 4)),
    "convolutional stem, dynamic size": (
        lambda: build_backbone("vit", **COMMON, stem=STEM, dynamic_img_size=True), 1, 1, (4, 4),
    ),
    "timm's by name": (
        lambda: build_backbone("timm", name="deit_tiny_distilled_patch16_224", img_size=32, depth=2),
        2, 2, (2, 2),
    ),
}  # fmt: skip


@pytest.fixture(params=BACKBONES)
def case(request):
    build, *facts = BACKBONES[request.param]
    torch.manual_seed(0)
    return build().eval(), *facts


def images_for(backbone: Backbone, count: int = 3):
    return torch.randn(count, 3, *backbone.input_size, generator=torch.Generator().manual_seed(1))


def test_embed_blocks_and_readout_are_timms_forward(case):
    backbone, prefix, class_tokens, (rows, columns) = case
    assert (backbone.prefix, backbone.class_tokens, backbone.grid) == (prefix, class_tokens, (rows, columns))
    images = images_for(backbone)
    with torch.no_grad():
        tokens = backbone.embed(images)
        assert tokens.shape == (3, prefix + rows * columns, backbone.width)
        for index in range(1, backbone.blocks + 1):
            before, tokens = tokens, backbone.block(index, tokens)
            assert tokens.shape == before.shape
            assert not torch.equal(tokens, before)
        logits = backbone.readout(tokens)
        assert logits.shape == (3, backbone.classes)
        assert torch.equal(logits, backbone(images))


def test_facts_of_a_plain_vit():
    backbone = vit()
    assert (backbone.blocks, backbone.width, backbone.classes) == (3, 16, 5)


def test_block_1_is_the_first():
    backbone = vit().eval()
    tokens = torch.randn(1, 17, 16)
    with torch.no_grad():
        assert torch.equal(backbone.block(1, tokens), backbone.vit.blocks[0](tokens))
        assert torch.equal(backbone.block(3, tokens), backbone.vit.blocks[2](tokens))


def test_gradients_reach_every_parameter():
    backbone = build_backbone("vit", **COMMON, stem=STEM)
    tokens = backbone.embed(images_for(backbone))
    for index in range(1, 4):
        tokens = backbone.block(index, tokens)
    backbone.readout(tokens).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in backbone.parameters())


def test_the_stem_is_convolution_batch_norm_gelu_and_a_bare_convolution_last():
    stem = build_backbone("vit", **COMMON, stem=STEM).vit.patch_embed.backbone
    assert [m.conv.kernel_size for m in stem] == [(3, 3)] * 3
    assert [m.conv.stride for m in stem] == [(2, 2), (1, 1), (2, 2)]
    assert [any(isinstance(x, nn.GELU) for x in m.modules()) for m in stem] == [True, True, False]
    assert [any(isinstance(x, nn.BatchNorm2d) for x in m.modules()) for m in stem] == [True, True, False]


def test_an_unknown_kind_is_refused_with_the_names_there_are():
    with pytest.raises(
        ValueError, match="there is no backbone kind 'resnet'; choose one of vit, deit, swin, timm"
    ):
        build_backbone("resnet")
