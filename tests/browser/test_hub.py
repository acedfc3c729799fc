"""Models on the hub: offered where it answers, fetched, converted and shown when chosen; absent where it does not."""

import json
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from explorer.bench.browser import served
from explorer.model.hub import PUBLISHED
from tests.data.published import NAMES, published

REPO, SHA = next(iter(PUBLISHED)), "0123456789abcdef0123456789abcdef01234567"
MINUTE = 60_000


@pytest.fixture
def hub(tmp_path):
    """A hub on this machine that has the published model alone; yields its address."""
    files = {path.name: path.read_bytes() for path in published(tmp_path / "theirs").iterdir()}

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            name = self.path.rpartition("/")[2]
            if self.path.startswith(f"/api/models/{REPO}/tree/"):
                tree = [
                    {"type": "file", "path": file, "size": len(content), "oid": sha256(content).hexdigest()}
                    for file, content in files.items()
                ]
                self.answer(json.dumps(tree).encode(), {"Content-Type": "application/json"})
            elif self.path.startswith(f"/api/models/{REPO}"):
                about = {"id": REPO, "sha": SHA, "siblings": [{"rfilename": file} for file in files]}
                self.answer(json.dumps(about).encode(), {"Content-Type": "application/json"})
            elif self.path == f"/{REPO}/resolve/{SHA}/{name}" and name in files:
                self.answer(
                    files[name], {"ETag": f'"{sha256(files[name]).hexdigest()}"', "X-Repo-Commit": SHA}
                )
            else:
                self.send_error(404)

        def answer(self, content, headers):
            self.send_response(200)
            for key, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_published_model_is_offered_apart_and_opens_when_chosen(chromium, hub, tmp_path):
    environment = {
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_CACHE": str(tmp_path / "cache"),
        "HF_ASSETS_CACHE": str(tmp_path / "assets"),
    }
    with served(["app.py"], **environment) as (address, _):
        page = chromium.new_page()
        try:
            page.goto(address)
            page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=MINUTE)
            picker = page.get_by_role("combobox", name="Model", exact=True)
            label = f"{PUBLISHED[REPO]} (hub: {REPO}, downloaded when first chosen)"
            page.wait_for_load_state("networkidle")
            picker.click()
            page.get_by_role("option", name=label).click(timeout=MINUTE)
            page.wait_for_function(f"window.ExitExplorer.store.model === {json.dumps(REPO)}", timeout=MINUTE)
            classes = page.evaluate("window.ExitExplorer.store.trace.classes.map(({ label }) => label)")
            assert set(classes) == set(NAMES)
        finally:
            page.close()
    assert list((tmp_path / "assets").rglob("config.json"))


def test_without_a_hub_no_such_model_is_offered(page):
    page.get_by_role("combobox", name="Model", exact=True).click()
    options = page.get_by_role("option").all_inner_texts()
    assert options
    assert not any("hub:" in option for option in options)
