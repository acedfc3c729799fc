"""Weights that do not fit are refused in words; that those which fit are right, test_parity holds."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.model.bundle import InputSpec, ModelError, load_model_folder
from explorer.model.convert import convert_lgvit, from_lgvit, is_lgvit
from tests.data.published import NAMES, published

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
    with pytest.raises(
        ValueError, match="only LGViT heads on ViT, DeiT, Swin can be converted, not SDN on ViT"
    ):
        from_lgvit({**CONFIG, "highway_type": "SDN"}, {})


@pytest.mark.parametrize("pickled", [False, True])
def test_a_published_folder_becomes_a_model_folder_with_the_same_answers(tmp_path, pickled):
    source = published(tmp_path / "theirs", pickled)
    assert is_lgvit(source)
    model = load_model_folder(convert_lgvit(source, tmp_path / "ours", "LGViT, theirs"))
    assert (model.name, model.title, model.labels) == ("ours", "LGViT, theirs", NAMES)
    assert model.input == InputSpec("photo", (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    # 1 - 0.6 nats / ln 10
    assert model.thresholds == {"confidence": 0.8, "entropy": 0.739}
    vectors = load_file(DATA / "vit_lgvit.io.safetensors")
    trace = model.network.analyse(vectors["pixel_values"])
    for k in range(8):  # float16 on disk
        np.testing.assert_allclose(trace.logits[:, k], vectors[f"exit{k}_logits"], atol=5e-3)
    np.testing.assert_allclose(trace.logits[:, 8], vectors["final_logits"], atol=5e-3)
    norms = [m.eps for m in model.network.backbone.modules() if isinstance(m, torch.nn.LayerNorm)]
    assert set(norms) == {1e-12}


@pytest.mark.parametrize("file", ["preprocessor_config.json", "model.safetensors"])
def test_a_published_folder_that_lacks_a_file_is_said_by_name(tmp_path, file):
    source = published(tmp_path / "theirs")
    (source / file).unlink()
    missing = file.replace("model.safetensors", "pytorch_model.bin")  # looked for last
    with pytest.raises(ModelError, match=f"lacks {missing}; fetch it again"):
        convert_lgvit(source, tmp_path / "ours", "")
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize("file", ["preprocessor_config.json", "model.safetensors"])
def test_a_published_folder_with_a_broken_file_is_refused_in_words(tmp_path, file):
    source = published(tmp_path / "theirs")
    (source / file).write_bytes(b"broken")
    with pytest.raises(ModelError, match="cannot be converted"):
        convert_lgvit(source, tmp_path / "ours", "")


def test_a_model_folder_of_ours_is_not_taken_for_one_of_theirs(tmp_path, tiny_model_folder):
    assert not is_lgvit(tiny_model_folder)
    assert not is_lgvit(tmp_path)


def test_the_command_converts_and_says_what_it_cannot(tmp_path, tiny_model_folder):
    run = CliRunner().invoke
    theirs, out = published(tmp_path / "theirs", pickled=True), tmp_path / "ours"
    done = run(app, ["convert", "lgvit-official", str(theirs), str(out), "--title", "T"])
    assert (done.exit_code, done.stdout.strip()) == (0, str(out))
    # The file of weights itself, whatever its name, beside its configuration.
    weights = (theirs / "pytorch_model.bin").rename(theirs / "best.bin")
    again = run(app, ["convert", "lgvit-official", str(weights), str(tmp_path / "again")])
    assert (again.exit_code, again.stdout.strip()) == (0, str(tmp_path / "again"))
    refused = run(app, ["convert", "lgvit-official", str(tiny_model_folder), str(tmp_path / "no")])
    assert refused.exit_code == 2
    assert "names no highway_type" in refused.stderr
    unknown = run(app, ["convert", "theirs", str(theirs)])
    assert unknown.exit_code == 2
    assert "there is no layout 'theirs'; choose lgvit-official" in unknown.stderr
