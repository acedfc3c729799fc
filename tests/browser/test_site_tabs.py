"""Every tab of the page without a server does what it is for."""

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.conformal import given
from explorer.evaluate.record import load_records
from explorer.model.catalog import find_model
from explorer.rules import decide
from tests.browser.site_hands import MINUTE, SHIRT, STORE, needs_npm, run_batch

pytestmark = needs_npm


def test_a_pass_that_stops_loads_no_piece_behind_its_exit(site, host):
    site.evaluate(f"{STORE}.setThresholds(0)")
    host[1].clear()
    (row,) = run_batch(site, [SHIRT], 1)
    assert row["exit"]["block"] == 4
    heads = {path.split("/")[-1].split("-")[0] for path in host[1] if "/kept/fashion/h" in path}
    assert heads == {"h04"}


@pytest.mark.parametrize(
    ("tab", "shows"),
    [
        ("compare", "compare-differences"),
        ("tune", "tune-summary"),
        ("learn", "lesson-page"),
        ("about", "model-evaluation"),
    ],
)
def test_tabs_that_need_no_network_load_none(site, host, tab, shows):
    host[1].clear()
    site.evaluate(f"{STORE}.setTab('{tab}')")
    site.wait_for_function(
        f"document.querySelector('{shows}').shadowRoot?.textContent.match(/\\d/)", timeout=MINUTE
    )
    assert [path for path in host[1] if "/kept/" in path] == []


def test_sets_of_the_test_images_need_no_server_and_follow_the_threshold(site):
    site.evaluate(f"{STORE}.keep({{ sets: '0.99' }})")
    site.evaluate(f"{STORE}.setTab('tune')")
    view = site.locator("tune-sets")
    expect(view.locator("tbody tr")).to_have_count(9, timeout=MINUTE)
    folder = find_model("fashion")
    record = load_records(folder / "evaluation.npz")["test"].at("kinds")
    with np.load(folder / "conformal.npz") as arrays:
        packed = arrays["kinds@0.99"]
    site.evaluate(f"{STORE}.setGrain('kinds')")
    for threshold in (0.3, 0.95):
        site.evaluate(f"{STORE}.setThresholds({threshold})")
        found = given(packed, decide(record.scores["confidence"], threshold))
        says = (
            f"{found.size:.2f} classes per set on average; {100 * found.coverage:.2f} % of 10,000 test images"
        )
        expect(view.locator(".given")).to_contain_text(says, timeout=MINUTE)


def test_maps_offer_no_test_that_nobody_answers_here(site):
    """The site computes maps and no tests of them: hosts/browser.js answers neither `grade` nor `sanity`."""
    site.wait_for_selector("attention-view canvas")
    for view in ("attention-view", "saliency-view"):
        panel = site.locator(f"{view} .trust")
        assert panel.count() == 1
        assert not panel.is_visible()
    assert site.evaluate("['grade', 'sanity'].some((name) => name in window.ExitExplorer.server)") is False


@pytest.mark.parametrize("width", [320, 360, 390])
def test_the_title_is_one_line_beside_the_buttons_on_a_small_phone(site, width):
    site.set_viewport_size({"width": width, "height": 740})
    tools = site.locator(".ee-tools").bounding_box()
    lines = (
        "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length }"
    )
    assert site.locator("page-header h1").evaluate(lines) == 1
    text = "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().right }"
    assert site.locator("page-header h1").evaluate(text) <= tools["x"]
    assert site.evaluate("document.documentElement.scrollWidth") <= width
