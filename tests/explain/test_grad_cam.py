"""Grad-CAM at local heads: in closed form, as captum finds it."""

import numpy as np
import pytest
import torch
from timm.models.deit import VisionTransformerDistilled
from torch import Tensor

from explorer.model.backbone import Backbone, build_backbone
from explorer.model.multi_exit import MultiExitViT
from tests.explain.networks import FINAL, IMAGE, IMAGES, TINY, grad_cam, settle


@pytest.fixture
def network() -> MultiExitViT:
    return settle(build_backbone("vit", **TINY))


@torch.no_grad()
def local_maps(network: MultiExitViT, images: Tensor, exit_index: int) -> Tensor:
    """The head's local maps (N, D, H, W), by a plain forward pass."""
    head = network.heads[exit_index]
    tokens = network.advance(network.backbone.embed(images), 0, network.specs[exit_index].block)
    return head.local(head.map_of(tokens))


def class_weights(network: MultiExitViT, exit_index: int) -> Tensor:
    """The read-out's weights (C, D), averaged over its class tokens."""
    linears = network.heads[exit_index].classifier.linears
    return torch.stack([linear.weight.detach() for linear in linears]).mean(dim=0)


def closed_form(network: MultiExitViT, images: Tensor, exit_index: int, target_class: int) -> np.ndarray:
    """logit_c = w_c . (mean of the map + [CLS]) + b_c, so its gradient is w_c / (H * W) at every position."""
    maps = local_maps(network, images, exit_index)
    gradient = class_weights(network, exit_index)[target_class] / (maps.shape[2] * maps.shape[3])
    return torch.einsum("d,ndhw->nhw", gradient, maps).relu().numpy()


@pytest.mark.parametrize("exit_index", [0, 1])
@pytest.mark.parametrize("target_class", range(5))
def test_map_is_the_closed_form_of_a_linear_read_out(network, exit_index, target_class):
    saliency = grad_cam(network, IMAGE, exit_index, target_class)
    assert saliency.dtype == np.float32
    assert saliency.shape == (4, 4)
    assert saliency.max() > 0
    np.testing.assert_allclose(
        saliency, closed_form(network, IMAGE, exit_index, target_class)[0], rtol=1e-4, atol=1e-7
    )


def test_known_weights_and_map_give_the_map_worked_out_by_hand(network):
    """Weights (2, -1, 0, ...), map channel 0 = patch number, channel 1 = 5: relu(2 p - 5) / 16 at patch p."""
    head = network.heads[1]
    values = torch.zeros(32, 4, 4)
    values[0] = torch.arange(16.0).reshape(4, 4)
    values[1] = 5
    head.local.expand, head.local.spread = torch.nn.Identity(), torch.nn.Identity()

    class Known(torch.nn.Module):  # what `project` adds to the head's input turns the sum into `values`
        def forward(self, x: Tensor) -> Tensor:
            return values - x

    head.local.project = Known()
    head.local.folded = None  # it was made of the parts replaced here
    with torch.no_grad():
        head.classifier.linears[0].weight[3] = torch.tensor([2.0, -1.0] + [0.0] * 30)
    expected = np.maximum(2 * np.arange(16) - 5, 0).reshape(4, 4) / 16
    np.testing.assert_allclose(grad_cam(network, IMAGE, 1, 3), expected, atol=1e-5)


def test_distilled_model_averages_its_two_read_outs():
    network = settle(Backbone(VisionTransformerDistilled(**TINY)))
    saliency = grad_cam(network, IMAGE, 0, 2)
    np.testing.assert_allclose(saliency, closed_form(network, IMAGE, 0, 2)[0], rtol=1e-4, atol=1e-7)


def test_oblong_image_gives_rows_by_columns():
    network = settle(build_backbone("vit", **TINY | {"img_size": (32, 48)}))
    image = torch.randn(1, 3, 32, 48)
    saliency = grad_cam(network, image, 0, 1)
    assert saliency.shape == (4, 6)
    np.testing.assert_allclose(saliency, closed_form(network, image, 0, 1)[0], rtol=1e-4, atol=1e-7)


