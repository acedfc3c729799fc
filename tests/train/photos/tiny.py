"""The tiny pictures, student, teacher and stretch that photo training is tested with."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from explorer.train.photos.distil import Run
from explorer.train.photos.stretch import Stretch

TINY = {
    "kind": "vit", "img_size": 56, "patch_size": 14, "num_classes": 1000, "embed_dim": 16, "depth": 12,
    "num_heads": 2, "mlp_ratio": 1, "init_values": 0.5, "class_and_mean": True,
}  # fmt: skip

STRETCH = Stretch(stage=1, crops=16, size=56, frozen=6, batch=4, exits_every=2, solved=16)


class TinyClassifier(nn.Module):
    """A classifier of a view's mean colours at 7 x 7 places."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.features, self.classifier = nn.Conv2d(3, 8, 32, stride=32), nn.Linear(8, 1000)
        nn.init.normal_(self.classifier.weight, std=20)  # so that it is sure of something

    def forward(self, images):
        return self.classifier(self.features(images).mean(dim=(2, 3)))


def picture(seed, mode="RGB", size=(90, 70)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 4, len(mode)), dtype=np.uint8), mode)
    return small.resize(size)


def trained(network, folder, photographs, teacher, *stretches):
    run = Run(network, [], folder)
    run.resume()
    for stretch in stretches:
        run.train(stretch, photographs, teacher, lambda _: {"first": 0.5, "five": 0.75})
    return run
