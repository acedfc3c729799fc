"""What Compare asks the server: a picture the page holds, under another model; and what it refuses."""

import json
from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.model.bundle import load_model_folder, read_config
from explorer.model.catalog import DEFAULT, find_model, list_models
from explorer.web import analysis, model_page
from explorer.web.answers import Answers
from explorer.web.tabs import compare

OTHER = next(entry.name for entry in list_models() if entry.name != DEFAULT)


def uri(image, kind="PNG", **options):
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


@pytest.fixture
def never(monkeypatch):
    def fail(*_):
        raise AssertionError("a network was loaded")

    monkeypatch.setattr(analysis, "load_model", fail)


@pytest.fixture
def tiny(tiny_model_folder, monkeypatch):
    model = load_model_folder(tiny_model_folder)
    monkeypatch.setattr(compare, "open_model", lambda _: model)
    monkeypatch.setattr(analysis, "open_model", lambda _: model)
    monkeypatch.setattr(analysis, "analyses", Answers())
    return model


def test_a_shipped_example_comes_as_it_was_computed_and_loads_no_network(never):
    example = model_page.examples_json(DEFAULT)[3]
    answer = compare.analyse_again({"model": DEFAULT, "image": example["image"], "label": None})
    assert answer["trace"] == example["trace"]
    assert answer["label"] == example["label"]
    assert [entry["method"] for entry in answer["maps"]] == ["attention", "rollout"]
    own = read_config(find_model(DEFAULT))["thresholds"]["confidence"]
    assert answer["rules"]["confidence"]["default"] == own
    assert answer["reference"] == "labels"


def test_another_model_sees_the_same_picture(tiny):
    seen = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))
    answer = compare.analyse_again({"model": OTHER, "image": uri(seen), "label": tiny.labels[0]})
    direct = analysis.analyse_image(tiny, seen.convert("RGB"))
    assert answer["trace"]["probabilities"] == direct["trace"]["probabilities"]
    assert answer["label"] == tiny.labels[0]
    json.dumps(answer)


def test_a_true_label_that_the_model_does_not_know_is_not_answered(tiny):
    picture = uri(Image.new("L", (28, 28), 90))
    for label in ("tabby cat", None, 7, ["x"]):
        assert compare.analyse_again({"model": OTHER, "image": picture, "label": label})["label"] is None


def test_a_jpeg_is_taken_too(tiny):
    answer = compare.analyse_again(
        {"model": OTHER, "image": uri(Image.new("RGB", (300, 200), "red"), "JPEG"), "label": None}
    )
    assert answer["saw"].startswith("data:image/png")


@pytest.mark.parametrize(
    "image",
    [
        "",
        "https://elsewhere/x.png",
        "/etc/passwd",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,AAAAA",
        "data:image/png;base64,äöü",
        "data:image/png,AAAA",
        None,
        7,
        ["data:image/png;base64,AAAA"],
        {"path": "/etc/passwd"},
    ],
)
def test_what_is_no_picture_is_refused_in_words_and_loads_no_network(image, never):
    answer = compare.analyse_again({"model": OTHER, "image": image, "label": None})
    assert set(answer) == {"error"}
    assert answer["error"][0].isupper()
    assert answer["error"].endswith(".")


def test_a_picture_that_is_too_large_for_a_question_is_refused(never):
    noise = Image.effect_noise((1500, 1500), 90)
    answer = compare.analyse_again({"model": OTHER, "image": uri(noise), "label": None})
    assert "too large" in answer["error"]


def test_a_picture_of_too_many_pixels_is_refused_however_small_its_file(never):
    answer = compare.analyse_again(
        {"model": OTHER, "image": uri(Image.new("1", (9000, 9000))), "label": None}
    )
    assert "megapixels" in answer["error"]


@pytest.mark.parametrize("name", ["owner/name", "assets/models/fashion", "..", "", None, 3, ["fashion"]])
def test_only_a_model_the_picker_offers_can_be_asked(name, never):
    for ask in (compare.examples_of, compare.analyse_again):
        answer = ask({"model": name, "image": "", "label": None})
        assert answer["error"].startswith("This page does not offer the model")


@pytest.mark.parametrize("asked", [{}, {"model": DEFAULT}, None, []])
def test_a_question_that_lacks_a_part_gets_a_sentence(asked, never):
    assert compare.analyse_again(asked)["error"].endswith("reload the page.")


def test_examples_of_a_model_are_what_the_page_starts_with(never):
    assert compare.examples_of({"model": DEFAULT}) == model_page.model_json(DEFAULT, short=True)
