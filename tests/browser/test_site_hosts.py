"""The page without a server on hosts as they are: with and without headers, offline, damaged, under any path."""

import re
import shutil
import subprocess
import sys

import pytest

from explorer.model.bundle import ModelError
from explorer.web.site import MOST_BYTES, build_site
from tests.browser.site_hands import MINUTE, SHIRT, STORE, ask, hosted, needs_npm, run_batch, upload

pytestmark = needs_npm


def begun(context, address):
    """The site in a new page, its files kept by the service worker."""
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(f"{STORE}?.trace")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller")
    return page


def shows(page, tab, element, words):
    """Opens a tab and waits until an element says those words, a regular expression."""
    page.evaluate(f"{STORE}.setTab('{tab}')")
    says = f"document.querySelector('{element}')?.shadowRoot?.textContent"
    page.wait_for_function(f"(words) => new RegExp(words).test({says} ?? '')", arg=words, timeout=MINUTE)


@pytest.mark.parametrize("isolated", [True, False])
def test_it_answers_with_and_without_the_headers_that_allow_threads(built, context, isolated):
    with hosted(built, isolated) as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        assert page.evaluate("crossOriginIsolated") is isolated
        upload(page)


def test_pythons_own_file_server_shows_it_as_from_a_stick(built, context):
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=built, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            port = re.search(r"port (\d+)", server.stdout.readline())[1]
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/some/path/")
            page.wait_for_function(f"{STORE}?.trace")
            upload(page)
        finally:
            server.terminate()


def test_a_second_visit_fetches_nothing_and_the_page_opens_and_computes_offline(context, built):
    with hosted(built) as (address, asked):
        page = begun(context, address)
        upload(page)
        page.wait_for_function("document.documentElement.dataset.eeKept === 'fashion'", timeout=MINUTE)
        asked.clear()
        page.goto(f"{address}?threshold=0.3")
        page.wait_for_function(f"{STORE}?.trace")
        upload(page)
        assert [path for path in asked if not path.endswith("/sw.js")] == []
    context.set_offline(True)
    page.reload()
    page.wait_for_function(f"{STORE}?.trace")
    assert page.evaluate(f"{STORE}.thresholds") == 0.3
    upload(page)


def test_once_a_picture_was_analysed_every_tab_works_with_the_server_gone_and_before_that_says_what_is_missing(
    context, chromium, built
):
    other = chromium.new_context()
    with hosted(built) as (address, _):
        page = begun(context, address)
        upload(page)
        page.wait_for_function("document.documentElement.dataset.eeKept === 'fashion'", timeout=MINUTE)
        page.close()
        begun(other, address).close()
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(f"{STORE}?.trace")
    upload(page)
    saw = page.evaluate(f"{STORE}.example.saw")
    asked = {"model": "fashion", "saw": saw, "method": "grad-cam", "exit": 1, "classes": [2]}
    assert ask(page, "explain", asked)["map"]["grid"] == [7, 7]
    shows(page, "compare", "compare-differences", "B as ")
    shows(page, "tune", "tune-summary", "10,000")
    shows(page, "stress", "stress-sweep", r"Blur\s*\d")
    asked = {"model": "fashion", "saw": saw, "corruption": "noise", "seed": 0}
    assert len(ask(page, "stress", asked)["traces"]) == 11
    shows(page, "live", "live-view", "Play the examples")
    page.get_by_role("button", name="Play the examples").click()
    page.wait_for_function("document.querySelector('live-view').live.history.length >= 3", timeout=MINUTE)
    rows = run_batch(page, [SHIRT], 1)
    assert "error" not in rows[0]
    page.get_by_role("button", name="Run the examples").click()
    page.wait_for_function("document.querySelector('batch-controls').batch.rows.length > 1", timeout=MINUTE)
    shows(page, "learn", "lesson-page", r"Measured\D*\d")
    shows(page, "about", "model-card", "Fashion-MNIST")
    page.close()
    page = other.new_page()
    page.goto(address)
    page.wait_for_function(f"{STORE}?.trace")
    missing = "That part is not on this device yet; connect once to load it"
    shows(page, "tune", "tune-summary", missing)
    shows(page, "about", "model-card", missing)
    page.set_input_files("[data-slot=picture] input", str(SHIRT))
    page.wait_for_function(f"{STORE}.message", timeout=MINUTE)
    assert page.evaluate(f"{STORE}.message").startswith("A part of the network could not be fetched")
    other.close()


def test_a_damaged_piece_is_refused_in_one_sentence(context, built, tmp_path):
    shutil.copytree(built, tmp_path / "host")
    piece = tmp_path / "host" / "some" / "path" / "kept" / "fashion" / "h06-1.onnx"
    data = bytearray(piece.read_bytes())
    data[len(data) // 2] ^= 1
    piece.write_bytes(data)
    with hosted(tmp_path / "host") as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        page.set_input_files("[data-slot=picture] input", str(SHIRT))
        page.wait_for_function(f"{STORE}.message", timeout=MINUTE)
        assert page.evaluate(f"{STORE}.message").endswith("came damaged and was refused; reload the page.")


def test_a_link_brings_back_rule_threshold_example_and_tab(context, host):
    page = context.new_page()
    page.goto(f"{host[0]}?rule=entropy&threshold=0.5&example=shirt-117&tab=tune&lang=de")
    page.wait_for_function(f"{STORE}?.trace")
    found = page.evaluate(
        f"(() => {{ const s = {STORE}; return [s.rule, s.thresholds, s.example.id, s.tab]; }})()"
    )
    assert found == ["entropy", 0.5, "shirt-117", "tune"]
    words = page.locator("[data-slot=picture]").inner_text
    page.evaluate(f"{STORE}.setTab('explore')")
    page.wait_for_function("document.querySelector('[data-slot=picture]').innerText.includes('diesem Gerät')")
    assert "diesem Gerät" in words()


def test_every_file_is_small_and_every_link_within_the_page_is_relative(built):
    files = [path for path in built.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < MOST_BYTES
    home = built / "some" / "path"
    assert (home / ".nojekyll").exists()
    front = (home / "README.md").read_text().split("---")[1]
    assert "sdk: static" in front
    assert "cross-origin-embedder-policy: require-corp" in front
    page = (home / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="(?:/|https?:)', page)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ModelError, match="holds other files"):
        build_site(tmp_path, ["fashion"])
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_without_npm_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match=r"install Node\.js with npm first"):
        build_site(tmp_path / "out", ["fashion"])
