"""The Live tab on Gradio's page: the server answers until the network is in the browser, and the page goes on."""

LIVE = "document.querySelector('live-view').live"


def test_the_examples_run_frame_by_frame_soon_in_this_browser_and_a_threshold_acts_at_once(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("window.ExitExplorer.store.setTab('live')")
    page.get_by_role("button", name="Play the examples").click()
    page.wait_for_function(f"{LIVE}.history.length >= 3", timeout=120_000)
    assert page.evaluate(f"{LIVE}.message") is None
    page.wait_for_function(f"{LIVE}.frame?.runs?.kind === 'wasm'", timeout=180_000)
    says = page.locator("live-view .runs").inner_text()
    assert says.startswith("Computed on this device’s processor, on one thread.")
    asked.clear()
    page.evaluate("window.ExitExplorer.store.setThresholds(0)")
    seen = page.evaluate(f"{LIVE}.history.length")
    page.wait_for_function(f"(seen) => {LIVE}.history.length > seen + 1", arg=seen, timeout=120_000)
    assert page.evaluate(f"{LIVE}.history.at(-1).exit") == 0
    assert [url for url in asked if "component_server" in url] == []
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(f"{LIVE}.running") is False
