"""The authors' own LGViT weights, read by our converter, give the authors' own answers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from explorer.model.convert import from_lgvit
from explorer.rules import decide, get_rule

DATA = Path(__file__).parents[1] / "data"
CONFIG = json.loads((DATA / "vit_lgvit.config.json").read_text())


@pytest.fixture(scope="module")
def vectors():
    return load_file(DATA / "vit_lgvit.io.safetensors")


@pytest.fixture(scope="module")
def network():
    return from_lgvit(CONFIG, load_file(DATA / "vit_lgvit.weights.safetensors"))


def test_every_exit_gives_the_authors_logits_and_features(network, vectors):
    with torch.inference_mode():
        outputs = network(vectors["pixel_values"])
    assert len(outputs.logits) == 8
    for k in range(8):
        torch.testing.assert_close(outputs.logits[k], vectors[f"exit{k}_logits"], atol=1e-4, rtol=0)
        torch.testing.assert_close(outputs.features[k], vectors[f"exit{k}_features"], atol=1e-4, rtol=0)
    torch.testing.assert_close(outputs.final, vectors["final_logits"], atol=1e-4, rtol=0)
    torch.testing.assert_close(outputs.hidden, vectors["last_hidden"], atol=1e-4, rtol=0)


def test_analyse_gives_the_authors_logits(network, vectors):
    trace = network.analyse(vectors["pixel_values"])
    for k in range(8):
        np.testing.assert_allclose(trace.logits[:, k], vectors[f"exit{k}_logits"], atol=1e-4)
    np.testing.assert_allclose(trace.logits[:, 8], vectors["final_logits"], atol=1e-4)


@pytest.mark.parametrize("batch", [1, 4])
def test_infer_stops_at_the_authors_block_for_every_threshold(network, vectors, batch):
    blocks = np.array([e.block for e in network.exits])
    thresholds, expected = vectors["dynamic_thresholds"], vectors["dynamic_exit_layer"].numpy()
    assert expected.shape == (7, 4)
    for threshold, stopped in zip(thresholds.tolist(), expected, strict=True):
        for start in range(0, 4, batch):
            images = vectors["pixel_values"][start : start + batch]
            left = network.infer(images, get_rule("confidence"), threshold)
            assert blocks[left.exit].tolist() == stopped[start : start + batch].tolist()
        scores = network.analyse(vectors["pixel_values"]).scores["confidence"]
        assert blocks[decide(scores, threshold)].tolist() == stopped.tolist()


def test_the_recorded_blocks_are_not_all_the_same(vectors):
    assert len(set(vectors["dynamic_exit_layer"].flatten().tolist())) > 3


def test_another_backbone_is_refused_in_words():
    with pytest.raises(
        ValueError, match="only LGViT heads on ViT, DeiT, Swin can be converted, not LGViT on PVT"
    ):
        from_lgvit({**CONFIG, "backbone": "PVT"}, {})
