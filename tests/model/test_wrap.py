"""Any timm classifier becomes a multi-exit model whose exits are its own last layer."""

import json

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.model.bundle import ModelError, load_model_folder
from explorer.model.wrap import wrap
from explorer.rules import rules_with

NAME = "test_vit"  # timm's own for tests: 6 blocks, 160 pixels
COLOURS = {"blue <b>": (20, 40, 200), "green": (30, 180, 40), 'red, "dark"': (120, 10, 10)}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    model = timm.create_model(NAME, num_classes=3)
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    save_file({f"module.{k}": v.half().float() for k, v in model.state_dict().items()}, path)
    return path, model


@pytest.fixture(scope="module")
def wrapped(weights, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrapped") / "mine"
    labels = folder.parent / "labels.txt"
    labels.write_text("\n".join(COLOURS) + "\n")
    return wrap(NAME, folder, weights[0], labels), folder


@torch.inference_mode()
def test_every_exit_is_the_networks_own_last_layer(wrapped):
    network = wrapped[0].network
    backbone, images = network.backbone, torch.randn(2, 3, *network.backbone.input_size)
    assert [(e.block, e.kind, e.family) for e in network.exits[:-1]] == [
        (b, "shared", "shared") for b in range(1, backbone.blocks)
    ]
    logits = network.analyse(images).logits
    tokens = backbone.embed(images)
    for block in range(1, backbone.blocks + 1):
        tokens = backbone.block(block, tokens)
        np.testing.assert_allclose(logits[:, block - 1], backbone.readout(tokens), atol=1e-5)
    np.testing.assert_allclose(logits[:, -1], backbone(images), atol=1e-5)


def test_an_exit_costs_one_read_out_and_holds_no_weights(wrapped):
    model, folder = wrapped
    network = model.network
    assert not any(name.startswith("heads.") for name in network.state_dict())
    readout = network.backbone.width * 3
    assert network.macs[-1] - network.macs_full == len(network.specs) * readout
    assert not list(folder.glob("exits*.safetensors"))


def test_labels_of_any_text_come_back_as_they_were(wrapped):
    assert wrapped[0].labels == tuple(COLOURS)


def test_wrong_weights_are_refused_by_the_names_they_lack(weights, tmp_path):
    state = {k: v for k, v in weights[1].state_dict().items() if "blocks.2" not in k} | {
        "odd": torch.zeros(2)
    }
    save_file(state, tmp_path / "partial.safetensors")
    with pytest.raises(ModelError, match=r"is not of timm's test_vit: it lacks blocks\.2\..*more\.$"):
        wrap(NAME, tmp_path / "m", tmp_path / "partial.safetensors")
    assert not (tmp_path / "m").exists()
    torch.save({"a": print}, tmp_path / "bad.bin")
    with pytest.raises(ModelError, match="damaged or holds more than tensors"):
        wrap(NAME, tmp_path / "m", tmp_path / "bad.bin")
    with pytest.raises(
        ModelError, match="timm has no model 'vit_small_patch16'; did you mean vit_small_patch16_"
    ):
        wrap("vit_small_patch16", tmp_path / "m", weights[0])
    state = timm.create_model("test_resnet", num_classes=2).state_dict()
    save_file(state, tmp_path / "resnet.safetensors")
    with pytest.raises(ModelError, match="hold no classifier"):
        wrap("test_resnet", tmp_path / "m", tmp_path / "resnet.safetensors")


def test_calibration_fits_temperatures_and_thresholds_on_a_folder(weights, tmp_path):
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(8):
            pixels = np.clip(np.array(colour) + rng.normal(0, 25, (24, 30, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{i}.png")
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(COLOURS))
    out = tmp_path / "mine"
    command = ["wrap", NAME, "-o", str(out), "--weights", str(weights[0]), "--labels", str(labels)]
    done = CliRunner().invoke(app, [*command, "--calibrate", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    assert "pictures not fitted on: block 1 " in done.stdout
    model = load_model_folder(out)
    assert all(t != 1 for t in model.network.temperatures)
    assert set(model.thresholds) == set(rules_with(["performance"]))
    assert (out / "evaluation.npz").exists()
    assert (out / "conformal.json").exists()
    assert json.loads((out / "config.json").read_text())["backbone"] == {
        "kind": "timm", "name": NAME, "num_classes": 3,
    }  # fmt: skip
    stray = tmp_path / "pictures" / "cats"
    stray.mkdir()
    refused = CliRunner().invoke(app, [*command, "--calibrate", str(tmp_path / "pictures")])
    assert (refused.exit_code, "'cats', which is no class of mine" in refused.stderr) == (2, True)
