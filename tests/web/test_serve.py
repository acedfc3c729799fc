"""A server that is told to stop, one whose disk fails, one that is asked how it is; and what becomes of uploads."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import httpx
import pytest

from explorer.bench.browser import free_port
from explorer.model.catalog import ROOT
from explorer.web import uploads
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


def test_a_full_disk_is_a_sentence_and_the_server_goes_on(server, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gradio.routes.upload_fn", full)
    answer = server.post("/gradio_api/upload", files={"files": ("x.png", b"x")})
    assert (answer.status_code, answer.json()["error"]) == (
        507,
        "The server's disk is full; try again later.",
    )
    assert server.get("/healthz").status_code == 200


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
