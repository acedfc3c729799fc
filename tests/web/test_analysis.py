"""What the page asks the server for, and that opening it runs no network."""

import json
import shutil
import time
from threading import Event, Thread

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.explain.map import Target
from explorer.explain.methods import occlusion
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.model.backbone import build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, read_config
from explorer.model.catalog import DEFAULT, SHIPPED, find_model
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.pipeline import to_tensor
from explorer.rules import decide, rules_with
from explorer.web import analysis, explaining, model_page, page, pictures
from explorer.web.answers import Answers
from explorer.web.crowd import network_lane
from explorer.web.tabs import compare, explore


@pytest.fixture
def tiny(tiny_model_folder, monkeypatch):
    model = load_model_folder(tiny_model_folder)
    monkeypatch.setattr(analysis, "open_model", lambda _: model)
    monkeypatch.setattr(analysis, "analyses", Answers())
    return model


@pytest.fixture(scope="module")
def shipped():
    return load_model_folder(SHIPPED / DEFAULT)


@pytest.fixture(scope="module")
def examples():
    return model_page.examples_json(DEFAULT)


def test_opening_the_page_loads_no_network(monkeypatch):
    def never(*_):
        raise AssertionError("a network was loaded")

    monkeypatch.setattr(analysis, "load_model", never)
    page.build()
    page.launch_kwargs()
    assert "ankle" in page.start_script().lower()


def test_a_label_is_data_in_the_start_script(monkeypatch):
    label = '</script><script>alert("1`${2}")</script>'
    monkeypatch.setattr(page, "opening", lambda: {"model": "m", "label": label})
    start = page.start_script().removeprefix("(window.ExitExplorer ??= {}).start = ").removesuffix(";")
    assert json.loads(start)["label"] == label
    head = page.launch_kwargs()["head"]
    assert "alert" not in head
    assert (head.count("<script"), head.count("</script")) == (1, 1)


def test_large_examples_come_short_at_first_and_whole_when_asked_for(monkeypatch):
    whole, short = model_page.examples_json("photos"), model_page.short_examples("photos")
    assert [e["id"] for e in short] == [e["id"] for e in whole]
    (opens,) = [e for e in short if "short" not in e]
    assert opens["opens"]
    assert all(e["trace"] == w["trace"] for e, w in zip(short, whole, strict=True))
    assert len(json.dumps(short)) < len(json.dumps(whole)) / 4
    asked = {"model": "photos", "id": whole[0]["id"]}
    assert explore.example(asked) == {"model": "photos", **whole[0]}
    assert explore.example({"model": "photos", "id": "none"})["error"].startswith(
        "The model has no such example"
    )
    monkeypatch.setattr(model_page, "MOST_AT_FIRST", 10_000_000)
    small = model_page.short_examples.__wrapped__
    assert small(DEFAULT) == model_page.examples_json(DEFAULT)


def test_the_models_own_thresholds_are_the_rules_defaults(tiny_model_folder):
    rules = model_page.rules_json(tiny_model_folder)
    assert set(rules) == set(rules_with([]))
    assert rules["confidence"]["default"] == 0.7
    assert rules["patience"]["max"] == 5
    json.dumps(rules)


SEEN = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))


def asked(**facts):
    """A question for the Grad-CAM map of exit 0 for class 3."""
    saw = pictures.data_uri(SEEN, "PNG")
    return {"model": "fashion", "saw": saw, "method": "grad-cam", "exit": 0, "classes": [3], **facts}


def test_an_explanation_needs_only_the_picture_the_page_was_sent(tiny):
    answer = explaining.explain(asked())
    direct = explain("grad-cam", tiny.network, to_tensor(tiny, SEEN), Target(0, (3,)))
    assert answer == {"model": "fashion", "map": pack(direct)}


def test_the_same_question_runs_no_network_again_and_another_model_of_that_name_does(tiny, monkeypatch):
    explaining.explain(asked(exit=1))
    runs, real = [], explaining.explain_for
    monkeypatch.setattr(explaining, "explain_for", lambda *_: pytest.fail("ran again"))
    assert "map" in explaining.explain(asked(exit=1))
    other = load_model_folder(tiny.folder)
    monkeypatch.setattr(analysis, "open_model", lambda _: other)
    monkeypatch.setattr(explaining, "explain_for", lambda *parts: runs.append(2) or real(*parts))
    explaining.explain(asked(exit=1))
    assert runs == [2]


def test_a_newer_question_ends_an_older_one_between_two_passes(tiny, monkeypatch):
    passes = []
    real = occlusion.logits_of

    def counted(*parts):
        passes.append(1)
        if len(passes) == 3:  # meanwhile the visitor asks something else
            explaining.newest.begin("page saliency", 8)
        return real(*parts)

    monkeypatch.setattr(occlusion, "logits_of", counted)
    slow = asked(method="occlusion", asker="page saliency", turn=7)
    assert explaining.explain(slow) == {"model": "fashion", "superseded": True}
    assert len(passes) == 3
    assert explaining.explain({**slow, "asker": "another page"})["map"]["units"] == "logit"
    assert not network_lane.locked()


