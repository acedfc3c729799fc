"""Every method alike: what any map must be, and what no method may leave behind; then each one's own arithmetic."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.explain.grids import cells, on_grid
from explorer.explain.map import Target
from explorer.explain.methods import integrated_gradients, occlusion
from explorer.explain.registry import explain, methods
from explorer.explain.score import class_score, logits_of
from explorer.model.backbone import build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.heads import HEADS
from explorer.model.multi_exit import MultiExitViT

EXITS = [ExitSpec(1, "lph-dw"), ExitSpec(2, "gah", {"stride": 2}), ExitSpec(3, "linear")]
IMAGE = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
CASES = [
    (name, exit_index)
    for name, method in methods().items()
    for exit_index, family in enumerate(("local", "global", "linear", "final"))
    if family in method.families
]


def lively(exits=EXITS, **options) -> MultiExitViT:
    """An untrained network whose parts all matter: weights well above timm's initial ones."""
    torch.manual_seed(0)
    backbone = build_backbone(
        "vit", img_size=32, patch_size=8, num_classes=5, embed_dim=32, depth=4, num_heads=2, **options
    )
    network = MultiExitViT(backbone, exits).eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.2 if "head" not in name else 0.5)
    return network.eval()


@pytest.fixture(scope="module")
def network() -> MultiExitViT:
    return lively()


def target(exit_index: int, *classes: int) -> Target:
    return Target(exit_index, classes or (2,))


@pytest.mark.parametrize(("name", "exit_index"), CASES)
def test_maps_are_finite_in_range_divide_the_picture_and_repeat(network, name, exit_index):
    found = explain(name, network, IMAGE, target(exit_index))
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    rows, columns = found.values.shape[-2:]
    assert 32 % rows == 0
    assert 32 % columns == 0
    assert found.evidence is None
    if not found.signed:
        assert found.values.min() >= 0
    if found.units in ("attention", "share"):
        assert found.values.sum(axis=(-1, -2)).max() <= 1 + 1e-5
    np.testing.assert_array_equal(explain(name, network, IMAGE, target(exit_index)).values, found.values)


@pytest.mark.parametrize("name", [name for name, method in methods().items() if "class" in method.asks])
@pytest.mark.parametrize("kind", HEADS)
def test_every_kind_of_head_there_is_can_be_explained_by_every_method_of_answers(name, kind):
    found = explain(name, lively(exits=[ExitSpec(2, kind)]), IMAGE, target(0))
    assert found.evidence is None
    assert found.values.std() > 0


@pytest.mark.parametrize(("name", "exit_index"), CASES)
def test_nothing_is_left_on_the_network(name, exit_index):
    network = lively()
    frozen = network.backbone.vit.cls_token.requires_grad_(False)
    flags = [block.attn.fused_attn for block in network.backbone.vit.blocks]
    before = {key: value.clone() for key, value in network.state_dict().items()}
    logits = network.analyse(IMAGE).logits
    explain(name, network, IMAGE, target(exit_index))
    for module in network.modules():
        hooks = {**module._forward_hooks, **module._forward_pre_hooks, **module._backward_hooks}
        assert hooks == {}
        assert not module.training
    assert all(p.grad is None and p.requires_grad != (p is frozen) for p in network.parameters())
    assert [block.attn.fused_attn for block in network.backbone.vit.blocks] == flags
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    np.testing.assert_array_equal(network.analyse(IMAGE).logits, logits)


def test_many_visitors_of_one_network_each_get_their_own_map(network):
    asked = [(name, e, image) for name, e in CASES for image in (IMAGE, IMAGE.flip(2))]
    alone = [explain(name, network, image, target(e)).values for name, e, image in asked]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: explain(one[0], network, one[2], target(one[1])).values, asked))
    for (name, *_), one, other in zip(asked, alone, together, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-6, err_msg=name)


def mirrored() -> MultiExitViT:
    """A network that cannot tell left from right: positions and all kernels are symmetric."""
    network = lively()
    with torch.no_grad():
        positions = network.backbone.vit.pos_embed[0, 1:].unflatten(0, (4, 4))
        positions.copy_((positions + positions.flip(1)) / 2)
        for conv in (network.backbone.vit.patch_embed.proj, network.heads[0].local.spread[0]):
            conv.weight.copy_((conv.weight + conv.weight.flip(3)) / 2)
    # A stride of 2 keeps columns 0 and 2 of 4; of 1 it keeps all, whose mirror image are the same.
    head = network.heads[1]
    network.heads[1] = type(head)(network.backbone.shape(2), head.classifier, stride=1).eval()
    return network.eval()


