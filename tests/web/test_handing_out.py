"""The network for a browser, as Gradio's page hands it out: whole, checked by hash, and nothing beside it."""

from hashlib import sha256

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.model.bundle import ModelError
from explorer.web import handing_out
from explorer.web.tabs.live import live_network

PROGRAM = b"a program"


@pytest.fixture
def client(monkeypatch):
    """A server with a model of one small piece, and a runtime that needs no npm."""

    def runtime(out):
        (out / "kept").mkdir(exist_ok=True)
        (out / "kept" / "wasm.wasm.gz").write_bytes(PROGRAM)
        (out / "ort").mkdir()
        (out / "ort" / "ort.mjs").write_text("export {}")
        return {"wasm": {"module": "ort/ort.mjs", "program": {"path": "kept/wasm.wasm.gz"}}}

    def write(name, model, out, rules):
        (out / "kept").mkdir(exist_ok=True)
        (out / "kept" / "model.json").write_bytes(b"{}")
        made.append((name, model.name, "mue" in rules))
        return {"name": name, "file": {"path": "kept/model.json", "sha256": sha256(b"{}").hexdigest()}}

    made = []
    monkeypatch.setattr(handing_out, "fetch_runtime", runtime)
    monkeypatch.setattr(handing_out, "write_model", write)
    handing_out.forget_network()
    client = TestClient(Starlette(routes=[Route("/network/{path:path}", handing_out.serve_network)]))
    client.made = made
    yield client
    handing_out.forget_network()


def test_a_model_is_made_once_and_its_files_are_served_for_good(client):
    for _ in range(2):
        found = live_network({"model": "fashion"})
    assert client.made == [("fashion", "fashion", True)]
    assert found["address"] == "gradio_api/explorer/network/"
    file = found["models"]["fashion"]
    answer = client.get(f"/network/{file['path']}?{file['sha256'][:16]}")
    assert (answer.content, answer.headers["cache-control"]) == (b"{}", "public, max-age=31536000, immutable")
    worker = client.get("/network/worker/worker.js")
    assert (worker.status_code, worker.headers["cache-control"]) == (200, "no-cache")
    assert worker.headers["content-type"].startswith("text/javascript")
    module = client.get(f"/network/{found['runtime']['wasm']['module']}")
    assert module.headers["content-type"].startswith("text/javascript")
    assert client.get("/network/worker/rules/seen.js").status_code == 200


@pytest.mark.parametrize("path", ["", "nothing.js", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "worker"])
def test_nothing_else_is_served(client, path):
    live_network({"model": "fashion"})
    assert client.get(f"/network/{path}").status_code == 404


def test_a_server_without_npm_says_so_in_one_sentence_for_visitors_and_tries_once(client, monkeypatch):
    tried = []

    def refuse(_):
        tried.append(1)
        raise ModelError("The site needs npm; install it.")

    monkeypatch.setattr(handing_out, "fetch_runtime", refuse)
    for _ in range(3):
        assert live_network({"model": "fashion"})["error"] == handing_out.NOT_HERE
    assert tried == [1]
    assert client.made == []  # no network is exported that nobody could run
    assert "does not offer" in live_network({"model": "../secret"})["error"]
