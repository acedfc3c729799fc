"""Weights that do not fit are refused in words; that those which fit are right, test_parity holds."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from explorer.model.convert import from_lgvit

DATA = Path(__file__).parents[1] / "data"
CONFIG = json.loads((DATA / "vit_lgvit.config.json").read_text())


@pytest.fixture
def weights():
    return load_file(DATA / "vit_lgvit.weights.safetensors")


@pytest.mark.parametrize("name", ["deit.embeddings.cls_token", "deit.layernorm.bias", "classifier.weight"])
def test_a_missing_weight_is_named(weights, name):
    del weights[name]
    ours = {"deit.layernorm.bias": "norm.bias", "classifier.weight": "head.weight"}.get(name, name)
    with pytest.raises(ValueError, match=rf"(?s)these weights.*{ours}"):
        from_lgvit(CONFIG, weights)


def test_a_weight_left_over_is_named(weights):
    with pytest.raises(ValueError, match=r"(?s)these weights do not fit.*deit\.extra\.weight"):
        from_lgvit(CONFIG, weights | {"deit.extra.weight": torch.zeros(1)})


def test_the_callers_weights_are_left_as_they_were(weights):
    names = list(weights)
    from_lgvit(CONFIG, weights)
    assert list(weights) == names


def test_other_heads_are_refused():
    with pytest.raises(ValueError, match="only LGViT heads on ViT can be converted, not SDN on ViT"):
        from_lgvit({**CONFIG, "highway_type": "SDN"}, {})
