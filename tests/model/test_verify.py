"""verify says what is wrong with a model folder, and nothing where nothing is."""

import json
import shutil
from hashlib import sha256

import pytest
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.model.bundle import ModelError
from explorer.model.catalog import SHIPPED
from explorer.model.verify import store_sample, verify


@pytest.fixture
def folder(tiny_model_folder, tmp_path):
    return shutil.copytree(tiny_model_folder, tmp_path / "tiny")


def change(folder, weight, value):
    """Alter a weight in its shard, and the hash in config.json with it, as nobody does by accident."""
    shard = folder / ("exits.safetensors" if weight.startswith("heads") else "backbone.safetensors")
    state = load_file(shard)
    state[weight].flatten()[0] = value
    save_file(state, shard)
    config = json.loads((folder / "config.json").read_text())
    config["weights"][shard.name] = sha256(shard.read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))


def test_a_whole_folder_passes_and_is_compared_with_its_sample(folder):
    lines = list(verify(folder))
    assert lines[-1].startswith("note: no sample.json is stored")
    store_sample(folder)
    assert list(verify(folder))[-1].startswith("The stored sample is answered as when it was saved")


def test_weights_that_are_not_finite_are_named(folder):
    change(folder, "backbone.vit.norm.weight", float("nan"))
    with pytest.raises(ModelError, match=r"not finite, in backbone\.vit\.norm\.weight"):
        list(verify(folder))


def test_other_answers_than_stored_are_said(folder):
    store_sample(folder)
    change(folder, "backbone.vit.head.bias", 3.0)
    with pytest.raises(ModelError, match="answers its stored sample otherwise"):
        list(verify(folder))


def test_an_altered_file_an_unknown_entry_and_a_newer_version_get_a_sentence(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"colour": "<b>red</b>"}))
    assert next(verify(folder)).startswith("note: config.json has an entry 'colour'")
    (folder / "config.json").write_text(json.dumps(config | {"format": 7}))
    with pytest.raises(ModelError, match="has format 7; this version reads format 1"):
        list(verify(folder))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "exits.safetensors").write_bytes(b"other")
    refused = CliRunner().invoke(app, ["verify", str(folder)])
    assert (refused.exit_code, "is not the file its config names" in refused.stderr) == (2, True)


def test_nothing_is_noted_of_a_shipped_model_but_its_missing_sample():
    notes = [line for line in verify(SHIPPED / "fashion") if line.startswith("note: ")]
    assert notes == ["note: no sample.json is stored to compare answers with; `verify --store` writes one."]


def test_the_command_stores_and_verifies(folder):
    stored = CliRunner().invoke(app, ["verify", str(folder), "--store"])
    assert stored.exit_code == 0, stored.output
    assert "as when it was saved" in stored.stdout
