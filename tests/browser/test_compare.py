"""Compare in a real Chromium: what it shows at once, its three kinds, linked controls, own pictures, taking home."""

import csv
import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.model.bundle import read_config
from explorer.model.catalog import DEFAULT, SHIPPED, list_models
from explorer.rules import decide
from explorer.web.model_page import EXAMPLES as ASSETS
from explorer.web.model_page import examples_json
from tests.browser.hands import quiet, set_slider

OTHER = list_models()[1]
MINUTE = 60_000
OWN = read_config(SHIPPED / DEFAULT)["thresholds"]["confidence"]
MIDDLE, HARD = (examples_json(DEFAULT)[i]["id"] for i in (len(examples_json(DEFAULT)) // 2, -1))


def side(page, name):
    return page.locator(f"compare-side[data-side={name}]")


def story(page):
    return page.locator("compare-differences .story")


def left_at(name, threshold):
    """The block at which a shipped example leaves, by Python's own decision."""
    trace = next(e["trace"] for e in examples_json(DEFAULT) if e["id"] == name)
    return trace["exits"][int(decide(np.array(trace["scores"]["confidence"]), threshold))]["block"]


def left_of(page, name):
    """The block at which a side says it left."""
    words = side(page, name).locator(".left").inner_text()
    return int(re.search(r"block (\d+)|all (\d+)", words).group(1) or 12)


def set_threshold(page, value, panel="compare-controls[data-side=a]"):
    set_slider(page, page.locator(panel).get_by_role("slider", name="Threshold"), value)


def test_a_finished_comparison_of_an_easy_and_a_hard_image_needs_no_click_and_no_question(visit):
    page = visit("")
    asked = quiet(page)
    page.get_by_role("tab", name="Compare").click()
    first, last = examples_json(DEFAULT)[0], examples_json(DEFAULT)[-1]
    expect(side(page, "a").get_by_role("heading", name=first["title"])).to_be_visible()
    expect(side(page, "b").get_by_role("heading", name=last["title"])).to_be_visible()
    n = left_at(last["id"], OWN) - left_at(first["id"], OWN)
    ratio = last["trace"]["macs"][-1] / first["trace"]["macs"][0]
    expect(story(page)).to_contain_text(f"B left {n} blocks later than A and spent {ratio:.2f}× the MACs.")
    assert [url for url in asked if "component_server" in url or "queue" in url] == []


def test_one_threshold_moves_both_sides_as_python_decides(visit):
    page = visit(f"?tab=compare&a={MIDDLE}&b={HARD}")
    for threshold in (0.5, 0.65, 1):
        set_threshold(page, threshold)
        assert left_of(page, "a") == left_at(MIDDLE, threshold)
        assert left_of(page, "b") == left_at(HARD, threshold)
    assert page.evaluate("window.ExitExplorer.store.thresholds") == 1
    expect(story(page)).to_contain_text("Both went through all 12 blocks, at the same cost")


def test_the_line_in_the_common_figure_is_the_pages_threshold(visit):
    page = visit("?tab=compare")
    line = page.locator("compare-curve").get_by_role("slider", name="Threshold")
    line.focus()
    line.press("ArrowUp")
    line.press("PageDown")
    assert page.evaluate("window.ExitExplorer.store.thresholds") == pytest.approx(OWN + 0.005 - 10 * 0.005)


def test_two_keys_within_one_frame_are_two_steps_of_the_line(visit):
    page = visit("?tab=compare")
    line = page.locator("compare-curve").get_by_role("slider", name="Threshold")
    line.evaluate(
        """(line) => {
          for (const key of ["ArrowUp", "PageDown"])
            line.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
        }"""
    )
    assert page.evaluate("window.ExitExplorer.store.thresholds") == pytest.approx(OWN + 0.005 - 10 * 0.005)


def test_unlinked_each_side_has_its_own_threshold_and_the_address_keeps_it(visit):
    page = visit(f"?tab=compare&a={MIDDLE}&b={MIDDLE}")
    page.get_by_role("checkbox", name="one rule and threshold for both").uncheck()
    set_threshold(page, 0.5, "compare-controls[data-side=b]")
    assert left_of(page, "a") == left_at(MIDDLE, OWN)
    assert left_of(page, "b") == left_at(MIDDLE, 0.5)
    page.wait_for_timeout(500)
    query = page.evaluate("location.search")
    assert query == f"?tab=compare&a={MIDDLE}&b={MIDDLE}&rule_b=confidence&threshold_b=0.5"
    again = visit(query)
    expect(again.get_by_role("checkbox", name="one rule and threshold for both")).not_to_be_checked()
    assert left_of(again, "b") == left_at(MIDDLE, 0.5)
    again.get_by_role("checkbox", name="one rule and threshold for both").check()
    expect(story(again)).to_contain_text("at the same cost")


def test_two_rules_each_at_its_own_threshold(visit):
    page = visit("?tab=compare")
    page.get_by_role("radio", name="Two rules").check()
    expect(side(page, "a").get_by_role("heading", name="Confidence", exact=True)).to_be_visible()
    expect(side(page, "b").get_by_role("heading", name="Entropy", exact=True)).to_be_visible()
    page.locator("compare-controls[data-side=b]").get_by_role("radio", name="Patience").check()
    set_threshold(page, 2, "compare-controls[data-side=b]")
    set_threshold(page, 0.9)
    assert page.evaluate("[window.ExitExplorer.store.rule, window.ExitExplorer.store.thresholds]") == [
        "confidence",
        0.9,
    ]
    expect(side(page, "b").locator(".reason")).to_contain_text("≥ 2")
    expect(side(page, "b").locator("score-curve")).to_be_visible()
    expect(page.locator("compare-curve")).to_be_hidden()
    page.wait_for_timeout(500)
    assert (
        page.evaluate("location.search")
        == "?tab=compare&threshold=0.9&compare=rules&rule_b=patience&threshold_b=2"
    )


def test_two_models_the_other_one_is_asked_for_this_picture_only(visit):
    page = visit(f"?tab=compare&a={MIDDLE}")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("radio", name="Two models").check()
    chosen = page.get_by_role("combobox", name="Model of side B")
    expect(chosen).to_have_value(OTHER.name)
    expect(side(page, "b").locator(".answer .label")).not_to_be_empty(timeout=2 * MINUTE)
    assert len([url for url in asked if url.endswith("component_server/")]) == 1
    expect(story(page)).to_contain_text(re.compile("Both answer|different answers"))
    rows = page.locator("compare-differences tbody tr")
    expect(rows.filter(has_text="MACs spent").locator("td").last).to_have_text(re.compile(r"^\d\.\d\d×$"))


def test_an_own_picture_comes_to_its_side_and_never_into_the_link(visit):
    page = visit("?tab=compare")
    path = ASSETS / DEFAULT / f"{HARD}.png"
    page.get_by_label("Upload your own image for side A").set_input_files(path)
    expect(side(page, "a").get_by_role("heading", name=path.name)).to_be_visible(timeout=2 * MINUTE)
    stored = next(e["trace"] for e in examples_json(DEFAULT) if e["id"] == path.stem)
    shown = page.evaluate("window.ExitExplorer.store.uploads[0].trace.scores.confidence")
    np.testing.assert_allclose(shown, stored["scores"]["confidence"], atol=1e-4)
    assert left_of(page, "a") == left_of(page, "b")  # the hard example is the same picture
    page.wait_for_timeout(500)
    assert page.evaluate("location.search") == "?tab=compare"


def test_a_bad_file_gets_one_sentence_and_the_side_stays(visit, tmp_path):
    page = visit("?tab=compare")
    before = side(page, "b").locator(".answer .label").inner_text()
    (tmp_path / "text.png").write_bytes(b"this is no picture")
    page.get_by_label("Upload your own image for side B").set_input_files(tmp_path / "text.png")
    alert = side(page, "b").get_by_role("alert")
    expect(alert).to_contain_text("not an image", timeout=MINUTE)
    expect(side(page, "b").locator(".answer .label")).to_have_text(before)


def test_both_traces_and_the_differences_can_be_taken_home(visit):
    page = visit("?tab=compare")
    choice = page.locator("compare-choice")
    with page.expect_download() as got:
        choice.get_by_role("button", name=re.compile("JSON")).click()
    data = json.loads(got.value.path().read_text())
    examples = examples_json(DEFAULT)
    assert data["a"]["trace"] == examples[0]["trace"]
    assert data["b"]["trace"] == examples[-1]["trace"]
    assert data["b"]["block"] == 12
    with page.expect_download() as got:
        choice.get_by_role("button", name=re.compile("CSV")).click()
    rows = {row[0]: row[1:] for row in csv.reader(got.value.path().read_text("utf-8-sig").splitlines())}
    assert rows["MACs spent"][:2] == [
        str(e["trace"]["macs"][i]) for e, i in ((examples[0], 0), (examples[-1], -1))
    ]
    assert rows["Blocks run"][:3] == ["4", "12", "8"]


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (390, "dark"), (1440, "dark")])
@pytest.mark.parametrize("mode", ["images", "rules"])
def test_nothing_overflows_and_on_a_phone_the_differences_come_first(visit, width, theme, mode):
    page = visit(f"?tab=compare&compare={mode}&__theme={theme}", width)
    expect(story(page)).to_contain_text("MACs")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    top = {
        name: page.locator(name).first.bounding_box()["y"]
        for name in ("compare-choice", "compare-differences", "compare-controls", "compare-side")
    }
    if width < 820:
        assert sorted(top, key=top.get) == list(top)


def test_in_german_all_of_it_speaks_german(visit):
    page = visit("?tab=compare&lang=de")
    expect(story(page)).to_contain_text("B verließ das Netz 8 Blöcke später als A")
    expect(page.get_by_role("radio", name="Zwei Regeln")).to_be_visible()
    page.get_by_role("combobox", name="Sprache").select_option("en")
    expect(story(page)).to_contain_text("B left 8 blocks later than A")


def test_a_change_is_read_out_once_it_rests(visit):
    page = visit("?tab=compare")
    status = page.locator("compare-differences").get_by_role("status")
    expect(status).to_contain_text("B left 8 blocks later than A")
    set_threshold(page, 0.0)
    expect(status).to_contain_text("Both left at block 4 of 12")
