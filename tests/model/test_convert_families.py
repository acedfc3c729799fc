"""LGViT on DeiT and Swin under the authors' names gives what the model written out by hand gives."""

import json

import numpy as np
import pytest
import torch

from explorer.model.bundle import ModelError, load_model_folder
from explorer.model.convert import convert_lgvit, from_lgvit
from tests.data import rederived

FAMILIES = {"DeiT": (rederived.deit, rederived.DEIT), "Swin": (rederived.swin, rederived.SWIN)}


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    """Name, configuration, images, the state dict, every exit's logits and the final ones."""
    forward, config = FAMILIES[request.param]
    weights, images = (
        rederived.Random(),
        torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(2)),
    )
    return request.param, config, images, weights, forward(weights, images)


def test_every_exit_and_the_end_answer_as_the_model_written_out(case):
    _, config, images, weights, expected = case
    network = from_lgvit(config, weights.state)
    with torch.inference_mode():
        outputs = network(images)
    assert len(outputs.logits) == 8
    for ours, theirs in zip([*outputs.logits, outputs.final], expected, strict=True):
        assert theirs.std() > 0.05
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    blocks = {"DeiT": [*range(4, 13)], "Swin": [4, 7, 10, 13, 16, 19, 22, 23, 24]}[case[0]]
    assert [e.block for e in network.exits] == blocks


def published(folder, config, state):
    folder.mkdir()
    stored = {key: value for key, value in config.items() if key != "num_labels"}
    stored |= {
        "id2label": {str(i): f"class <{i}>" for i in range(6)},
        "threshold": 0.7,
        "exit_strategy": "confidence",
    }
    (folder / "config.json").write_text(json.dumps(stored))
    sight = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    (folder / "preprocessor_config.json").write_text(json.dumps(sight))
    torch.save(state, folder / "pytorch_model.bin")
    return folder


def test_a_published_folder_becomes_a_model_folder(case, tmp_path):
    _, config, images, weights, expected = case
    extra = {"swin.encoder.layers.0.blocks.0.attention.self.relative_position_index": torch.zeros(4, 4)}
    source = published(tmp_path / "theirs", config, weights.state | (extra if case[0] == "Swin" else {}))
    model = load_model_folder(convert_lgvit(source, tmp_path / "ours", "theirs"))
    trace = model.network.analyse(images)
    for k, theirs in enumerate(expected):
        np.testing.assert_allclose(trace.logits[:, k], theirs, atol=1e-3)
    assert model.labels == tuple(f"class <{i}>" for i in range(6))
    assert model.thresholds["confidence"] == 0.7


def test_a_missing_a_wrong_and_a_strange_weight_are_named_in_one_sentence(case, tmp_path):
    name, config, _, weights, _ = case
    gone = {
        "DeiT": "deit.encoder.highway.3.mlp.conv1.0.weight",
        "Swin": "swin.encoder.layers.2.downsample.norm.weight",
    }
    state = dict(weights.state)
    del state[gone[name]]
    with pytest.raises(ValueError, match=rf"lack .*{gone[name].rpartition('.')[0].split('.')[-1]}.*\.$"):
        from_lgvit(config, state)
    with pytest.raises(ValueError, match=r"no place for someone\.elses\.weight\.$"):
        from_lgvit(config, weights.state | {"someone.elses.weight": torch.zeros(1)})
    first = "cls_classifier.weight" if name == "DeiT" else "classifier.weight"
    with pytest.raises(ValueError, match=r"do not fit their configuration: .* is \(6, 7\) instead of"):
        from_lgvit(config, weights.state | {first: torch.zeros(6, 7)})
    partial = published(tmp_path / "partial", config, {k: v for k, v in state.items() if "highway" not in k})
    with pytest.raises(
        ModelError, match=r"cannot be converted: these weights lack .*highway.* and \d+ more\.$"
    ):
        convert_lgvit(partial, tmp_path / "ours", "")


def test_a_pickle_that_would_run_code_is_not_read(tmp_path):
    source = published(tmp_path / "theirs", rederived.DEIT, {})
    torch.save({"a": print}, source / "pytorch_model.bin")
    with pytest.raises(ModelError, match="holds more than tensors, or is damaged"):
        convert_lgvit(source, tmp_path / "ours", "")


def test_a_swin_whose_windows_do_not_tile_its_grid_is_refused():
    with pytest.raises(ValueError, match="grid of 16 is no multiple of its window of 3"):
        from_lgvit(rederived.SWIN | {"window_size": 3}, {})
