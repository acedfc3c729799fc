"""The Live tab on Gradio's page: the server answers frame by frame, and the page cannot tell."""

LIVE = "document.querySelector('live-view').live"


def test_the_examples_run_frame_by_frame_and_a_threshold_acts_at_once(page):
    page.evaluate("window.ExitExplorer.store.setTab('live')")
    page.get_by_role("button", name="Play the examples").click()
    page.wait_for_function(f"{LIVE}.history.length >= 3", timeout=120_000)
    assert page.evaluate(f"{LIVE}.message") is None
    page.evaluate("window.ExitExplorer.store.setThresholds(0)")
    seen = page.evaluate(f"{LIVE}.history.length")
    page.wait_for_function(f"(seen) => {LIVE}.history.length > seen + 1", arg=seen, timeout=120_000)
    assert page.evaluate(f"{LIVE}.history.at(-1).exit") == 0
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(f"{LIVE}.running") is False
