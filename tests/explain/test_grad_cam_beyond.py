"""Grad-CAM where there is no local map to weigh, and of a local map behind a normalised read-out."""

import numpy as np
import pytest
import torch
from timm.models.deit import VisionTransformerDistilled
from torch import Tensor

from explorer.explain.closed import places_read
from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT
from tests.explain.networks import FINAL, IMAGE, TINY, grad_cam, settle

GLOBAL = 2


@pytest.fixture
def network() -> MultiExitViT:
    return settle(build_backbone("vit", **TINY))


def by_autograd(network: MultiExitViT, exit_index: int, *classes: int) -> np.ndarray:
    """ReLU(mean gradient * token) of the tokens that enter the exit's block, by autograd all the way."""
    block = network.exits[exit_index].block

    def forward(tokens: Tensor) -> Tensor:
        behind = network.advance(tokens, block - 1, block)
        return (
            network.backbone.readout(behind) if exit_index == FINAL else network.heads[exit_index](behind)[0]
        )

    with torch.no_grad():
        tokens = network.advance(network.backbone.embed(IMAGE), 0, block - 1)
    prefix = network.backbone.prefix
    activation = tokens[0, prefix:].clone()
    tokens = tokens.requires_grad_()
    logits = forward(tokens)[0, list(classes)] / network.temperatures[exit_index]
    (gradient,) = torch.autograd.grad(logits.logsumexp(dim=0), tokens)
    return (activation * gradient[0, prefix:].mean(dim=0)).sum(dim=1).relu().reshape(4, 4).numpy()


@pytest.mark.parametrize("exit_index", [GLOBAL, FINAL])
@pytest.mark.parametrize("classes", [(2,), (0, 3, 4)])
def test_other_exits_are_explained_by_the_tokens_that_enter_their_block(network, exit_index, classes):
    network.temperatures = (1.0, 1.0, 1.5, 2.0)
    found = grad_cam(network, IMAGE, exit_index, *classes)
    expected = by_autograd(network, exit_index, *classes)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7 + 1e-5 * expected.max())
    assert found.max() > 0


@pytest.mark.parametrize("kind", ["linear", "sl-vit"])
@pytest.mark.parametrize("options", [{}, {"class_token": False, "global_pool": "avg"}])
def test_an_exit_that_reads_class_tokens_alone_or_all_tokens_gets_the_gradient_of_all_that_it_reads(
    kind, options
):
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone("vit", **TINY, **options), [ExitSpec(2, kind)]).eval()
    torch.nn.init.normal_(network.backbone.vit.pos_embed)
    found, expected = grad_cam(network, IMAGE, 0, 1), by_autograd(network, 0, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7 + 1e-4 * expected.max())
    assert (places_read(network, 0) is None) == (kind == "sl-vit" or bool(options))


@pytest.mark.parametrize(
    ("options", "alone"),
    [
        ({}, True),
        ({"reg_tokens": 2}, True),
        ({"class_and_mean": True}, False),  # the photo model's way
        ({"global_pool": "avg"}, False),  # which leaves the class token out
    ],
    ids=["token", "registers", "class_and_mean", "avg"],
)
def test_what_the_final_read_out_reads_decides_which_tokens_count(options, alone):
    network = settle(build_backbone("vit", **TINY, **options))
    found, expected = grad_cam(network, IMAGE, FINAL, 1), by_autograd(network, FINAL, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7 + 1e-4 * expected.max())
    assert (places_read(network, FINAL) is not None) == alone


@pytest.mark.parametrize("exit_index", [GLOBAL, FINAL])
@pytest.mark.parametrize(
    "options", [{"init_values": 0.5}, {"qk_norm": True}], ids=["layer scale", "no closed form"]
)
def test_a_block_of_another_make_gives_the_gradient_through_that_block(exit_index, options):
    network = settle(build_backbone("vit", **TINY, **options))
    found, expected = grad_cam(network, IMAGE, exit_index, 1), by_autograd(network, exit_index, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7 + 1e-4 * expected.max())
    assert found.max() > 0


@pytest.mark.parametrize("exit_index", [0, GLOBAL, FINAL])
def test_in_bfloat16_the_map_is_the_same_within_its_rounding(network, exit_index):
    exact = grad_cam(network, IMAGE, exit_index, 1)
    network.precision = torch.bfloat16
    rounded = grad_cam(network, IMAGE, exit_index, 1)
    assert rounded.dtype == np.float32
    assert not np.array_equal(rounded, exact)
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.99


def test_a_global_head_that_reads_two_class_tokens_owes_each_its_own_linear_layers_half():
    network = settle(Backbone(VisionTransformerDistilled(**TINY)))
    found, expected = grad_cam(network, IMAGE, GLOBAL, 1), by_autograd(network, GLOBAL, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7 + 1e-5 * expected.max())
    assert found.max() > 0


def test_behind_a_normalised_read_out_the_gradient_goes_through_the_norm():
    """As LGViT's local heads on Swin have it; captum differentiates the head itself."""
    from captum.attr import LayerGradCam

    swin = build_backbone(
        "swin",
        img_size=32,
        patch_size=4,
        window_size=4,
        embed_dim=8,
        depths=(2, 2),
        num_heads=(2, 2),
        num_classes=5,
    )
    torch.manual_seed(0)
    network = MultiExitViT(swin, [ExitSpec(2, "lph-pw")]).eval()
    head = network.heads[0]
    torch.nn.init.normal_(head.classifier.norm.weight)
    with torch.no_grad():
        tokens = network.advance(swin.embed(IMAGE), 0, 2)
    for target_class in range(5):
        cam = LayerGradCam(lambda x: head(x)[0], head.local).attribute(
            tokens, target_class, relu_attributions=True
        )
        found = grad_cam(network, IMAGE, 0, target_class)
        np.testing.assert_allclose(found, cam[0, 0].detach(), rtol=1e-3, atol=1e-6)
    assert found.max() > 0