@pytest.mark.parametrize(("name", "exit_index"), CASES)
def test_maps_follow_a_horizontal_flip(name, exit_index):
    network = mirrored()
    here = explain(name, network, IMAGE, target(exit_index)).values
    there = explain(name, network, IMAGE.flip(3), target(exit_index)).values[..., ::-1]
    if name == "smoothgrad":  # its noise is not mirrored
        assert np.corrcoef(here.ravel(), there.ravel())[0, 1] > 0.7
    else:
        np.testing.assert_allclose(there, here, rtol=1e-3, atol=1e-5 * np.abs(here).max())
    assert np.abs(here - here[..., ::-1]).max() > 0.1 * np.abs(here).max()


@pytest.mark.parametrize("name", ["integrated-gradients", "occlusion"])
@pytest.mark.parametrize("exit_index", range(4))
def test_the_difference_of_two_exits_is_the_map_of_the_difference_of_their_logits(network, name, exit_index):
    other = 3 - exit_index
    found = explain(name, network, IMAGE, Target(exit_index, (2,), against=other))
    one, two = (explain(name, network, IMAGE, target(e)) for e in (exit_index, other))
    np.testing.assert_allclose(found.values, one.values - two.values, atol=1e-6)
    assert found.signed


def test_maps_of_two_grids_are_subtracted_on_the_finer_one(network):
    """Sums survive: evidence is neither made nor lost."""
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    fine = on_grid(values, (4, 6))
    np.testing.assert_allclose(fine, np.repeat(np.repeat(values, 2, 0), 2, 1) / 4)
    np.testing.assert_allclose(on_grid(fine, (2, 3)), values)
    np.testing.assert_allclose(on_grid(values, (5, 4)).sum(), values.sum())


def test_pixels_are_summed_in_the_smallest_cells_that_fit():
    values = np.ones((224, 224), np.float32)
    assert cells(values).shape == (56, 56)
    assert (cells(values) == 16).all()
    assert cells(np.ones((28, 28), np.float32)).shape == (28, 28)
    assert cells(np.ones((6, 9), np.float32), most=3).shape == (2, 3)


def scores(network: MultiExitViT, images: Tensor, exit_index: int, *classes: int) -> Tensor:
    with torch.no_grad():
        return class_score(logits_of(network, images, exit_index), classes)


@pytest.mark.parametrize("exit_index", range(4))
def test_integrated_gradients_sum_to_the_logit_they_explain(exit_index, monkeypatch):
    monkeypatch.setattr(integrated_gradients, "STEPS", 200)  # random weights are rougher than trained ones
    monkeypatch.setattr(integrated_gradients, "AT_ONCE", 50)
    network = lively()
    with torch.no_grad():
        for block in network.backbone.vit.blocks:  # as smooth as a trained one: attention far from one-hot
            block.attn.qkv.weight.mul_(0.2)
        for head in network.heads:
            for name, weight in head.named_parameters():
                if "qkv" in name:
                    weight.mul_(0.2)
    found = explain("integrated-gradients", network, IMAGE, target(exit_index, 1, 3)).values.sum()
    blank = torch.zeros_like(IMAGE)
    rise = float(scores(network, IMAGE, exit_index, 1, 3) - scores(network, blank, exit_index, 1, 3))
    assert abs(rise) > 0.1
    assert found == pytest.approx(rise, rel=0.05, abs=0.02)


def test_integrated_gradients_of_a_linear_network_are_weight_times_pixel(network, monkeypatch):
    weight = torch.randn(3, 32, 32)
    monkeypatch.setattr(
        integrated_gradients, "logits_of", lambda _n, images, _e: (images * weight).sum((1, 2, 3))[:, None]
    )
    found = explain("integrated-gradients", network, IMAGE, target(0, 0)).values
    np.testing.assert_allclose(found, (IMAGE[0] * weight).sum(dim=0), rtol=1e-4, atol=1e-5)


def test_occlusion_is_captums_with_windows_of_whole_patches(network):
    from captum.attr import Occlusion

    theirs = Occlusion(lambda x: scores(network, x, 0, 2)).attribute(
        IMAGE, (3, 8, 8), strides=(3, 8, 8), baselines=0.0
    )
    ours = explain("occlusion", network, IMAGE, target(0)).values
    np.testing.assert_allclose(ours, theirs[0, 0, ::8, ::8], atol=1e-5)


