"""What the page asks the server for, and that opening it runs no network."""

import json
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from explorer.explain.saliency import grad_cam
from explorer.model.bundle import load_model_folder, read_config
from explorer.model.catalog import DEFAULT, SHIPPED
from explorer.pipeline import to_tensor
from explorer.rules import decide, rules_with
from explorer.web import analysis, page
from explorer.web.answers import Answers
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
    return analysis.examples_json(DEFAULT)


def test_opening_the_page_loads_no_network(monkeypatch):
    def never(*_):
        raise AssertionError("a network was loaded")

    monkeypatch.setattr(analysis, "load_model", never)
    page.build()
    assert "ankle" in page.launch_kwargs()["head"].lower()


def test_a_label_cannot_leave_the_start_data(monkeypatch):
    monkeypatch.setattr(page, "model_json", lambda _: {"label": "</script><script>alert(1)</script>"})
    head = page.launch_kwargs()["head"]
    assert head.count("</script") == 1
    assert "\\u003c/script>" in head


def test_the_models_own_thresholds_are_the_rules_defaults(tiny_model_folder):
    rules = analysis.rules_json(tiny_model_folder)
    assert set(rules) == set(rules_with([]))
    assert rules["confidence"]["default"] == 0.7
    assert rules["patience"]["max"] == 5
    json.dumps(rules)


def test_an_explanation_needs_only_the_picture_the_page_was_sent(tiny):
    seen = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))
    answer = analysis.explain_exit("tiny", analysis.data_uri(seen, "PNG"), 0, 3)
    direct = grad_cam(tiny.network, to_tensor(tiny, seen), 0, 3)
    assert answer["peak"] == pytest.approx(float(direct.max()), rel=1e-4, abs=1e-6)
    assert len(b64decode(answer["data"])) == direct.size


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
        analysis.explain_exit("tiny", uri, 0, 3)


def test_a_question_that_lacks_a_part_gets_a_sentence(tiny):
    assert explore.explain({"model": DEFAULT})["error"].endswith("reload the page.")


@pytest.mark.parametrize("name", ["owner/name", "assets/models/fashion", "..", ""])
def test_a_visitor_can_name_only_a_model_the_picker_offers(name, monkeypatch):
    def never(*_):
        raise AssertionError("a model was looked for")

    monkeypatch.setattr(analysis, "load_model", never)
    monkeypatch.setattr(analysis, "find_model", never)
    asked = {"model": name, "picture": {"path": "/x"}, "saw": "", "exit": 0, "class": 0}
    for answer in (compare.examples_of(asked), explore.analyse(asked), explore.explain(asked)):
        assert answer["error"].startswith("This page does not offer the model")


def test_the_examples_are_many_leave_at_different_exits_and_belong_to_the_shipped_weights(examples):
    stored = json.loads((analysis.EXAMPLES / DEFAULT / "examples.json").read_text())
    config = read_config(SHIPPED / DEFAULT)
    assert stored["weights"] == config["weights"]
    assert len(examples) >= 12
    threshold = config["thresholds"]["confidence"]
    fired = {int(decide(e["trace"]["scores"]["confidence"], threshold)) for e in examples}
    assert len(fired) >= 5


def test_the_stored_examples_are_what_the_shipped_network_answers(shipped, examples):
    for example in examples[::4]:
        seen = analysis.from_data_uri(example["saw"], shipped)
        trace = shipped.network.analyse(to_tensor(shipped, seen))[0]
        for name, scores in trace.scores.items():
            np.testing.assert_allclose(example["trace"]["scores"][name], scores, atol=1e-4)
        stored = {(m["exit"], m["class"]): m["peak"] for m in example["saliency"]}
        assert len(stored) == 4 * 10
        for (e, c), peak in list(stored.items())[::13]:
            found = float(grad_cam(shipped.network, to_tensor(shipped, seen), e, c).max())
            assert peak == pytest.approx(found, rel=1e-3, abs=1e-5)
