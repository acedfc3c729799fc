"""The backbone: a timm vision transformer behind one small interface, whichever family it is of.

A family is one class in one file. `Backbone(model)` picks the family that takes a timm model, and `build_backbone`
makes one from its entry in a model's config.
"""

from explorer.model.backbone.base import Backbone, TokenShape
from explorer.model.backbone.beit import BeitBackbone
from explorer.model.backbone.build import build_backbone
from explorer.model.backbone.eva import EvaBackbone
from explorer.model.backbone.swin import SwinBackbone
from explorer.model.backbone.vit import VitBackbone

__all__ = [
    "Backbone",
    "BeitBackbone",
    "EvaBackbone",
    "SwinBackbone",
    "TokenShape",
    "VitBackbone",
    "build_backbone",
]
