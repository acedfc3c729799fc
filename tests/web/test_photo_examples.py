"""Example photos, precomputed by a tiny model of photos."""

import json
from base64 import b64decode

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import decide
from explorer.web import analysis, examples, explaining

BACKBONE = {
    "kind": "vit", "img_size": 224, "patch_size": 56, "num_classes": 12, "embed_dim": 16, "depth": 6,
    "num_heads": 2, "class_and_mean": True,
}  # fmt: skip


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone(**BACKBONE), lgvit_exits((2, 3, 4, 5)), "photos").eval()
    labels = tuple(f"class {c}" for c in range(12))
    spec = InputSpec("photo", (0.5,) * 3, (0.25,) * 3)
    save_model(
        Model("photos", "Photos", network, labels, spec, {"confidence": 0.1}), BACKBONE, tmp_path / "photos"
    )
    return load_model_folder(tmp_path / "photos")


def test_photos_are_stored_as_seen_and_analysed_as_stored(model, tmp_path, monkeypatch):
    out = tmp_path / "examples"
    out.mkdir()
    for name, seed in (("a-cat", 1), ("dog", 2), ("bird", 3)):
        rng = np.random.default_rng(seed)
        Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)).resize((300, 260)).save(
            out / f"{name}.jpg"
        )
    monkeypatch.setattr(examples, "find_model", lambda _: tmp_path / "photos")
    monkeypatch.setattr(examples, "open_model", lambda _: model)
    monkeypatch.setattr(analysis, "open_model", lambda _: model)
    assert examples.run("photos", None, out) == out
    stored = json.loads((out / "examples.json").read_text())
    assert stored["weights"] == json.loads((tmp_path / "photos" / "config.json").read_text())["weights"]
    assert {e["id"] for e in stored["examples"]} == {"a-cat", "dog", "bird"}
    assert {e["title"] for e in stored["examples"]} == {"a cat", "dog", "bird"}
    exits = [int(decide(np.array([e["trace"]["scores"]["confidence"]]), 0.1)[0]) for e in stored["examples"]]
    assert exits == sorted(exits)
    predicted = [e["trace"]["predicted"] for e in stored["examples"]]
    early = [i for i, p in enumerate(predicted) if exits[i] < len(p) - 1 and p[exits[i]] == p[-1]]
    assert [i for i, e in enumerate(stored["examples"]) if e.get("opens")] == early[:1]
    for e in stored["examples"]:
        assert b64decode(e["image"].partition(",")[2]) == (out / f"{e['id']}.jpg").read_bytes()
        again = analysis.analyse_image(model, analysis.from_data_uri(e["saw"], model))
        assert again["trace"]["probabilities"] == e["trace"]["probabilities"]
        assert e["note"] == "Cropped to its middle square and resized to 224 x 224 pixels."
        predicted = [e["trace"]["classes"][p]["index"] for p in e["trace"]["predicted"]]
        assert e["maps"][:2] == again["maps"]
        maps = {(s["exit"], *s["classes"]) for s in e["maps"][2:]}
        assert maps == {(i, c) for i in range(5) for c in (predicted[i], predicted[-1])}
        # A map the page asks for later is the one that was stored.
        first = e["maps"][2]
        question = {key: value for key, value in first.items() if key != "map"}
        answer = explaining.explain({**question, "model": "photos", "saw": e["saw"]})
        assert answer["map"] == first["map"]


def test_no_photos_is_said_in_words(model, tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "find_model", lambda _: tmp_path / "photos")
    monkeypatch.setattr(examples, "open_model", lambda _: model)
    with pytest.raises(FileNotFoundError, match="put JPEG files there"):
        examples.run("photos", None, tmp_path / "none")
