"""A few models in memory at most: the one asked for longest ago leaves, and none is loaded twice at once."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer.model.bundle import read_config
from explorer.model.catalog import find_model
from explorer.web.shelf import Shelf, most_here, per_model


def test_the_one_asked_for_longest_ago_leaves():
    loaded = []
    shelf = Shelf(lambda name: loaded.append(name) or name.upper(), most=2)
    assert [shelf.get(name) for name in "abac"] == ["A", "B", "A", "C"]
    assert shelf.names() == ["a", "c"]
    shelf.get("b")
    assert loaded == ["a", "b", "c", "b"]
    assert shelf.names() == ["c", "b"]


def test_many_who_ask_at_once_wait_for_one_loading():
    begun, go = threading.Event(), threading.Event()
    loads = []

    def load(name):
        loads.append(name)
        begun.set()
        assert go.wait(30)
        return object()

    shelf = Shelf(load, most=2)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(shelf.get, "a") for _ in range(8)]
        assert begun.wait(30)
        go.set()
        assert len({id(answer.result(30)) for answer in answers}) == 1
    assert loads == ["a"]
    assert shelf._loading == {}


def test_different_models_load_side_by_side():
    both = threading.Barrier(2, timeout=30)  # neither gets past it alone
    shelf = Shelf(lambda name: (both.wait() and name) or name, most=2)
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(shelf.get, ["a", "b"])) == ["a", "b"]


def test_what_failed_is_tried_anew_and_what_changed_is_loaded_anew():
    state = {"fails": True, "version": 1}

    def load(name):
        if state["fails"]:
            raise ValueError("not now.")
        return state["version"]

    shelf = Shelf(load, most=2, stamp=lambda _: state["version"])
    with pytest.raises(ValueError, match="not now"):
        shelf.get("a")
    state["fails"] = False
    assert shelf.get("a") == 1
    state["version"] = 2
    assert shelf.get("a") == 2
    assert shelf.names() == ["a"]


def test_the_number_kept_is_two_unless_the_machine_says_otherwise(monkeypatch):
    monkeypatch.delenv("EXIT_EXPLORER_MODELS_KEPT", raising=False)
    assert most_here() == 2
    monkeypatch.setenv("EXIT_EXPLORER_MODELS_KEPT", "5")
    assert most_here() == 5
    monkeypatch.setenv("EXIT_EXPLORER_MODELS_KEPT", "none")
    with pytest.raises(ValueError, match="a whole number from 1, not 'none'"):
        most_here()


def test_what_is_made_of_a_model_is_made_anew_where_its_folder_changed(tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "mine")
    made = []

    @per_model(2)
    def titled(name, ending=""):
        made.append(name)
        return read_config(find_model(name))["title"] + ending

    name = str(folder)
    assert [titled(name), titled(name), titled(name, "!")] == ["Tiny", "Tiny", "Tiny!"]
    assert len(made) == 2
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"title": "Trained anew"}))
    assert titled(name) == "Trained anew"
    (folder / "evaluation.npz").write_bytes(b"new")
    assert titled(name) == "Trained anew"
    assert len(made) == 4
