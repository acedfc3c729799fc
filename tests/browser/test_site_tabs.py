"""Every tab of the page without a server does what it is for."""

import pytest

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
        f"document.querySelector('{shows}').shadowRoot.textContent.match(/\\d/)", timeout=MINUTE
    )
    assert [path for path in host[1] if "/kept/" in path] == []