def test_occlusion_of_a_network_that_adds_up_pixels_is_each_pieces_sum(network, monkeypatch):
    monkeypatch.setattr(occlusion, "logits_of", lambda _n, images, _e: images.sum((1, 2, 3))[:, None])
    found = explain("occlusion", network, IMAGE, target(0, 0)).values
    np.testing.assert_allclose(found, IMAGE[0].sum(0).reshape(4, 8, 4, 8).sum((1, 3)), atol=1e-4)


@pytest.mark.parametrize(("patches", "pieces"), [(7, 7), (14, 7), (16, 8), (4, 4), (11, 1), (12, 6)])
def test_pieces_are_whole_patches_and_few(patches, pieces):
    assert occlusion._pieces(patches) == pieces


@torch.no_grad()
def by_hand(
    network: MultiExitViT, exit_index: int, start: Tensor, gradients: list[Tensor], weights: list[Tensor]
):
    gathered = torch.eye(17)
    for weight, gradient in zip(weights, gradients, strict=True):
        gathered = gathered + (weight * gradient)[0].relu().mean(dim=0) @ gathered
    row = (start @ gathered)[1:]
    return (row / (start @ gathered).sum()).reshape(4, 4)


@pytest.mark.parametrize("exit_index", [2, 3])
def test_relevance_at_an_exit_on_the_class_token_is_chefers_rule(network, exit_index):
    """R <- R + A R from the first block on, read in the row of [CLS]; the gradients here by plain backward."""
    import copy

    watched = copy.deepcopy(network)
    seen = []
    for block in watched.backbone.vit.blocks:
        block.attn.fused_attn = False

        def keep(_module, _inputs, output):
            output.retain_grad()
            seen.append(output)

        block.attn.attn_drop.register_forward_hook(keep)
    logits_of(watched, IMAGE, exit_index)[0, 2].backward()
    start = torch.eye(17)[0]
    expected = by_hand(network, exit_index, start, [w.grad for w in seen], seen)
    found = explain("relevance", network, IMAGE, target(exit_index)).values
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-3, atol=1e-6)


def test_relevance_at_an_exit_on_patches_is_read_from_the_patches_with_evidence(network):
    found = explain("relevance", network, IMAGE, target(0)).values
    assert found.sum() > 0.5  # hardly anything of it went to [CLS]
    assert found.max() < 0.9


def test_the_heads_own_attention_lies_on_the_patches_it_keeps(network):
    head = network.heads[1]
    found = explain("aggregation", network, IMAGE, Target(1)).values
    assert found.shape == (8, 4, 4)
    kept = np.zeros((4, 4), bool)
    kept[::2, ::2] = True
    assert (found[:, ~kept] == 0).all()
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-5)
    with torch.no_grad():
        x = head.kept(network.advance(network.backbone.embed(IMAGE), 0, 2))
        query, key, _ = head.qkv(x).reshape(4, 3, 8, 4).permute(1, 2, 0, 3)
        weights = (query @ key.transpose(1, 2) / 4**0.5).softmax(-1)  # (heads, kept, kept)
    np.testing.assert_allclose(found[:, ::2, ::2].reshape(8, 4), weights.mean(dim=1), rtol=1e-4)
    # Patch 11 is row 2, column 3: nearest is the kept one in row 2, column 2, the fourth.
    near = explain("aggregation", network, IMAGE, Target(1, patch=11)).values
    np.testing.assert_allclose(near[:, ::2, ::2].reshape(8, 4), weights[:, 3], rtol=1e-4)


def test_attention_methods_start_where_they_are_told(network):
    resting, other = (explain("attention", network, IMAGE, Target(0, patch=p)).values for p in (None, 3))
    assert resting.shape == other.shape == (4, 2, 4, 4)
    assert np.abs(resting - other).max() > 0.01


def test_precision_is_kept_apart_from_the_map(network):
    exact = {name: explain(name, network, IMAGE, target(e)).values for name, e in CASES if e in (1, 3)}
    network.precision = torch.bfloat16
    try:
        for name, e in CASES:
            if e == 3:
                found = explain(name, network, IMAGE, target(e)).values
                assert np.corrcoef(found.ravel(), exact[name].ravel())[0, 1] > 0.9, name
    finally:
        network.precision = torch.float32
