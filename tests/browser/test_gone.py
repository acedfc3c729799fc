"""A server that is killed while it works: the page says so in one sentence, is not busy any more, and goes on."""

import os
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from explorer.bench.browser import free_port
from explorer.model.catalog import ROOT
from tests.browser.hands import EXPLORE_UPLOAD, painted

SHOE = next((ROOT / "assets" / "examples" / "fashion").glob("sneaker*.png"))
SAID = "The server did not answer; try again."


@pytest.fixture
def mortal(tmp_path):
    """A server of this test's own: its address, and its process."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    own = {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=os.environ | own, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 240
    while time.monotonic() < until:
        try:
            if urlopen(address, timeout=5).status == 200:
                break
        except OSError:
            time.sleep(0.1)
    yield address, process
    process.kill()
    process.wait()


def test_a_server_killed_in_the_middle_of_an_analysis_is_one_sentence_and_the_page_goes_on(chromium, mortal):
    address, process = mortal
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=120_000)
    painted(page)

    def kill(request):
        if "explorer/analyse" in request.url:
            process.kill()

    page.on("request", kill)
    page.set_input_files(EXPLORE_UPLOAD, str(SHOE))
    page.wait_for_function("window.ExitExplorer.store.message", timeout=60_000)
    assert process.wait(10) == -9
    assert page.evaluate("window.ExitExplorer.store.message") == SAID
    expect(page.get_by_role("alert").filter(has_text=SAID)).to_be_visible()
    page.wait_for_function("!window.ExitExplorer.store.busy")
    expect(page.locator("[aria-busy=true]").filter(visible=True)).to_have_count(0)
    # What needs no server still works: another example, another threshold.
    shown = page.evaluate("window.ExitExplorer.store.example.id")
    page.locator("example-strip").get_by_role("button").last.click()
    page.wait_for_function("(id) => window.ExitExplorer.store.example.id !== id", arg=shown)
    assert page.evaluate("window.ExitExplorer.store.trace.exits.length") == 9
    context.close()
    assert errors == []
