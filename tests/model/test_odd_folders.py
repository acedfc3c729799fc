"""A model folder as people really have them: each oddity is read, or refused in one sentence that says what to do."""

import json
import re
import shutil
from hashlib import sha256

import pytest

from explorer.model.bundle import ModelError, load_model_folder
from explorer.model.catalog import SHIPPED, YOURS
from explorer.pipeline import see
from explorer.web.card import card_json
from explorer.web.evaluation import evaluation_json as measured
from explorer.web.language import in_language
from explorer.web.model_page import rules_json
from explorer.web.questions import sentence
from explorer.web.records import evaluation_json


@pytest.fixture
def folder(tiny_model_folder, tmp_path):
    return shutil.copytree(tiny_model_folder, tmp_path / "tiny")


def change(folder, **entries):
    config = json.loads((folder / "config.json").read_text())
    for key, value in entries.items():
        old = config[key]
        config[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    (folder / "config.json").write_text(json.dumps(config))


def replace(folder, content):
    """Other bytes in a shard, and the hash that fits them: what the hash alone does not find."""
    shard = min(json.loads((folder / "config.json").read_text())["weights"])
    (folder / shard).write_bytes(content)
    change(folder, weights={shard: sha256(content).hexdigest()})


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"{}" * 40, b"\xff" * 64, (10**15).to_bytes(8, "little")]
)
def test_a_bad_shard_is_a_sentence_even_where_its_hash_fits(folder, content):
    replace(folder, content)
    with pytest.raises(ModelError, match=r"damaged; fetch the folder again\.$"):
        load_model_folder(folder)


@pytest.mark.parametrize(
    "entries",
    [
        {"weights": ["exits.safetensors"]},
        {"weights": "exits.safetensors"},
        {"exits": {"block": 2}},
        {"input": "photo"},
        {"thresholds": [0.8]},
        {"thresholds": {"confidence": "0.8"}},
        {"thresholds": {"confidence": True}},
        {"title": None},
        {"backbone": []},
        {"input": {"mean": [0.5, 0.5, 0.5]}},
        {"input": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}},
        {"input": {"mean": "0.5"}},
        {"input": {"std": [0]}},
        {"backbone": {"img_size": [28, 56]}},
    ],
    ids=str,
)
def test_a_wrong_kind_or_shape_is_a_sentence(folder, entries):
    change(folder, **entries)
    with pytest.raises(ModelError) as caught:
        load_model_folder(folder)
    assert re.fullmatch(r"[^\n]{20,400}\.", str(caught.value))
    assert in_language(str(caught.value), "de") != str(caught.value)


def test_german_says_of_what_kind_an_entry_must_be(folder):
    change(folder, exits={"block": 2})
    with pytest.raises(ModelError) as caught:
        load_model_folder(folder)
    assert "„exits“" in in_language(str(caught.value), "de")
    assert " muss eine Liste sein; " in in_language(str(caught.value), "de")


def test_a_mark_of_windows_editors_is_passed_over(folder):
    for name in ("config.json", "labels.txt"):
        path = folder / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_model_folder(folder).labels[0] == "T-shirt/top"


@pytest.mark.parametrize("name", ["config.json", "labels.txt"])
def test_latin_1_is_named_as_the_reason(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"Shirt", b"Chemise \xe0 col").replace(b"Tiny", b"T\xefny"))
    with pytest.raises(ModelError, match="is not text in UTF-8; save it in that encoding"):
        load_model_folder(folder)


def test_a_rule_that_this_version_does_not_know_is_passed_over(folder):
    change(folder, thresholds={"confidence": 0.6, "of the future": 3})
    rules = rules_json(folder)
    assert rules["confidence"]["default"] == 0.6
    assert "of the future" not in rules


def test_an_unknown_sight_is_a_sentence_when_a_picture_is_to_be_seen(folder):
    from PIL import Image

    change(folder, input={"sight": "sonar"})
    with pytest.raises(ModelError, match="needs the sight 'sonar'; there are: "):
        see(load_model_folder(folder), Image.new("RGB", (9, 9)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model with everything a folder may hold."""
    return shutil.copytree(SHIPPED / "fashion-sdn", tmp_path_factory.mktemp("whole") / "sdn")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("gallery.json", b"{"),
        ("gallery.json", b'{"sprite": "gallery.png", "tile": 3}'),
        ("gallery.png", b"no picture"),
        ("addons/performance.safetensors", b"zzz"),
        ("README.md", b"\xff\xfe \xfcber"),
        ("grains.json", b"[" * 100_000),
        ("gallery.json", b"[" * 100_000),
        ("conformal.json", b"[" * 100_000),
        ("conformal.json", b'{"grains": {"classes": {"0.9": {"limits": [NaN]}}}}'),
        ("conformal.npz", b"zzz"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_model_can_do_without_may_be_damaged(whole, file, content):
    kept = (whole / file).read_bytes()
    (whole / file).write_bytes(content)
    for answer in (evaluation_json, card_json, measured):  # as a server that starts now
        answer.cache_clear()  # type: ignore[attr-defined]
    try:
        found = evaluation_json(str(whole))
        assert found["splits"].keys() == {"validation", "test"}
        assert (found["gallery"] is None) == file.startswith("gallery")
        assert "<table>" in card_json(str(whole))["html"] or file == "README.md"
        assert len(measured(str(whole))["accuracy"]) == 9
    finally:
        (whole / file).write_bytes(kept)


@pytest.mark.parametrize(
    ("file", "ask", "said"),
    [
        ("evaluation.npz", evaluation_json, "The evaluation in {} cannot be read; evaluate the model again."),
        ("evaluation.npz", measured, "The evaluation in {} cannot be read; evaluate the model again."),
        ("exits.safetensors", card_json, "exits.safetensors in {} is damaged; fetch the folder again."),
    ],
)
@pytest.mark.parametrize("content", [b"nonsense", b"", b"PK\x03\x04 more nonsense"])
def test_what_it_needs_is_named_where_it_is_damaged(whole, file, ask, said, content):
    kept = (whole / file).read_bytes()
    (whole / file).write_bytes(content)
    try:
        with pytest.raises(ModelError) as caught:
            ask(str(whole))
    finally:
        (whole / file).write_bytes(kept)
    assert str(caught.value) == said.format(whole)
    assert in_language(str(caught.value), "de") != str(caught.value)


def test_a_visitor_is_not_told_where_on_the_machine_a_model_lies():
    told = sentence(ModelError(f"The model in {YOURS / 'mine'} lacks labels.txt; fetch the folder again."))
    assert told == "The model in checkpoints/mine lacks labels.txt; fetch the folder again."
