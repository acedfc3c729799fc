"""The Stress tab in a real Chromium: a finished result on opening, scrubbed without the server."""

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import at_rest

CORRUPTIONS = ["Blur", "Noise", "Darkness", "Low contrast", "JPEG", "Rotation", "Occlusion", "Pixelation"]


def asked_of(page):
    """Every question to the server from here on."""
    at_rest(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url[:4] == "http" else None)
    return asked


@pytest.fixture
def stress(page):
    """The page with the Stress tab open and its first answer there."""
    page.get_by_role("tab", name="Stress").click()
    expect(page.get_by_role("slider", name="Severity")).to_have_attribute(
        "aria-valuetext", value_of_any_point(), timeout=60_000
    )
    return page


def value_of_any_point():
    return re.compile(r"Severity \d+: leaves at block \d+ of 12 with .+, (right|wrong)\.")


def shown(page):
    """What picture and ladder show: the picture's address, the answer, the block of the lit rung."""
    card = page.locator("stress-picture")
    rung = page.get_by_role("listbox", name="Exit ladder").locator("[data-status=fired] .block")
    return card.locator("img").get_attribute("src"), card.locator(".label").inner_text(), rung.inner_text()


def test_opening_the_tab_shows_a_finished_result_and_severity_0_is_explores(stress):
    fired, label, saw = stress.evaluate(
        "(() => { const s = window.ExitExplorer.store; const t = s.trace; return [t.exits[s.fired].block,"
        " t.classes[t.predicted[s.fired]].label, s.example.saw]; })()"
    )
    slider = stress.get_by_role("slider", name="Severity")
    slider.focus()
    stress.keyboard.press("Home")
    expect(slider).to_have_value("0")
    picture, answer, block = shown(stress)
    assert (answer, int(block)) == (label, fired)
    same = """async ([a, b]) => { const pixels = async (src) => { const i = new Image(); i.src = src; await i.decode();
      const c = new OffscreenCanvas(i.width, i.height).getContext('2d'); c.drawImage(i, 0, 0);
      return String(c.getImageData(0, 0, i.width, i.height).data); };
      return (await pixels(a)) === (await pixels(b)); }"""
    assert stress.evaluate(same, [picture, saw])
    expect(stress.locator("stress-chart .strip image")).to_have_count(11)


def test_scrubbing_and_the_threshold_ask_the_server_nothing(stress):
    asked = asked_of(stress)
    slider = stress.get_by_role("slider", name="Severity")
    slider.focus()
    pictures = set()
    stress.keyboard.press("Home")
    for severity in range(11):
        expect(slider).to_have_value(str(severity))
        pictures.add(shown(stress)[0])
        stress.keyboard.press("ArrowRight")
    assert len(pictures) == 11
    threshold = stress.get_by_role("slider", name="Threshold").first
    for value, block in (("0", "4"), ("1", "12")):
        threshold.evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", value
        )
        expect(
            stress.get_by_role("listbox", name="Exit ladder").locator("[data-status=fired] .block")
        ).to_have_text(block)
        story = f"The exit stays at block {block} at every severity."
        expect(stress.locator("stress-chart .story")).to_contain_text(story)
    assert asked == []


def test_the_figure_is_dragged_to_a_severity(stress):
    plot = stress.locator("stress-chart svg.plot").bounding_box()
    stress.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + 60)
    stress.mouse.down()
    stress.mouse.move(plot["x"] + plot["width"] - 30, plot["y"] + 70, steps=4)
    stress.mouse.up()
    expect(stress.get_by_role("slider", name="Severity")).to_have_value("10")


def test_a_corruption_is_asked_for_once(stress):
    stress.get_by_role("radio", name="Noise").check()
    expect(stress.get_by_role("heading", name="Noise, step by step")).to_be_visible()
    expect(stress.locator("stress-chart .busy")).to_be_empty(timeout=60_000)
    asked = asked_of(stress)
    stress.get_by_role("radio", name="Blur").check()
    stress.get_by_role("radio", name="Noise").check()
    stress.wait_for_timeout(300)
    assert asked == []


def test_a_sweep_runs_all_eight_and_each_can_be_scrubbed_and_saved(stress):
    stress.get_by_role("button", name="Run all eight").click()
    done = stress.get_by_text("All eight have run for this picture")
    expect(done).to_be_visible(timeout=120_000)
    asked = asked_of(stress)
    for name in CORRUPTIONS:
        expect(stress.get_by_role("slider", name=name, exact=True)).to_have_attribute(
            "aria-valuetext", value_of_any_point()
        )
    cell = stress.get_by_role("slider", name="Rotation", exact=True)
    cell.focus()
    stress.keyboard.press("End")
    expect(cell).to_have_attribute("aria-valuenow", "10")
    expect(stress.get_by_role("heading", name="Rotation, step by step")).to_be_visible()

    with stress.expect_download() as saved:
        stress.get_by_role("button", name="Save stress-sweep as CSV").click()
    rows = list(csv.DictReader(saved.value.path().read_text("utf-8-sig").splitlines()))
    assert len(rows) == 88
    assert {row["exit_block"] for row in rows} <= {str(block) for block in range(4, 13)}
    with stress.expect_download() as saved:
        stress.get_by_role("button", name="Save stress-sweep as JSON").click()
    facts = json.loads(saved.value.path().read_text())
    assert len(facts["corruptions"]) == 8
    assert len(facts["corruptions"][0]["severities"]) == 11
    with stress.expect_download() as saved:
        stress.get_by_role("button", name="Save stress-sweep as SVG").click()
    assert saved.value.path().read_text().count("<image") == 8
    assert asked == []


def test_another_example_is_stressed_in_its_turn(stress):
    before = shown(stress)[0]
    stress.locator("#ee-tab-stress example-strip").get_by_role("button").first.click()
    expect(stress.locator("stress-picture img")).not_to_have_attribute("src", before)
    expect(stress.locator("stress-chart .busy")).to_be_empty(timeout=60_000)
    expect(stress.locator("stress-chart .lanes .dot")).to_have_count(22)


def test_the_tab_speaks_german_and_fits_a_phone(stress):
    stress.get_by_role("combobox", name="Language").select_option("de")
    expect(stress.get_by_role("heading", name="Unschärfe, Schritt für Schritt")).to_be_visible()
    expect(stress.get_by_role("slider", name="Stärke")).to_have_value("5")
    stress.set_viewport_size({"width": 360, "height": 800})
    expect(stress.get_by_role("button", name="Alle acht rechnen")).to_be_visible()
    assert stress.evaluate("document.documentElement.scrollWidth") <= 360
