"""Which patches speak for a class at one exit: Grad-CAM on the map of a local perception head."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.model.heads import LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT


@torch.inference_mode(False)  # a caller's inference mode would leave nothing to differentiate
def grad_cam(network: MultiExitViT, image: Tensor, exit_index: int, target_class: int) -> NDArray[np.float32]:
    """Grad-CAM of a class at an exit with a local perception head, (grid rows, grid columns), all >= 0.

    `image` is one normalised image (1, channels, height, width); `exit_index` counts early exits from 0. The
    map is ReLU(sum over d of mean gradient_d * activation_d) of the head's `local` output (1, D, H, W), not
    normalised. LGViT's read-out is linear, so before the ReLU the patches sum up to what the map adds to the
    class's logit: values are in logits, and a map of zeros means that no patch speaks for the class.

    Selvaraju et al. 2017, "Grad-CAM", arXiv 1610.02391, by captum's `LayerGradCam`. The backbone runs without
    gradients up to the exit's block, and only the head's read-out is differentiated.

    Raises `ValueError` for an exit without a local head, a class the model does not have, or more than one
    image; `RuntimeError` in training mode.
    """
    from captum.attr import LayerGradCam  # here, not above: it pulls matplotlib, which takes a second

    if network.training:
        raise RuntimeError("the network is in training mode; call eval() before asking for a saliency map.")
    if len(image) != 1:
        raise ValueError(f"a saliency map is made from one image at a time, got {len(image)}.")
    if not 0 <= exit_index < len(network.heads):
        raise ValueError(f"there is no early exit {exit_index}; expected 0..{len(network.heads) - 1}.")
    head = network.heads[exit_index]
    if not isinstance(head, LocalPerceptionHead):
        kind = network.exits[exit_index].kind
        raise ValueError(f"Grad-CAM needs a local perception head; exit {exit_index} has the head '{kind}'.")
    if not 0 <= target_class < network.backbone.classes:
        raise ValueError(f"there is no class {target_class}; expected 0..{network.backbone.classes - 1}.")
    with torch.no_grad():
        tokens = network.backbone.embed(image.to(network.device))
        tokens = network.advance(tokens, 0, network.specs[exit_index].block)
    twin = _twin(head)
    cam = LayerGradCam(lambda x: twin(x)[0], twin.local)
    attribution = cam.attribute(tokens, int(target_class), relu_attributions=True)  # (1, 1, H, W)
    return attribution[0, 0].detach().float().cpu().numpy()


def _twin(head: LocalPerceptionHead) -> LocalPerceptionHead:
    """The same head in new modules that share its weights' memory, detached from their gradients.

    captum hangs a hook on the layer it explains. On the shared head that hook would also see, and disturb,
    the images that other threads send through the head meanwhile; on a twin nobody else can meet it.
    """
    shared: dict[int, Tensor] = {id(p): nn.Parameter(p.detach(), False) for p in head.parameters()}
    shared |= {id(b): b for b in head.buffers()}
    return deepcopy(head, shared)


# By name, so that a further method is one function and one line; each takes what `grad_cam` takes.
METHODS: dict[str, Callable[[MultiExitViT, Tensor, int, int], NDArray[np.float32]]] = {"grad-cam": grad_cam}
