"""A server that is told to stop, one whose disk fails, one that is asked how it is; and what becomes of uploads."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from urllib.request import urlopen

import httpx
import pytest

from explorer.bench.browser import free_port
from explorer.model import catalog
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import ROOT
from explorer.web import page, serve, uploads
from explorer.web.crowd import crowd
from tests.web import serving as served
from tests.web.serving import META, upload
from tests.web.test_api import URI


@pytest.fixture(scope="module")
def server():
    with served.serving() as client:
        yield client


def test_health_says_ready_or_why_not(server, monkeypatch):
    for path in ("/healthz", "/gradio_api/explorer/health"):
        ready = server.get(path)
        assert (ready.status_code, ready.json()["ready"], ready.json()["problems"]) == (200, True, [])
    monkeypatch.setattr(crowd, "closing", True)
    stopping = server.get("/healthz")
    assert (stopping.status_code, stopping.json()["problems"]) == (503, ["The server is about to stop."])


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The server's disk is full; try again later."),
        (errno.EROFS, "The server cannot store pictures now; tell whoever runs it."),
        (errno.EACCES, "The server cannot store pictures now; tell whoever runs it."),
    ],
    ids=["full", "read-only", "not allowed"],
)
def test_a_disk_that_takes_nothing_is_a_sentence_and_the_server_goes_on(server, monkeypatch, number, said):
    def failing(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("gradio.routes.upload_fn", failing)
    answer = server.post("/gradio_api/upload", files={"files": ("x.png", b"x")})
    assert (answer.status_code, answer.json()["error"]) == (507, said)
    assert server.get("/healthz").status_code == 200


def test_without_a_folder_to_write_to_the_start_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    environment = os.environ | {"GRADIO_TEMP_DIR": str(tmp_path / "file" / "folder")}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 1
    said = "There is no folder for visitors' pictures that can be written to; name one by GRADIO_TEMP_DIR."
    assert done.stderr.strip().splitlines()[-1] == said
    assert "Traceback" not in done.stderr


def test_too_many_bytes_of_uploads_are_refused_before_they_are_stored(server, monkeypatch):
    monkeypatch.setattr("explorer.web.guard.MOST_KEPT", -1)
    answer = server.post("/gradio_api/upload", files={"files": ("x.png", b"x")})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3600")
    monkeypatch.setattr("explorer.web.guard.MOST_UPLOAD", 1000)
    long = server.post("/gradio_api/upload", files={"files": ("x.png", b"x" * 2000)})
    assert long.status_code == 413


def test_a_visitor_who_leaves_in_the_middle_leaves_the_server_answering(server):
    host = next(b for b in server.page.blocks.values() if hasattr(b, "analyse"))
    body = {
        "data": {"model": "fashion", "picture": URI},
        "component_id": host._id,
        "session_hash": "x",
        "fn_name": "analyse",
    }
    asked = json.dumps(body).encode()
    head = "POST /gradio_api/component_server HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(asked)}\r\n\r\n"
    for _ in range(3):
        with socket.create_connection((server.base_url.host, server.base_url.port)) as gone:
            gone.sendall(head.encode() + asked)  # and does not wait for an answer
    assert server.get("/healthz").json()["ready"]
    assert served.question(server, "analyse", {"model": "fashion", "picture": URI}).json()["trace"]


START = len("(window.ExitExplorer ??= {}).start = ")


def test_a_model_added_while_the_page_runs_is_offered_opens_and_answers(
    server, monkeypatch, tmp_path, tiny_model_folder
):
    def names():
        return [
            entry["name"]
            for entry in json.loads(server.get("/gradio_api/explorer/start").text[START:-1])["models"]
        ]

    listed = partial(catalog.list_models, yours=tmp_path)
    for module in ("page", "questions", "serve"):
        monkeypatch.setattr(f"explorer.web.{module}.list_models", listed)
    monkeypatch.setattr("explorer.web.questions.is_here", partial(catalog.is_here, yours=tmp_path))
    for module in ("model_page", "shelf"):
        monkeypatch.setattr(f"explorer.web.{module}.find_model", partial(catalog.find_model, yours=tmp_path))
    monkeypatch.setattr(
        "explorer.web.analysis.load_model",
        lambda name: load_model_folder(catalog.find_model(name, yours=tmp_path)),
    )
    assert "late" not in names()
    shutil.copytree(tiny_model_folder, tmp_path / "late")
    assert names()[-1] == "late"
    answer = served.question(server, "analyse", {"model": "late", "picture": URI}).json()
    assert len(answer["trace"]["exits"]) == 5
    assert len(served.call(server, "classify", picture=URI, model="late")["prediction"]) == 5
    # The picker of a page that is opened now has it too, though the page was built before.
    choices = page.newer_choices(page.picker_choices()[:-1])()["choices"]
    assert ("Tiny (yours: late)", "late") in choices


def test_old_uploads_are_deleted_and_new_ones_are_not(server):
    old, new = upload(server, b"old", "old.png"), upload(server, b"new", "new.png")
    past = time.time() - uploads.UPLOADS_KEPT - 1
    os.utime(old, (past, past))
    uploads.delete_old()
    assert not os.path.exists(old)
    assert os.path.exists(new)
    gone = served.call(server, "analyse", picture={"path": old, "meta": META}, model="fashion")
    assert gone["refused"] == uploads.GONE
    assert uploads.UPLOADS_KEPT + uploads.UPLOADS_CHECKED <= 3600


def test_a_server_told_to_stop_while_it_still_launches_ends(monkeypatch):
    class Page:
        closed = threading.Event()

        def launch(self, **_):
            signal.raise_signal(signal.SIGTERM)

        def close(self, **_):
            self.closed.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    monkeypatch.setattr(crowd, "closing", False)
    monkeypatch.setattr(serve, "delete_all", lambda: None)  # this process serves other tests
    previous = {
        n: signal.signal(n, lambda number, _: pytest.fail(f"nobody handles signal {number}")) for n in numbers
    }
    try:
        serve.serve(Page(), {})
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    assert crowd.closing
    assert Page.closed.is_set()


def test_told_to_stop_the_server_ends_in_time_deletes_uploads_and_logs_none(tmp_path):
    port = free_port()
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_TEMP_DIR": str(tmp_path / "uploads"),
        "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            until = time.monotonic() + 240  # a busy machine imports slowly
            while time.monotonic() < until:
                try:
                    if json.load(urlopen(f"http://127.0.0.1:{port}/healthz"))["ready"]:
                        break
                except OSError:
                    time.sleep(0.1)
            else:
                pytest.fail(f"the server was not ready in time: {(tmp_path / 'log').read_text()}")
            path = upload(client, b"\x89PNG what a stranger sent", "holiday.png")
            assert os.path.exists(path)
            event = client.post(
                "/gradio_api/call/v2/analyse", json={"picture": {"path": path, "meta": META}}
            ).json()
            assert "event: error" in client.get(f"/gradio_api/call/v2/analyse/{event['event_id']}").text
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - start < 10
    finally:
        process.kill()
        log.close()
    assert [f for _, _, files in os.walk(tmp_path / "uploads") for f in files] == []
    said = (tmp_path / "log").read_text()
    assert "holiday" not in said
    assert "Traceback" not in said
