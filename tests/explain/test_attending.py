"""Attention read inside the analysing pass: timm's own weights, rollout worked out by hand, nothing left behind."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import ResPostBlock
from torch import Tensor

from explorer.explain.attending import (
    AttentionRecorder,
    Attentions,
    attend,
    attend_through,
)
from explorer.explain.map import Target
from explorer.explain.registry import explain
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
    size = network.backbone.vit.patch_embed.img_size
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


def read(network: MultiExitViT, images: Tensor, patch: int | None = None) -> Attentions:
    token = 0 if patch is None else network.backbone.prefix + patch
    recorder = AttentionRecorder(network.backbone, token)
    network.analyse(images, recorder)
    return recorder.read()


@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_equal_the_ones_timms_own_attention_uses(kind):
    network = NETWORKS[kind]()
    image = image_for(network)
    backbone = network.backbone
    rows, columns = backbone.grid
    all_weights = timm_weights(network, image)[..., backbone.prefix :]
    for patch, token in ((None, 0), (5, backbone.prefix + 5)):
        weights = read(network, image, patch).attention[0]
        assert weights.dtype == np.float32
        assert weights.shape == (4, 2, rows, columns)
        np.testing.assert_allclose(
            weights.reshape(4, 2, -1), all_weights[:, :, token].numpy(), rtol=0, atol=1e-5
        )
        assert weights.std() > 0.01  # a uniform map would agree with anything


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("fused", [True, False])
def test_a_watched_pass_gives_bit_for_bit_what_an_unwatched_one_gives(kind, fused):
    network = NETWORKS[kind]()
    for block in network.backbone.vit.blocks:
        block.attn.fused_attn = fused
    image = image_for(network)
    recorder = AttentionRecorder(network.backbone)
    watched = network.analyse(image, recorder).logits
    np.testing.assert_array_equal(watched, network.analyse(image).logits)


def test_patches_get_what_the_prefix_tokens_leave():
    network = vit(reg_tokens=3)
    image = image_for(network)
    to_prefix = timm_weights(network, image)[:, :, 0, :4].sum(dim=-1)
    left = read(network, image).attention[0].sum(axis=(2, 3))
    np.testing.assert_allclose(left, 1 - to_prefix.numpy(), atol=1e-5)
    assert (left < 1).all()


def test_equal_keys_share_the_attention_evenly():
    network = vit()
    with torch.no_grad():
        for block in network.backbone.vit.blocks:
            block.attn.qkv.weight[32:64] = 0  # the keys' rows: now every key is the bias
    weights = read(network, image_for(network)).attention
    np.testing.assert_allclose(weights, 1 / 17, atol=1e-6)  # 16 patches and [CLS]


def two_tokens(*patch_weights: float) -> AttentionRecorder:
    """A recorder that has seen [CLS] and one patch; in block i [CLS] gave the patch that weight, the patch itself 1."""
    recorder = AttentionRecorder(build_backbone("vit", **PATCHES | {"img_size": 8, "depth": 1}))
    for weight in patch_weights:
        # Of a query 1 and keys 0 and k the softmax gives the second e^k / (1 + e^k).
        query = torch.tensor([[[[1.0], [1e4]]]])
        key = torch.tensor([[[[0.0], [float(np.log(weight / (1 - weight)))]]]])
        recorder._seen.append((query, key))
    return recorder


def test_rollout_of_two_tokens_is_the_one_worked_out_by_hand():
    """Rows over keys, from ([CLS], patch): A = [[0.4, 0.6], [0, 1]] in block 1 and [[0.2, 0.8], [0, 1]] in block 2.

    Mixed with the identity: [[0.7, 0.3], [0, 1]] and [[0.6, 0.4], [0, 1]]. Behind block 1 [CLS] holds 0.3 of the patch;
    behind block 2 0.6 * 0.3 + 0.4 * 1 = 0.58. Columns instead of rows, or the other order, would give something else.
    """
    found = two_tokens(0.6, 0.8).read()
    np.testing.assert_allclose(found.rollout[0, :, 0, 0], [0.3, 0.58], atol=1e-5)
    np.testing.assert_allclose(found.attention[0, :, 0, 0, 0], [0.6, 0.8], atol=1e-5)


def test_rollout_is_the_plain_product_of_matrices_and_what_prefix_tokens_pass_on_counts():
    network = vit(reg_tokens=3)
    image = image_for(network)
    mixed = [0.5 * w.mean(dim=0) + 0.5 * torch.eye(20) for w in timm_weights(network, image)]
    product = torch.eye(20)
    for depth, matrix in enumerate(mixed):
        product = matrix @ product
        for patch, token in ((None, 0), (7, 11)):
            rollout = read(network, image, patch).rollout[0, depth]
            np.testing.assert_allclose(rollout.ravel(), product[token, 4:].numpy(), atol=1e-5)
    assert (product[0, 4:].sum() < 1).item()


def test_distance_of_a_head_that_looks_at_one_corner_is_the_mean_way_there():
    backbone = build_backbone("vit", **PATCHES | {"img_size": 16, "depth": 1})  # 2 x 2 patches of 8 pixels
    recorder = AttentionRecorder(backbone)
    key = torch.tensor([[[[0.0], [50.0], [0.0], [0.0], [0.0]]]])  # the first patch takes all
    recorder._seen.append((torch.ones(1, 1, 5, 1), key))
    expected = (0 + 8 + 8 + 8 * 2**0.5) / 4
    np.testing.assert_allclose(recorder.read().distance, [[[expected]]], atol=1e-4)


def test_a_batch_gives_the_maps_of_its_images_one_by_one():
    network = vit()
    images = torch.cat([image_for(network, seed) for seed in (1, 2, 3)])
    together = read(network, images)
    recorder = AttentionRecorder(network.backbone)
    network.analyse(images, recorder)
    np.testing.assert_array_equal(recorder.read(1).attention[0], together.attention[1])
    for i in range(3):
        alone = read(network, images[i : i + 1])
        for name in ("attention", "rollout", "distance"):
            np.testing.assert_allclose(
                getattr(together, name)[i], getattr(alone, name)[0], rtol=1e-5, atol=1e-6
            )


def test_a_gradient_reaches_the_weights_and_the_tokens_are_the_same():
    network = vit(qk_norm=True)
    tokens = torch.randn(2, 17, 32)
    for block in network.backbone.vit.blocks:
        behind, weights = attend_through(block, tokens)
        np.testing.assert_allclose(behind.detach(), attend(block, tokens)[0].detach(), atol=1e-5)
        (gradient,) = torch.autograd.grad(behind.sum(), weights)
        assert gradient.abs().sum() > 0


def test_grid_is_rows_by_columns_of_the_image():
    network = vit(img_size=(32, 48))
    assert read(network, image_for(network)).attention.shape == (1, 4, 2, 4, 6)


def test_network_is_left_as_it_was():
    network = vit()
    image = image_for(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    read(network, image)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_two_passes_at_once_on_one_network_do_not_see_each_other():
    network = vit()
    images = [image_for(network, seed) for seed in range(6)]
    alone = [read(network, image) for image in images]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda image: read(network, image), images))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.attention, other.attention)
        np.testing.assert_array_equal(one.rollout, other.rollout)


@pytest.mark.parametrize("registers", [0, 2])
def test_without_a_class_token_the_mean_over_all_patches_is_shown(registers):
    network = vit(class_token=False, global_pool="avg", reg_tokens=registers)
    image = image_for(network)
    recorder = AttentionRecorder.of(network.backbone)
    network.analyse(image, recorder)
    weights = timm_weights(network, image)[:, :, registers:, registers:].mean(dim=2)
    np.testing.assert_allclose(recorder.read().attention.reshape(4, 2, 16), weights.numpy(), atol=1e-5)


def test_blocks_that_attend_otherwise_are_said_to_be_unreadable_and_do_not_stop_an_analysis():
    network = vit(block_fn=ResPostBlock)
    assert AttentionRecorder.of(network.backbone) is None
    with pytest.raises(ValueError, match="not from ResPostBlock"):
        attend(network.backbone.vit.blocks[0], torch.zeros(1, 17, 32))
    for method, said in (
        ("attention", "be read"),
        ("rollout", "be read"),
        ("relevance", "plain transformer"),
    ):
        with pytest.raises(ValueError, match=said):
            explain(method, network, image_for(network), Target(0, (1,)))


@pytest.mark.parametrize(
    "name", ["beit_base_patch16_224", "eva02_tiny_patch14_224", "swin_tiny_patch4_window7_224"]
)
def test_other_families_are_read_by_their_own_attention_or_said_to_have_none(name):
    options = {"embed_dim": 32, "num_classes": 5, "img_size": 32, "patch_size": 8, "depth": 3, "num_heads": 2}
    if name.startswith("swin"):
        options |= {"patch_size": 4, "window_size": 4, "depth": None, "depths": (1, 2), "num_heads": (2, 2)}
        del options["depth"]
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone("timm", name=name, **options), [ExitSpec(2, "lph-pw")]).eval()
    image = torch.randn(1, 3, 32, 32)
    recorder = AttentionRecorder.of(network.backbone)
    if name.startswith("swin"):
        assert recorder is None
    else:
        watched = network.analyse(image, recorder).logits
        np.testing.assert_array_equal(watched, network.analyse(image).logits)
        tokens = network.backbone.advance(network.backbone.embed(image), 0, 2)
        weights = network.backbone.attention(3, tokens)[0, :, 0, 1:].detach().reshape(2, 4, 4)
        np.testing.assert_allclose(recorder.read().attention[0, 2], weights, atol=1e-5)
    for exit_index in (0, 1):
        found = explain("grad-cam", network, image, Target(exit_index, (1,)))
        assert np.isfinite(found.values).all()
        assert found.values.ndim == 2
