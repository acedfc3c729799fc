"""A picture sent as a request's body: its trace comes first, it is held to the limits of every question, and kept."""

import io
import json
from threading import Lock

import pytest
import torch
from PIL import Image

from explorer.explain.turns import Superseded
from explorer.model.bundle import load_model_folder
from explorer.web import analysis, pictures, sent
from explorer.web.answers import Answers
from explorer.web.crowd import Pool, crowd
from explorer.web.guard import MOST_JSON
from tests.web.serving import question, serving

ADDRESS = "/gradio_api/explorer/analyse"
BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def server(tiny_model_folder):
    """The page with the tiny model under the name of a shipped one."""
    model = load_model_folder(tiny_model_folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sent, "open_model", lambda _: model)
        patch.setattr(analysis, "open_model", lambda _: model)
        with serving() as client:
            yield client


def file(grey: int = 90) -> bytes:
    picture = io.BytesIO()
    Image.new("L", (50, 40), grey).save(picture, "PNG")
    return picture.getvalue()


def send(server, content, model="fashion", **headers):
    return server.post(ADDRESS, params={"model": model}, content=content, headers=BYTES | headers)


def lines(answer) -> list[dict]:
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def fresh(monkeypatch):
    """No answer is kept from before."""
    answers = Answers()
    for module in (analysis, sent):
        monkeypatch.setattr(module, "analyses", answers)


def test_the_trace_comes_first_and_with_the_rest_it_is_what_the_question_answers(server, fresh):
    first, rest = lines(send(server, file()))
    assert set(first) == {"model", "title", "label", "truth", "note", "trace", "short"}
    assert set(rest) == {"image", "saw", "maps"}
    uri = pictures.data_uri(Image.new("L", (50, 40), 90), "PNG")
    assert pictures.data_uri_bytes(uri) == file()
    asked = question(server, "analyse", {"model": "fashion", "picture": uri}).json()  # kept, so the same pass
    del first["short"]
    assert first | rest == asked


def test_the_same_file_again_is_answered_whole_without_the_network(server, fresh, monkeypatch):
    first, rest = lines(send(server, file(70)))
    monkeypatch.setattr(sent, "begin_analysis", lambda *_, **__: pytest.fail("ran again"))
    (whole,) = lines(send(server, file(70)))
    del first["short"]
    assert whole == first | rest
    assert "short" not in whole


def test_a_line_is_readable_before_the_next_one_is_made_compressed_or_not(server, fresh, monkeypatch):
    made, real = Lock(), sent.begin_analysis

    def held(*parts, **options):
        first, rest = real(*parts, **options)

        def later():
            with made:
                return rest()

        return first, later

    monkeypatch.setattr(sent, "begin_analysis", held)
    for coding in ("gzip", "identity"):
        with made:
            options = {"params": {"model": "fashion"}, "headers": BYTES | {"Accept-Encoding": coding}}
            asking = server.stream("POST", ADDRESS, content=file(60 + len(coding)), **options)
            with asking as answer:
                arriving = answer.iter_lines()
                assert json.loads(next(arriving))["short"] is True
                made.release()
                assert set(json.loads(next(arriving))) == {"image", "saw", "maps"}
                made.acquire()
        assert answer.headers.get("content-encoding", "identity") == coding
        taken = [step.partition(";dur=") for step in answer.headers["server-timing"].split(", ")]
        names = ["answer", "thread", "read", "see", "pass", "trace", "text"]
        assert [name for name, _, _ in taken] == names
        whole, *steps = (float(ms) for _, _, ms in taken)
        assert 0 < sum(steps) <= whole + 0.1 * len(steps)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty"),
        (b"/etc/hostname", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "This"),
        (b'{"path": "/etc/hostname"}', "not an image"),
    ],
)  # fmt: skip
def test_what_is_no_picture_gets_a_sentence_and_nothing_is_read_for_it(server, content, said):
    (answer,) = lines(send(server, content))
    assert said in answer["error"]
    assert answer["error"].endswith(".")


@pytest.mark.parametrize("model", ["", "/etc", "owner/name", "../fashion"])
def test_no_model_can_be_named_but_those_on_offer(server, model):
    (answer,) = lines(send(server, file(), model))
    assert answer["error"].startswith("This page does not offer the model")


def test_the_limits_of_a_question_hold(server):
    assert send(server, bytes(MOST_JSON + 1)).status_code == 413
    unsaid = server.post(ADDRESS, content=(bytes(100_000) for _ in range(41)), headers=BYTES)
    assert unsaid.status_code == 413
    for kind in ("text/plain", "multipart/form-data; boundary=x", "image/png", ""):
        refused = send(server, file(), **{"Content-Type": kind})
        assert (refused.status_code, refused.json()["error"][:4]) == (415, "Send")
    assert server.get(ADDRESS).status_code in (404, 405)


def test_a_full_house_says_so_before_it_takes_the_picture(server, monkeypatch):
    monkeypatch.setattr(crowd, "inside", crowd.most)
    (answer,) = lines(send(server, file()))
    assert answer["error"].startswith("The server is busy; try again in about")


def test_whoever_leaves_before_their_turn_costs_no_pass(tiny_model_folder):
    model = load_model_folder(tiny_model_folder)
    pool, batch = Pool(Lock()), torch.randn(1, 1, 28, 28)
    model.network.analyse = lambda *_: pytest.fail("ran")
    with pytest.raises(Superseded):
        pool.look(model, batch, unwanted=lambda: True)
    assert pool._waiting == []
    assert not pool.lane.locked()


def test_whoever_has_left_already_costs_no_decoding_either(monkeypatch):
    monkeypatch.setattr(sent, "read_image", lambda _: pytest.fail("was decoded"))
    given = []
    with pytest.raises(Superseded):
        sent.answer_in_lines("fashion", b"a picture that nobody has sent", given.append, lambda: True)
    assert given == []
