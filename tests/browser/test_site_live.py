"""Live in the browser's own network: films, cameras that are there, refused, missing or pulled out."""

import explorer
from tests.browser.site_hands import MINUTE, STORE, needs_npm

pytestmark = needs_npm

LIVE = "document.querySelector('live-view').live"


def test_live_plays_the_examples_through_the_network_and_stops_when_it_is_out_of_sight(site):
    site.evaluate(f"{STORE}.setTab('live')")
    site.get_by_role("button", name="Play the examples").click()
    site.wait_for_function(f"{LIVE}.history.length >= 12 && {LIVE}.rates", timeout=2 * MINUTE)
    rates = site.evaluate(f"{LIVE}.rates")
    assert rates["macsFull"] == explorer.load_model("fashion").network.macs_full
    assert rates["macs"] < rates["macsFull"]
    site.evaluate(f"{STORE}.setThresholds(0)")
    seen = site.evaluate(f"{LIVE}.history.length")
    site.wait_for_function(f"(seen) => {LIVE}.history.length > seen + 2", arg=seen, timeout=MINUTE)
    assert site.evaluate(f"{LIVE}.history.at(-1).block") == 4
    assert site.locator("live-ladder li[data-state=left] .block").inner_text() == "4"
    site.evaluate(f"{STORE}.setTab('tune')")
    site.wait_for_function(f"!{LIVE}.running")


def test_live_without_a_camera_says_so_in_one_sentence(site):
    site.evaluate(f"{STORE}.setTab('live')")
    site.get_by_role("button", name="Use the camera").click()
    site.wait_for_function(f"{LIVE}.message", timeout=MINUTE)
    assert site.locator("live-view [role=alert]").inner_text().startswith("There is no camera on this device")