def test_each_image_alone_agrees_with_the_closed_form_of_the_batch(network):
    alone = np.stack([grad_cam(network, image[None], 0, 4) for image in IMAGES])
    np.testing.assert_allclose(alone, closed_form(network, IMAGES, 0, 4), rtol=1e-4, atol=1e-6)


def test_class_without_weights_has_a_map_of_zeros(network):
    with torch.no_grad():
        network.heads[0].classifier.linears[0].weight[2] = 0
    assert (grad_cam(network, IMAGE, 0, 2) == 0).all()
    assert (grad_cam(network, IMAGE, 0, 1) > 0).any()


def test_class_that_every_patch_speaks_against_has_a_map_of_zeros(network):
    patches = local_maps(network, IMAGE, 0)[0].flatten(1).T  # (16, D): fewer rows than columns, so solvable
    against_all = torch.linalg.pinv(patches) @ torch.full((16,), -16.0)
    with torch.no_grad():
        network.heads[0].classifier.linears[0].weight[2] = against_all
    assert (grad_cam(network, IMAGE, 0, 2) == 0).all()


def test_opposite_classes_light_up_opposite_patches(network):
    with torch.no_grad():
        weight = network.heads[0].classifier.linears[0].weight
        weight[1] = -weight[0]
    positive, negative = grad_cam(network, IMAGE, 0, 0), grad_cam(network, IMAGE, 0, 1)
    assert ((positive > 0) ^ (negative > 0)).all()


def test_blank_image_gives_no_nan(network):
    for target_class in range(5):
        saliency = grad_cam(network, torch.zeros(1, 3, 32, 32), 0, target_class)
        assert np.isfinite(saliency).all()
        assert (saliency >= 0).all()


def test_network_is_left_as_it_was(network):
    frozen = network.backbone.vit.cls_token.requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    grad_cam(network, IMAGE, 0, 1)
    for module in network.modules():
        for hooks in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks):
            assert not hooks
        assert not module.training
    for parameter in network.parameters():
        assert parameter.grad is None
        assert parameter.requires_grad == (parameter is not frozen)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("exit_index", [0, 1])
def test_captum_finds_the_same_map_by_gradients(network, exit_index):
    from captum.attr import LayerGradCam

    head = network.heads[exit_index]
    with torch.no_grad():
        tokens = network.advance(network.backbone.embed(IMAGE), 0, network.specs[exit_index].block)
    for target_class in range(5):
        cam = LayerGradCam(lambda x: head(x)[0], head.local).attribute(
            tokens, target_class, relu_attributions=True
        )
        np.testing.assert_allclose(
            grad_cam(network, IMAGE, exit_index, target_class), cam[0, 0].detach(), rtol=1e-4, atol=1e-6
        )


def test_a_groups_map_weighs_its_classes_by_their_shares_of_its_probability(network):
    from captum.attr import LayerGradCam

    head = network.heads[0]
    with torch.no_grad():
        tokens = network.advance(network.backbone.embed(IMAGE), 0, 1)
    group = [1, 3, 4]
    cam = LayerGradCam(lambda x: head(x)[0][:, group].logsumexp(dim=1), head.local).attribute(
        tokens, relu_attributions=True
    )
    np.testing.assert_allclose(grad_cam(network, IMAGE, 0, *group), cam[0, 0].detach(), rtol=1e-4, atol=1e-6)


def test_temperatures_divide_the_map_as_they_divide_the_logits(network):
    plain = [grad_cam(network, IMAGE, e, 1) for e in (0, FINAL)]
    network.temperatures = (2.0, 1.0, 1.0, 4.0)
    np.testing.assert_allclose(grad_cam(network, IMAGE, 0, 1), plain[0] / 2, rtol=1e-5)
    np.testing.assert_allclose(grad_cam(network, IMAGE, FINAL, 1), plain[1] / 4, rtol=1e-4, atol=1e-9)


def test_callers_inference_mode_changes_nothing(network):
    alone = grad_cam(network, IMAGE, 0, 1)
    with torch.inference_mode():
        within = grad_cam(network, IMAGE.clone(), 0, 1)
    np.testing.assert_array_equal(within, alone)
