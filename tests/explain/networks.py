"""Small untrained networks, and one picture, that the tests of Grad-CAM share."""

import numpy as np
import torch
from torch import Tensor

from explorer.explain.map import Target
from explorer.explain.registry import explain
from explorer.model.backbone import Backbone
from explorer.model.exits import ExitSpec
from explorer.model.multi_exit import MultiExitViT

TINY = {
    "img_size": 32,
    "in_chans": 3,
    "num_classes": 5,
    "embed_dim": 32,
    "depth": 4,
    "num_heads": 2,
    "patch_size": 8,
}
EXITS = [ExitSpec(1, "lph-dw"), ExitSpec(2, "lph-pw"), ExitSpec(3, "gah", {"stride": 2})]
FINAL = 3
IMAGES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
IMAGE = IMAGES[:1]


def grad_cam(network: MultiExitViT, image: Tensor, exit_index: int, *classes: int) -> np.ndarray:
    return explain("grad-cam", network, image, Target(exit_index, classes)).values


def settle(backbone: Backbone) -> MultiExitViT:
    """An untrained network whose batch norms have statistics, and whose patches differ by where they are."""
    torch.manual_seed(0)
    network = MultiExitViT(backbone, EXITS)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    torch.nn.init.normal_(backbone.vit.pos_embed)
    return network.eval()
