"""A new method is one file and two strings; and what `explain` refuses, in words."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from explorer.explain import methods as folder
from explorer.explain.map import Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain, methods, methods_json
from explorer.model.bundle import load_model_folder
from explorer.web import analysis, explaining, language, page, pictures

TOY = '''
"""Evidence in one corner, always."""
import numpy as np
from explorer.explain.map import Map, Method

def explain(network, image, target):
    values = np.zeros((2, 2), np.float32)
    values[0, 0] = 1 + target.classes[0]
    return Map(values, False, "logit")

METHOD = Method(explain, frozenset({"exit", "class"}))
'''
IMAGE = torch.zeros(1, 1, 28, 28)


@pytest.fixture
def network(tiny_model_folder):
    return load_model_folder(tiny_model_folder).network


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """One file, and two strings in each language."""
    home = tmp_path / "methods"
    home.mkdir()
    (home / "toy_corner.py").write_text(TOY)
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(home)])
    strings = tmp_path / "strings"
    shutil.copytree(language.STRINGS, strings)
    for code in language.LANGUAGES:
        path = strings / code / "explain.json"
        words = {"toy-corner_title": "Corner", "toy-corner_says": "Always the corner."}
        path.write_text(json.dumps(json.loads(path.read_text()) | words))
    monkeypatch.setattr(language, "STRINGS", strings)
    language.strings.cache_clear()
    yield "toy-corner"
    language.strings.cache_clear()


def test_a_method_of_one_file_and_two_strings_is_explained_packed_and_on_the_pages_list(
    toy, network, tiny_model_folder, monkeypatch
):
    assert toy in methods()
    found = explain(toy, network, IMAGE, Target(1, (3,)))
    assert found.values.tolist() == [[4, 0], [0, 0]]
    assert pack(found)["peak"] == 4.0
    difference = explain(toy, network, IMAGE, Target(1, (3,), against=0))
    assert (difference.signed, difference.evidence) == (True, "flat")
    model = load_model_folder(tiny_model_folder)
    monkeypatch.setattr(analysis, "open_model", lambda _: model)
    saw = pictures.data_uri(Image.new("L", (28, 28)), "PNG")
    asked = {"model": "fashion", "saw": saw, "method": toy, "exit": 1, "classes": [3]}
    assert explaining.explain(asked)["map"] == pack(found)
    assert '{"name": "toy-corner", "asks": ["class", "exit"], "families"' in page.start_script()
    assert language.strings("en")["explain.toy-corner_title"] == "Corner"


def test_every_shipped_method_has_its_two_strings():
    for code in language.LANGUAGES:
        words = language.strings(code)
        for name in methods():
            assert words[f"explain.{name}_title"]
            assert words[f"explain.{name}_says"]


def test_every_file_of_the_folder_is_a_method_and_says_which_paper_or_idea_it_follows():
    files = {path.stem.replace("_", "-") for path in Path(folder.__path__[0]).glob("*.py")} - {"--init--"}
    assert set(methods()) == files
    assert {"attention", "rollout", "relevance", "grad-cam", "occlusion"} <= files
    assert all(set(one["asks"]) <= {"exit", "class", "patch"} for one in methods_json())


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("magic", Target(0, (1,)), "no method 'magic'; choose one of aggregation, attention"),
        ("grad-cam", Target(5, (1,)), "no exit 5; expected 0 to 4"),
        ("grad-cam", Target(-1, (1,)), "no exit -1"),
        ("grad-cam", Target(0, (1,), against=9), "no exit 9"),
        ("grad-cam", Target(0, (1, 10)), "no such class; expected 0 to 9"),
        ("grad-cam", Target(0, (-1,)), "no such class"),
        ("grad-cam", Target(0), "Choose the class"),
        ("attention", Target(0, patch=49), "no patch 49; expected 0 to 48"),
        ("aggregation", Target(0), "cannot explain a local exit"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_a_sentence(network, name, target, said):
    with pytest.raises(ValueError, match=said):
        explain(name, network, IMAGE, target)


def test_a_batch_and_training_mode_are_refused(network):
    with pytest.raises(ValueError, match="one image at a time, got 2"):
        explain("grad-cam", network, IMAGE.repeat(2, 1, 1, 1), Target(0, (1,)))
    with pytest.raises(RuntimeError, match="training mode"):
        explain("grad-cam", network.train(), IMAGE, Target(0, (1,)))


def test_two_networks_of_the_same_name_have_keys_of_their_own(tiny_model_folder):
    one, two = (load_model_folder(tiny_model_folder).network for _ in range(2))
    assert explaining.network_key(one) == explaining.network_key(one) != explaining.network_key(two)
