"""The Explore tab in another language: changed while it is open, and complete."""

import re

import pytest
from playwright.sync_api import expect

from explorer.web.language import strings
from tests.browser.hands import painted, rung, state


def test_the_language_changes_live_and_loses_nothing(page):
    page.get_by_role("tab", name="Saliency").click()
    rung(page, 5).click()
    page.locator("#ee-tab-explore saliency-view").get_by_label("Compare with exit at").select_option("7")
    slider = page.locator("#ee-tab-explore saliency-view heat-picture").first.get_by_label("Map opacity")
    slider.evaluate("(e) => { e.value = 0.2; e.dispatchEvent(new Event('input')); }")
    page.evaluate("() => window.ExitExplorer.store.setThresholds(0.5)")
    page.get_by_role("combobox", name="Language").select_option("de")
    expect(page.locator("html")).to_have_attribute("lang", "de")  # its texts come from the server
    painted(page)
    expect(page.get_by_role("combobox", name="Sprache")).to_be_focused()
    german = strings("de")
    expect(page.get_by_role("listbox", name=german["explore.ladder"])).to_be_visible()
    expect(page.get_by_role("radio", name=german["rules.entropy_title"])).to_be_visible()
    expect(page.locator("#ee-tab-explore .ee-upload")).to_contain_text(german["gradio.your_image"])
    expect(page.locator("#ee-tab-explore answer-card .note")).to_have_text(german["server.fashion_note"])

    expect(page.get_by_role("tab", name=german["explore.why_saliency"])).to_have_attribute(
        "aria-selected", "true"
    )
    assert state(page, "[s.selected, s.thresholds]") == [1, 0.5]
    expect(page.locator("#ee-tab-explore saliency-view #other .which")).to_have_text(re.compile("^Block 7, "))
    expect(
        page.locator("#ee-tab-explore saliency-view heat-picture").first.get_by_role("slider")
    ).to_have_value("0.2")

    # Nothing listens twice.
    page.locator("#ee-tab-explore score-curve").get_by_role("slider", name="Schwelle").press("ArrowUp")
    assert state(page, "s.thresholds") == pytest.approx(0.505)
    page.get_by_role("listbox", name=german["explore.ladder"]).get_by_role("option").first.click()
    painted(page)
    assert state(page, "s.selected") == 8

    page.reload()
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    assert state(page, "s.language") == "de"
    expect(page.locator("#ee-tab-explore .ee-upload")).to_contain_text(german["gradio.your_image"])


def test_no_key_and_no_english_is_left_in_the_german_explore_tab(chromium, address):
    context = chromium.new_context(viewport={"width": 360, "height": 800}, locale="de-DE")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.wait_for_selector("why-tabs", state="attached")  # Gradio draws its own boxes in its own time
    for tab in ("saliency", "depth", "cost", "attention"):
        page.evaluate("(tab) => { document.querySelector('why-tabs').tab = tab; }", tab)
        painted(page)
        said = page.evaluate(
            """() => { const all = []; const visit = (root) => { for (const node of root.querySelectorAll("*")) {
              if (node.tagName === "STYLE") continue;
              for (const name of ["aria-label", "title", "alt", "aria-valuetext"])
                all.push(node.getAttribute(name) ?? "");
              for (const child of node.childNodes) if (child.nodeType === 3) all.push(child.nodeValue);
              if (node.shadowRoot) visit(node.shadowRoot); } };
              visit(document.querySelector("#ee-tab-explore")); return all.join("\\n"); }"""
        )
        assert not re.search(r"\b(explore|page|rules|server)\.\w", said)
        assert not re.search(r"\b(the|and|of|is|by|with|left|block|threshold)\b", said), tab
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
