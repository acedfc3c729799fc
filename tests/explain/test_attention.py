import copy

import numpy as np
import pytest
import torch
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import ResPostBlock
from torch import Tensor

from explorer.explain.attention import cls_attention
from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT

TINY = {
    "img_size": 32,
    "in_chans": 3,
    "num_classes": 5,
    "embed_dim": 32,
    "depth": 4,
    "num_heads": 2,
}
PATCHES = TINY | {"patch_size": 8}
STEM = {"channels": [8, 16, 32], "stride": [2, 2, 2], "kernel_size": 3}


def tiny(backbone: Backbone) -> MultiExitViT:
    """Weights ten times timm's initial ones, so that the attention is far from uniform."""
    torch.manual_seed(0)
    network = MultiExitViT(backbone, [ExitSpec(2, "lph-pw")]).eval()
    with torch.no_grad():
        for block in network.backbone.vit.blocks:
            block.attn.qkv.weight.normal_(std=0.2)
            block.attn.qkv.bias.normal_(std=0.2)
        network.backbone.vit.pos_embed.normal_(std=0.5)
    return network


def vit(**options) -> MultiExitViT:
    return tiny(build_backbone("vit", **PATCHES | options))


NETWORKS = {
    "plain": lambda: vit(),
    "distilled": lambda: tiny(Backbone(VisionTransformerDistilled(**PATCHES))),
    "registers": lambda: vit(reg_tokens=3),
    "qk_norm": lambda: vit(qk_norm=True),
    "oblong grid": lambda: vit(img_size=(32, 48)),
    "convolutional stem": lambda: tiny(build_backbone("vit", **TINY, stem=STEM)),
}


def image_for(network: MultiExitViT, seed: int = 1) -> Tensor:
    size = network.backbone.input_size
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(seed))


def timm_weights(network: MultiExitViT, image: Tensor) -> Tensor:
    """All attention weights timm itself uses in `forward_features`, (blocks, heads, tokens, tokens)."""
    watched = copy.deepcopy(network)
    seen: list[Tensor] = []
    for block in watched.backbone.vit.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.no_grad():
        watched.backbone.vit.forward_features(image)
    return torch.cat(seen)


@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_equal_the_ones_timms_own_attention_uses(kind):
    network = NETWORKS[kind]()
    image = image_for(network)
    backbone = network.backbone
    rows, columns = backbone.grid
    expected = timm_weights(network, image)[:, :, 0, backbone.prefix :]
    weights = cls_attention(network, image)
    assert weights.dtype == np.float32
    assert weights.shape == (4, 2, rows, columns)
    np.testing.assert_allclose(weights.reshape(4, 2, rows * columns), expected.numpy(), rtol=0, atol=1e-5)
    assert weights.std() > 0.01  # a uniform map would agree with anything


def test_patches_get_what_the_prefix_tokens_leave():
    network = vit(reg_tokens=3)
    image = image_for(network)
    to_prefix = timm_weights(network, image)[:, :, 0, :4].sum(dim=-1)
    left = cls_attention(network, image).sum(axis=(2, 3))
    np.testing.assert_allclose(left, 1 - to_prefix.numpy(), atol=1e-5)
    assert (left < 1).all()


def test_equal_keys_share_the_attention_evenly():
    network = vit()
    with torch.no_grad():
        for block in network.backbone.vit.blocks:
            block.attn.qkv.weight[32:64] = 0  # the keys' rows: now every key is the bias
    weights = cls_attention(network, image_for(network))
    np.testing.assert_allclose(weights, 1 / 17, atol=1e-6)  # 16 patches and [CLS]


def test_grid_is_rows_by_columns_of_the_image():
    network = vit(img_size=(32, 48))
    assert cls_attention(network, image_for(network)).shape == (4, 2, 4, 6)


def test_network_is_left_as_it_was():
    network = vit()
    image = image_for(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    cls_attention(network, image)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_model_without_class_token_is_refused():
    network = vit(class_token=False, global_pool="avg")
    with pytest.raises(ValueError, match="no class token"):
        cls_attention(network, image_for(network))


def test_registers_do_not_pass_for_a_class_token():
    network = vit(class_token=False, global_pool="avg", reg_tokens=2)
    with pytest.raises(ValueError, match="no class token"):
        cls_attention(network, image_for(network))


def test_block_that_attends_otherwise_is_refused():
    network = vit(block_fn=ResPostBlock)
    with pytest.raises(ValueError, match="not from ResPostBlock"):
        cls_attention(network, image_for(network))


def test_batch_is_refused():
    network = vit()
    with pytest.raises(ValueError, match="one image at a time, got 2"):
        cls_attention(network, torch.zeros(2, 3, 32, 32))


def test_training_mode_is_refused():
    network = vit().train()
    with pytest.raises(RuntimeError, match="training mode"):
        cls_attention(network, image_for(network))
