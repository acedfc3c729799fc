"""Explore keeps still: nothing jumps, light and dark stay, nothing moves for those who want none of it."""

import re

import pytest
from playwright.sync_api import expect

from explorer.model.catalog import DEFAULT
from explorer.web.model_page import EXAMPLES as ASSETS
from tests.browser.hands import EXPLORE_UPLOAD, EXPLORE_WIDGETS, painted, rung, state

WATCH_SHIFTS = """() => { window.shift = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: "layout-shift" }); }"""


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_nothing_jumps_on_an_upload_or_an_example(chromium, address, size):
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.wait_for_load_state("networkidle")
    # A typeface that arrives late moves words by itself.
    page.evaluate("() => document.fonts.ready.then(() => true)")
    page.wait_for_timeout(300)
    page.evaluate(WATCH_SHIFTS)
    page.locator("#ee-tab-explore example-strip").get_by_role("button").nth(1).click()
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.02
    before = state(page, "s.example.id")
    page.set_input_files(EXPLORE_UPLOAD, next((ASSETS / DEFAULT).glob("bag*.png")))
    page.wait_for_function("(id) => window.ExitExplorer.store.example.id !== id", arg=before, timeout=60_000)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.02
    context.close()


def test_light_and_dark_are_switched_and_remembered_unless_the_address_asks(page, address):
    dark = page.get_by_role("button", name="Dark mode")
    expect(dark).to_have_attribute("aria-pressed", "false")
    dark.click()
    expect(dark).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    expect(dark).to_have_attribute("aria-pressed", "true")
    page.goto(f"{address}?__theme=light")
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    expect(dark).to_have_attribute("aria-pressed", "false")


def test_nothing_moves_for_those_who_asked_for_that(chromium, address):
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.evaluate("() => window.ExitExplorer.store.setBusy(true)")
    busy = page.locator("#ee-tab-explore answer-card .busy")
    expect(busy).to_be_visible()
    assert busy.evaluate("(e) => getComputedStyle(e, '::after').animationName") == "none"
    context.close()


def test_the_first_example_says_when_it_was_painted(page):
    page.wait_for_function("performance.getEntriesByName('first-example').length === 1")
    painted, html = page.evaluate(
        "[performance.getEntriesByName('first-example')[0].startTime,"
        " performance.getEntriesByType('navigation')[0].responseEnd]"
    )
    assert painted > html
    expect(page.locator("#ee-tab-explore answer-card .label")).to_have_text(re.compile(r"\w"))


def test_a_hidden_tab_costs_nothing_and_is_right_when_it_shows(page):
    page.evaluate(
        """(names) => { window.updates = 0; for (const name of names) {
          const { prototype } = customElements.get(name); const { update } = prototype;
          prototype.update = function (changed) {
            if (this.closest("#ee-tab-explore")) window.updates++;
            return update.call(this, changed);
          }; } }""",
        EXPLORE_WIDGETS,
    )
    move = """() => { const { store } = window.ExitExplorer; const start = performance.now();
      for (let i = 0; i < 100; i++) { store.setThresholds(0.3 + 0.005 * i); store.flush(); }
      return (performance.now() - start) / 100; }"""
    shown = page.evaluate(move)
    assert page.evaluate("window.updates") > 0
    page.get_by_role("tab", name="About").click()
    painted(page)
    page.evaluate("window.updates = 0")
    hidden = page.evaluate(move)
    assert page.evaluate("window.updates") == 0
    assert hidden < shown / 4
    page.evaluate("() => { window.ExitExplorer.store.setThresholds(0); }")
    page.get_by_role("tab", name="Explore", exact=True).click()
    expect(page.locator("#ee-tab-explore answer-card .left")).to_have_text(
        re.compile("left at block 4 of 12", re.IGNORECASE)
    )
    expect(rung(page, 4)).to_have_attribute("aria-label", re.compile("left here$"))
