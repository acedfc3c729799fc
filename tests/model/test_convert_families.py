"""LGViT on DeiT and Swin under the authors' names gives what the model written out by hand gives."""

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


def test_a_published_folder_becomes_a_model_folder(case, tmp_path):
    _, config, images, weights, expected = case
    extra = {"swin.encoder.layers.0.blocks.0.attention.self.relative_position_index": torch.zeros(4, 4)}
    source = rederived.publish(
        tmp_path / "theirs", config, weights.state | (extra if case[0] == "Swin" else {})
    )
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
    partial = rederived.publish(
        tmp_path / "partial", config, {k: v for k, v in state.items() if "highway" not in k}
    )
    with pytest.raises(
        ModelError, match=r"cannot be converted: these weights lack .*highway.* and \d+ more\.$"
    ):
        convert_lgvit(partial, tmp_path / "ours", "")


def test_a_pickle_that_would_run_code_is_not_read(tmp_path):
    source = rederived.publish(tmp_path / "theirs", rederived.DEIT, {})
    torch.save({"a": print}, source / "pytorch_model.bin")
    with pytest.raises(ModelError, match="holds more than tensors, or is damaged"):
        convert_lgvit(source, tmp_path / "ours", "")


def test_a_swin_whose_windows_do_not_tile_its_grid_is_refused():
    with pytest.raises(ValueError, match="grid of 16 is no multiple of its window of 3"):
        from_lgvit(rederived.SWIN | {"window_size": 3}, {})


def by_hand():
    """A DeiT of three blocks that hand their tokens on unchanged, so that every logit can be worked out on paper."""
    config = rederived.DEIT | {
        "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8, "image_size": 4,
        "patch_size": 2, "num_channels": 1, "num_early_exits": 2, "position_exits": "[1,2]", "num_labels": 2,
    }  # fmt: skip
    state = {}

    def linear(name, out=8, into=8, bias=True):
        state[f"{name}.weight"] = torch.zeros(out, into)
        if bias:
            state[f"{name}.bias"] = torch.zeros(out)

    def norm(name, bias=0.0, batch=False):
        state[f"{name}.weight"], state[f"{name}.bias"] = torch.ones(8), torch.full((8,), bias)
        if batch:
            state[f"{name}.running_mean"] = torch.zeros(8)
            state[f"{name}.running_var"] = torch.full((8,), 1 - 1e-5)  # with its eps, 1
            state[f"{name}.num_batches_tracked"] = torch.tensor(1)

    def classifiers(name, of_class, of_distilled):
        """[CLS]'s reads into the first class, [DIST]'s into the second."""
        for place, (part, row) in enumerate(
            {"cls_classifier": of_class, "distillation_classifier": of_distilled}.items()
        ):
            linear(f"{name}{part}", out=2)
            state[f"{name}{part}.weight"][place] = row

    def convolution(name, kernel=1, each=False):
        state[f"{name}.weight"] = torch.zeros(8, 1 if each else 8, kernel, kernel)
        state[f"{name}.bias"] = torch.zeros(8)

    turns = torch.tensor([1.0, -1.0] * 4)  # sums to nothing, so that no mean of a token sees it
    positions = 10.0 * torch.arange(6)[None, :, None].expand(1, 6, 8)
    state["deit.embeddings.cls_token"] = (1 + turns).reshape(1, 1, 8)
    state["deit.embeddings.distillation_token"] = (2 + 3 * turns).reshape(1, 1, 8)
    state["deit.embeddings.position_embeddings"] = positions.clone()
    state["deit.embeddings.patch_embeddings.projection.weight"] = torch.zeros(8, 1, 2, 2)
    state["deit.embeddings.patch_embeddings.projection.bias"] = torch.full((8,), 3.0)
    for i in range(3):
        layer = f"deit.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.attention.{part}")
        for part in ("attention.output.dense", "intermediate.dense", "output.dense"):
            linear(f"{layer}.{part}")
        for part in ("layernorm_before", "layernorm_after"):
            norm(f"{layer}.{part}")
    mean = torch.full((8,), 1 / 8)
    for k in range(2):
        classifiers(f"deit.encoder.highway.{k}.", mean, mean)
    local, spread = "deit.encoder.highway.0.mlp", "deit.encoder.highway.1.mlp"
    convolution(f"{local}.conv1.0")
    norm(f"{local}.conv1.2", batch=True)
    convolution(f"{local}.proj", 3, each=True)
    norm(f"{local}.proj_bn", batch=True)
    convolution(f"{local}.conv2.0")
    norm(f"{local}.conv2.1", bias=5.0, batch=True)
    linear(f"{spread}.qkv", out=24, bias=False)
    state[f"{spread}.qkv.weight"][16:] = torch.eye(8)  # queries and keys say nothing, values are the tokens
    linear(f"{spread}.proj")
    state[f"{spread}.proj.weight"] += 2 * torch.eye(8)
    state[f"{spread}.proj.bias"] += 1
    norm("deit.layernorm", bias=4.0)
    classifiers("", torch.eye(8)[0], torch.eye(8)[1])
    state["cls_classifier.bias"][0], state["distillation_classifier.bias"][1] = 1.0, 2.0
    return config, state


def test_a_deit_worked_out_by_hand():
    config, state = by_hand()
    with torch.inference_mode():
        outputs = from_lgvit(config, state)(torch.zeros(1, 1, 4, 4))
    # Tokens are [CLS] 1 + 0, [DIST] 2 + 10, patches 3 + 20, 30, 40, 50 in the mean of their channels.
    # Local: each patch + 5, so their mean is 43; with [CLS] 44, with [DIST] 55; each classifier knows one class.
    # Global: of 2 x 2 every second both ways is the first patch, 23, and 2 * 23 + 1 = 47; 48 and 59.
    expected = [[44 / 2, 55 / 2], [48 / 2, 59 / 2]]
    for ours, theirs in zip(outputs.logits, expected, strict=True):
        torch.testing.assert_close(ours, torch.tensor([theirs]), atol=1e-4, rtol=0)
    # The end: normed, [CLS] is 1 and -1 by turns and so is [DIST]; + 4, the first channel is 5, the second 3.
    torch.testing.assert_close(outputs.final, torch.tensor([[(5 + 1) / 2, (3 + 2) / 2]]), atol=1e-4, rtol=0)
