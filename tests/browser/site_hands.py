"""What the tests of the page without a server do alike: host it, upload to it, ask its worker."""

import shutil
import threading
from contextlib import contextmanager

import pytest

from explorer.model.catalog import ROOT
from explorer.web.plain_server import file_server
from tests.browser.hands import painted

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="the site's runtime comes from npm")

MINUTE = 60_000
STORE = "window.ExitExplorer.store"
SHIRT = ROOT / "assets" / "examples" / "fashion" / "shirt-117.png"


@contextmanager
def hosted(root, isolated=True):
    """The folder on a plain file server: the address of the site in it, and what is asked for."""
    server, asked = file_server(root, isolated=isolated)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/some/path/", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def visiting(context, address):
    """The site in a page of its own; page errors and requests to other hosts fail in the end."""
    page = context.new_page()
    errors, requests = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.wait_for_function(f"{STORE}?.trace")
    painted(page)
    yield page
    assert errors == []
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []


def upload(page, path=SHIRT):
    before = page.evaluate(f"{STORE}.example.id")
    page.set_input_files("[data-slot=picture] input", str(path))
    page.wait_for_function(
        f"(id) => {STORE}.example.id !== id || {STORE}.message", arg=before, timeout=2 * MINUTE
    )
    assert page.evaluate(f"{STORE}.message") is None


def ask(page, name, question):
    return page.evaluate("([name, question]) => window.ExitExplorer.server[name](question)", [name, question])


def run_batch(page, paths, count):
    page.evaluate(f"{STORE}.setTab('batch')")
    page.set_input_files("[data-slot=files] input", [str(path) for path in paths])
    page.wait_for_function(
        "(count) => { const { batch } = document.querySelector('batch-controls');"
        " return batch?.message || (batch?.rows.length === count && !batch.running); }",
        arg=count,
        timeout=3 * MINUTE,
    )
    assert page.evaluate("document.querySelector('batch-controls').batch.message") is None
    return page.evaluate("document.querySelector('batch-controls').batch.rows")


def alike(found, expected, where="trace"):
    """Two traces with the same keys and words, and numbers within 1e-3; times are each machine's own."""
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected), where
        for key in expected:
            if key not in ("ms", "ms_full"):
                alike(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, one in enumerate(expected):
            alike(found[i], one, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-3), where
    else:
        assert found == expected, where
