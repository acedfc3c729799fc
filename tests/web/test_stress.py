"""The Stress tab's question: eleven severities in one batch, the first of which is Explore's own trace."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data.corruptions import CORRUPTIONS, corrupt
from explorer.model.bundle import load_model_folder
from explorer.pipeline import to_tensor
from explorer.web import pictures
from explorer.web.tabs import stress as tab

SEEN = Image.fromarray((np.arange(784) % 251).astype(np.uint8).reshape(28, 28))


@pytest.fixture
def asked(tiny_model_folder, monkeypatch):
    model = load_model_folder(tiny_model_folder)
    monkeypatch.setattr(tab, "open_model", lambda _: model)
    monkeypatch.setattr(tab, "offered", lambda name: name)
    return {"model": "tiny", "saw": pictures.data_uri(SEEN, "PNG"), "corruption": "noise", "seed": 4}, model


def test_every_severity_is_answered_as_a_picture_of_its_own_would_be(asked):
    question, model = asked
    answer = tab.stress(question)
    json.dumps(answer)
    assert len(answer["traces"]) == len(answer["pictures"]) == 11
    for severity in (0, 3, 10):
        frame = corrupt(SEEN, "noise", severity, 4)
        shown = pictures.from_data_uri(answer["pictures"][severity], model)
        assert shown.tobytes() == frame.tobytes()
        alone = model.network.analyse(to_tensor(model, frame))[0]
        for name, scores in alone.scores.items():
            sent = np.array(answer["traces"][severity]["scores"][name], dtype=float)  # null is NaN
            np.testing.assert_allclose(sent, scores, atol=1e-4)


def test_the_page_names_the_corruptions_there_are():
    source = (Path(__file__).parents[2] / "explorer/web/widgets/stress/stress.js").read_text()
    assert f"CORRUPTIONS = {json.dumps(list(CORRUPTIONS))}" in source


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"corruption": "fog"}, "there is no corruption 'fog'"),
        ({"saw": "data:image/png;base64,AAAA"}, "."),
        ({"saw": 3}, "That picture is not one this page sent"),
        ({"seed": -1}, "The seed is a whole number"),
        ({"seed": "x"}, "The seed is a whole number"),
        ({"seed": None}, "The seed is a whole number"),
    ],
)
def test_what_a_visitor_may_not_ask_gets_a_sentence(asked, change, said):
    answer = tab.stress({**asked[0], **change})
    assert set(answer) == {"error"}
    assert said in answer["error"]
    assert answer["error"].endswith(".")


def test_a_question_that_lacks_a_part_gets_a_sentence(asked):
    question = {key: value for key, value in asked[0].items() if key != "seed"}
    assert tab.stress(question)["error"].endswith("reload the page.")