def test_an_upload_waits_for_one_part_of_a_long_explanation_not_for_all(tiny, monkeypatch):
    began, order = Event(), []
    real = occlusion.logits_of

    def slow(*parts):
        began.set()
        time.sleep(0.03)
        return real(*parts)

    monkeypatch.setattr(occlusion, "logits_of", slow)

    def explain_slowly():
        explaining.explain(asked(method="occlusion", exit=2))
        order.append("map")

    thread = Thread(target=explain_slowly)
    thread.start()
    assert began.wait(20)
    with network_lane:
        order.append("upload")
    thread.join()
    assert order == ["upload", "map"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"method": "magic"}, "There is no method"),
        ({"exit": 7}, "There is no exit 7"),
        ({"classes": []}, "Choose the class"),
        ({"classes": None}, "Choose the class"),
        ({"classes": 3}, "lacks a part"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(tiny, wrong, said):
    assert said in explaining.explain(asked(**wrong))["error"]


def test_an_upload_pays_one_pass_and_its_first_answer_is_small(tiny, monkeypatch):
    passes = []
    real = type(tiny.network).analyse
    monkeypatch.setattr(type(tiny.network), "analyse", lambda *parts: passes.append(1) or real(*parts))
    answer = analysis.analyse_image(tiny, SEEN.convert("RGB"))
    assert len(passes) == 1
    kinds = {entry["method"]: entry["map"]["axes"] for entry in answer["maps"]}
    assert kinds == {"attention": {"block": 6, "head": 2}, "rollout": {"block": 6}}
    assert np.shape(answer["maps"][0]["distance"]) == (6, 2)
    for name in ("attention", "rollout"):  # what is asked for later is the same
        asked_for = explaining.explain(asked(method=name, saw=answer["saw"]))
        assert asked_for["map"] == next(e["map"] for e in answer["maps"] if e["method"] == name)


@pytest.mark.parametrize("size", [(384, 384), (1200, 900)])
def test_the_first_answer_for_the_busiest_photo_is_at_most_300_kb(size):
    """Noise is the picture that compresses worst."""
    torch.manual_seed(0)
    backbone = {
        "img_size": 224,
        "patch_size": 14,
        "num_classes": 1000,
        "embed_dim": 24,
        "depth": 12,
        "num_heads": 6,
    }
    network = MultiExitViT(build_backbone("vit", **backbone), lgvit_exits(range(4, 12)), "noisy").eval()
    labels = tuple(f"a class of some length, number {c}" for c in range(1000))
    model = Model("noisy", "Noisy", network, labels, InputSpec("photo", (0.5,) * 3, (0.25,) * 3), {})
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    answer = analysis.analyse_image(model, noise)
    assert len(json.dumps(answer)) <= 300_000


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "data:image/png;base64",
        "https://elsewhere/x.png",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,AAAAA",
    ],
)
def test_a_picture_that_is_not_ours_is_refused_in_words(tiny, uri):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        pictures.from_data_uri(uri, tiny)


def test_a_question_that_lacks_a_part_gets_a_sentence(tiny):
    assert explaining.explain({"model": DEFAULT})["error"].endswith("reload the page.")


@pytest.mark.parametrize("name", ["owner/name", "assets/models/fashion", "..", ""])
def test_a_visitor_can_name_only_a_model_the_picker_offers(name, monkeypatch):
    def never(*_):
        raise AssertionError("a model was looked for")

    monkeypatch.setattr(analysis, "load_model", never)
    monkeypatch.setattr(model_page, "find_model", never)
    asked = {"model": name, "picture": {"path": "/x"}, "saw": "", "exit": 0, "class": 0}
    for answer in (compare.examples_of(asked), explore.analyse(asked), explaining.explain(asked)):
        assert answer["error"].startswith("This page does not offer the model")


def test_the_examples_are_many_leave_at_different_exits_and_belong_to_the_shipped_weights(examples):
    stored = json.loads((model_page.EXAMPLES / DEFAULT / "examples.json").read_text())
    config = read_config(SHIPPED / DEFAULT)
    assert stored["weights"] == config["weights"]
    assert len(examples) >= 12
    threshold = config["thresholds"]["confidence"]
    fired = {int(decide(e["trace"]["scores"]["confidence"], threshold)) for e in examples}
    assert len(fired) >= 5


def test_the_stored_examples_are_what_the_shipped_network_answers(shipped, examples):
    for example in examples[::4]:
        seen = pictures.from_data_uri(example["saw"], shipped)
        trace = shipped.network.analyse(to_tensor(shipped, seen))[0]
        for name, scores in trace.scores.items():
            stored = np.array(example["trace"]["scores"][name], dtype=float)  # null is NaN
            np.testing.assert_allclose(stored, scores, atol=1e-4)
        stored = [m for m in example["maps"] if m["method"] == "grad-cam"]
        assert {(m["exit"], *m["classes"]) for m in stored} == {
            (e, c) for e, own in enumerate(trace.predicted.tolist()) for c in (own, int(trace.predicted[-1]))
        }
        for m in stored[::5]:
            target = Target(m["exit"], tuple(m["classes"]))
            found = pack(explain("grad-cam", shipped.network, to_tensor(shipped, seen), target))
            assert m["map"]["peak"] == pytest.approx(found["peak"], rel=1e-3, abs=1e-5)
            assert m["map"]["evidence"] == found["evidence"]


def test_what_a_newer_folder_holds_beyond_this_version_is_said_and_left_out(tmp_path):
    home = tmp_path / "newer"
    shutil.copytree(find_model("fashion"), home)
    config = json.loads((home / "config.json").read_text())
    config["thresholds"]["telepathy"] = 0.5
    config["grains"]["moods"] = {"thresholds": {}}
    (home / "config.json").write_text(json.dumps(config))
    (home / "addons" / "telepathy.safetensors").write_bytes(b"")
    assert model_page.notes_json(home) == [
        "This version has no exit rule that uses addons/telepathy; it is left out.",
        "This version has no exit rule 'telepathy'; its threshold is left out.",
        "There is no grain 'moods' in grains.json; its settings are left out.",
    ]
    assert model_page.notes_json(find_model("fashion")) == []
