"""Example photos, precomputed by a tiny model of photos."""

import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.data.fashion import Split
from explorer.data.labelled import Row, load_labelled, write_labels
from explorer.evaluate.record import evaluate
from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import decide
from explorer.web import analysis, examples, explaining, pictures

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
        again = analysis.analyse_image(model, pictures.from_data_uri(e["saw"], model))
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


def test_photos_are_chosen_from_the_reporting_half_one_exit_after_the_other_with_their_authors(
    model, tmp_path, monkeypatch
):
    data, out = tmp_path / "labelled", tmp_path / "examples"
    for folder in (data, out):
        folder.mkdir()
    Image.new("RGB", (9, 9)).save(out / "old.jpg")
    by = "https://creativecommons.org/licenses/by/2.0/"
    rows = []
    for number, truth in enumerate((0, 7, 0, 7, 0, 2, 0, 7, 0, 2, 0, 7)):  # the odd places report
        pixels = np.random.default_rng(number).integers(0, 256, (6, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((600, 400)).save(data / f"{number:02}.png")
        rows.append(Row(f"{number:02}.png", truth, "", f"author {number}", by, "https://example.org/"))
    write_labels(rows, data)
    half = load_labelled(data).half(odd=True)
    images = np.stack([np.asarray(half.picture(i)) for i in range(6)])
    *_, record = evaluate(model, Split(images, half.classes), batch=6)
    # The first and the fourth leave at the first exit, the third at the second, others at the end; the last is wrong.
    scores = np.zeros((6, 5), np.float32)
    scores[[0, 3], 0], scores[2, 1] = 1, 1
    predicted = np.repeat(half.classes[:, None], 5, axis=1)
    predicted[5] = 0
    record = replace(record, predicted=predicted, scores={"confidence": scores}, answers={})
    monkeypatch.setattr(examples.choose, "__defaults__", (4,))
    examples.pick_photos(model, record, load_labelled(data), out)
    told = load_labelled(out).rows
    assert sorted(p.name for p in out.glob("*.jpg")) == [row.file for row in told]
    assert [(row.file, row.author) for row in told] == [
        ("class-2.jpg", "author 5"),
        ("class-7-2.jpg", "author 7"),
        ("class-7-3.jpg", "author 3"),
        ("class-7.jpg", "author 1"),
    ]
    with Image.open(out / "class-7.jpg") as photo:
        assert photo.size == (448, 299)
    monkeypatch.setattr(analysis, "open_model", lambda _: model)
    one = examples.photo_example(model, out / "class-7.jpg", told[-1])
    assert one["label"] == "class 7"
    assert one["truth"] == 7
    assert one["credit"] == {"author": "author 1", "licence": "CC BY 2.0", "page": "https://example.org/"}
