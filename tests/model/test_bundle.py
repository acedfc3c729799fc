"""A model folder: what is saved comes back, and what is broken is said in one sentence."""

import json
import shutil
from hashlib import sha256

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from explorer.model.backbone import build_backbone
from explorer.model.bundle import (
    InputSpec,
    Model,
    ModelError,
    load_model_folder,
    read_config,
    save_model,
)
from explorer.model.exits import ExitSpec, lgvit_exits
from explorer.model.multi_exit import MultiExitViT

BACKBONE = {
    "kind": "vit", "img_size": 16, "patch_size": 4, "in_chans": 3, "num_classes": 3,
    "embed_dim": 16, "depth": 5, "num_heads": 2,
}  # fmt: skip


def model_of(backbone=BACKBONE, **facts) -> Model:
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone(**backbone), lgvit_exits((1, 2, 3, 4)), "m").eval()
    classes = network.backbone.classes
    labels = ("cat", "dog", "crème brûlée")[:classes] + tuple(f"class {c}" for c in range(3, classes))
    spec = InputSpec("garment", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    return Model(**{"name": "m", "title": "A model", "network": network, "labels": labels, "input": spec,
                    "thresholds": {"confidence": 0.8}} | facts)  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model, folder = model_of(), tmp_path_factory.mktemp("bundle") / "m"
    save_model(model, BACKBONE, folder)
    return model, folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy to be broken."""
    return shutil.copytree(saved[1], tmp_path / "m")


def mend(folder, **entries):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | entries))


def test_what_is_saved_comes_back(saved):
    model, folder = saved
    loaded = load_model_folder(folder)
    images = torch.randn(4, 3, 16, 16)
    ours, theirs = model.network.analyse(images), loaded.network.analyse(images)
    np.testing.assert_allclose(theirs.logits, ours.logits, atol=1e-2)  # matrices went through half precision
    assert theirs.macs.tolist() == ours.macs.tolist()
    assert loaded.network.specs == model.network.specs
    assert (loaded.name, loaded.title, loaded.labels) == (model.name, model.title, model.labels)
    assert (loaded.input, loaded.thresholds, loaded.folder) == (model.input, model.thresholds, folder)


def test_temperatures_and_whose_answers_were_evaluated_come_back_and_may_be_missing(tmp_path):
    model = model_of(reference="teacher")
    assert load_saved(model, tmp_path / "plain").network.temperatures == (1.0,) * 5
    model.network.temperatures = (0.5, 1.25, 2.0, 1.0, 3.0)
    loaded = load_saved(model, tmp_path / "m")
    assert loaded.network.temperatures == (0.5, 1.25, 2.0, 1.0, 3.0)
    assert loaded.reference == "teacher"
    path = tmp_path / "m" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in config.items() if k not in ("temperatures", "reference")}))
    older = load_model_folder(tmp_path / "m")
    assert older.network.temperatures == (1.0,) * 5
    assert older.reference == "labels"


def load_saved(model, folder):
    save_model(model, BACKBONE, folder)
    return load_model_folder(folder)


def test_loading_twice_gives_the_same_to_the_last_bit_and_so_does_saving_again(saved, tmp_path):
    _, folder = saved
    first, second = load_model_folder(folder), load_model_folder(folder)
    save_model(first, BACKBONE, tmp_path / "again")
    third = load_model_folder(tmp_path / "again")
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name])
        assert torch.equal(tensor, third.network.state_dict()[name])


def test_a_loaded_network_is_for_use_not_for_training(saved):
    network = load_model_folder(saved[1]).network
    assert not any(module.training for module in network.modules())
    assert not any(p.requires_grad for p in network.parameters())
    assert all(p.dtype == torch.float32 for p in network.parameters())


def test_backbone_and_exits_lie_in_files_of_their_own(saved):
    _, folder = saved
    assert {p.name for p in folder.iterdir()} == {
        "config.json", "labels.txt", "backbone.safetensors", "exits.safetensors",
    }  # fmt: skip
    assert all(name.startswith("backbone.") for name in load_file(folder / "backbone.safetensors"))
    assert all(name.startswith("heads.") for name in load_file(folder / "exits.safetensors"))


def test_matrices_are_kept_in_half_and_vectors_in_single_precision(saved):
    tensors = load_file(saved[1] / "exits.safetensors") | load_file(saved[1] / "backbone.safetensors")
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            assert tensor.dtype == (torch.float16 if tensor.ndim > 1 else torch.float32), name


def test_shards_stay_under_10_megabytes(tmp_path):
    wide = BACKBONE | {"embed_dim": 256, "depth": 7, "weight_init": "skip"}
    network = MultiExitViT(build_backbone(**wide), [ExitSpec(1, "linear")]).eval()
    save_model(model_of(network=network), wide, tmp_path)
    shards = sorted(p.name for p in tmp_path.glob("*.safetensors"))
    assert shards == [
        "backbone-00001-of-00002.safetensors", "backbone-00002-of-00002.safetensors", "exits.safetensors",
    ]  # fmt: skip
    assert all((tmp_path / name).stat().st_size < 10_000_000 for name in shards)
    assert sum((tmp_path / name).stat().st_size for name in shards) > 10_000_000
    state = load_model_folder(tmp_path).network.state_dict()
    assert set(state) == set(network.state_dict())
    # Saved again as something smaller, no shard of the larger one stays behind.
    save_model(model_of(), BACKBONE, tmp_path)
    assert {p.name for p in tmp_path.glob("*.safetensors")} == {"backbone.safetensors", "exits.safetensors"}


def test_the_config_names_every_shard_with_its_hash(saved):
    _, folder = saved
    config = read_config(folder)
    assert config["format"] == 1
    for name, expected in config["weights"].items():
        assert sha256((folder / name).read_bytes()).hexdigest() == expected
        with safe_open(folder / name, "pt") as shard:
            assert shard.keys()


def test_a_pretrained_backbone_is_not_fetched_again(tmp_path):
    recipe = {"kind": "timm", "name": "vit_tiny_patch16_224", "img_size": 32, "depth": 5, "num_classes": 3}
    save_model(model_of(recipe), recipe | {"pretrained": True}, tmp_path)
    assert read_config(tmp_path)["backbone"]["pretrained"] is True
    assert load_model_folder(tmp_path).network.backbone.width == 192


# --- broken folders ---


def refuses(folder, sentence):
    with pytest.raises(ModelError, match=sentence) as caught:
        load_model_folder(folder)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_folder_without_config_is_no_model(tmp_path):
    refuses(tmp_path, "is not a model folder: it has no config.json")


@pytest.mark.parametrize("text", ["{", "", "\x00"])
def test_a_config_that_is_not_json(folder, text):
    (folder / "config.json").write_bytes(text.encode("latin1"))
    refuses(folder, "config.json is not JSON; fetch the folder again")


@pytest.mark.parametrize("text", ['{"format": 2}', "{}", "[]", "3"])
def test_a_config_of_another_format(folder, text):
    (folder / "config.json").write_text(text)
    refuses(folder, "has format (2|None); this version reads format 1")


def test_a_config_that_lacks_an_entry(folder):
    (folder / "config.json").write_text('{"format": 1, "name": "m", "title": "M", "weights": {}}')
    refuses(folder, "config.json lacks backbone, exits, input, thresholds; fetch the folder again")


def test_a_shard_that_was_altered(folder):
    shard = folder / "exits.safetensors"
    raw = bytearray(shard.read_bytes())
    raw[-1] ^= 1
    shard.write_bytes(raw)
    refuses(folder, "exits.safetensors in .* is not the file its config names; fetch the folder again")


def test_a_shard_that_is_missing(folder):
    (folder / "backbone.safetensors").unlink()
    refuses(folder, "lacks backbone.safetensors; fetch the folder again")


def test_shards_are_read_from_the_folder_only(folder, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    outside = tmp_path / "exits.safetensors"
    shutil.move(folder / "exits.safetensors", outside)
    weights = {str(outside) if name.startswith("exits") else name: h for name, h in config["weights"].items()}
    mend(folder, weights=weights)
    refuses(folder, "lacks .*exits.safetensors")


def test_weights_of_another_network(folder):
    mend(folder, backbone=BACKBONE | {"embed_dim": 32})
    refuses(folder, "do not fit its config; fetch the folder again")


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"backbone": BACKBONE | {"kind": "mlp"}}, "there is no backbone kind 'mlp'"),
        (
            {"backbone": {"kind": "timm", "name": "resnet10t"}},
            "expected one of timm's .*; got ResNet",
        ),
        ({"backbone": {"kind": "timm", "name": "no_such_model"}}, "no_such_model"),
        ({"exits": [{"block": 9, "head": "linear"}]}, "exits must stand behind different blocks"),
        ({"exits": [{"block": 1, "head": "mlp"}]}, "there is no exit head 'mlp'"),
        ({"exits": [{"block": 1, "head": "linear", "colour": "red"}]}, "colour"),
        ({"input": {"sight": "garment"}}, "mean"),
        ({"temperatures": [1.0, 2.0]}, "expected 5 temperatures above 0"),
    ],
)
def test_a_config_no_network_can_be_built_from(folder, entries, reason):
    mend(folder, **entries)
    refuses(folder, f"No network can be built as .*config.json asks: .*{reason}")


def test_a_wrong_number_of_labels(folder):
    (folder / "labels.txt").write_text("cat\ndog\n")
    refuses(folder, "names 2 labels for 3 classes; fix labels.txt")


def test_facts_of_other_weights_go_when_a_folder_is_written_anew(folder):
    for name in ("conformal.json", "conformal.npz", "rules.json", "sample.json", "grains.txt"):
        (folder / name).write_text("{}")
    save_model(model_of(), BACKBONE, folder)
    assert not {"conformal.json", "conformal.npz", "rules.json", "sample.json"} & {
        path.name for path in folder.iterdir()
    }
    assert (folder / "grains.txt").exists()


@pytest.mark.parametrize("grains", [False, True])
def test_missing_labels(folder, grains):
    if grains:
        (folder / "grains.json").write_text("[]")
    (folder / "labels.txt").unlink()
    refuses(folder, "lacks labels.txt; fetch the folder again")


def test_weights_may_be_read_by_whoever_may_read_the_config(tiny_model_folder):
    modes = {path.stat().st_mode for path in tiny_model_folder.glob("*.safetensors")}
    assert modes == {(tiny_model_folder / "config.json").stat().st_mode}
