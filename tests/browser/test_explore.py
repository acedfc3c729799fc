"""The Explore tab in a real Chromium: what drives what, by mouse, keys and touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import painted, rung, show_photo, state


def test_a_rung_drives_everything_below_it_by_mouse_and_arrow_keys(page):
    blocks = state(page, "s.trace.exits.map((e) => e.block)")
    rung(page, 5).click()
    assert state(page, "s.selected") == blocks.index(5)
    page.keyboard.press("ArrowUp")
    painted(page)
    chosen = blocks.index(6)
    assert state(page, "s.selected") == chosen
    expect(rung(page, 6)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#ee-tab-explore score-curve .readout")).to_have_text(re.compile("^block 6: "))
    expect(page.locator(f'score-curve .marker[data-exit="{chosen}"]')).to_have_class(re.compile("selected"))
    expect(page.locator("#ee-tab-explore attention-view #block")).to_have_value("6")
    page.get_by_role("tab", name="Saliency").click()
    expect(page.locator("#ee-tab-explore saliency-view #one .which")).to_have_text(
        re.compile("^Block 6, local perception head")
    )
    page.get_by_role("tab", name="Cost").click()
    expect(page.locator("#ee-tab-explore cost-table tbody tr").nth(chosen)).to_have_class(
        re.compile("selected")
    )
    page.locator("#ee-tab-explore cost-table tbody tr").nth(0).click()
    painted(page)
    assert state(page, "s.selected") == 0
    page.get_by_role("button", name="Back to the exit that fires").click()
    assert state(page, "s.selected") is None


def test_a_rung_can_be_touched(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    rung(page, 9).tap()
    assert state(page, "s.trace.exits[s.selected].block") == 9
    context.close()


def test_each_exit_can_have_a_threshold_of_its_own(page):
    page.locator("#ee-tab-explore").get_by_label("one per exit").check()
    painted(page)
    handles = page.locator("#ee-tab-explore score-curve").get_by_role("slider")
    expect(handles).to_have_count(8)
    before = state(page, "s.thresholds")
    page.locator("#ee-tab-explore score-curve").get_by_role("slider", name="Threshold at block 6").press(
        "ArrowDown"
    )
    after = state(page, "s.thresholds")
    assert after[2] == pytest.approx(before[2] - 0.005)
    assert after[:2] + after[3:] == before[:2] + before[3:]
    box = handles.nth(0).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"], box["y"] - 30, steps=3)
    page.mouse.up()
    assert state(page, "s.thresholds[0]") > after[0]
    page.locator("#ee-tab-explore").get_by_label("one per exit").uncheck()
    painted(page)
    expect(handles).to_have_count(1)


def test_the_previous_image_stays_as_a_ghost(page):
    ghost = page.locator("#ee-tab-explore score-curve .plot > .ghost")
    assert not ghost.get_attribute("d")
    title = state(page, "s.example.title")
    page.locator("#ee-tab-explore example-strip").get_by_role("button").first.click()
    painted(page)
    assert ghost.get_attribute("d").count("L") == 8
    expect(page.locator("#ee-tab-explore score-curve .previous")).to_have_text(f"previous image: {title}")


def test_overthinking_is_called_out_by_the_ladder_and_a_teacher_is_no_truth(page):
    page.evaluate(
        """() => {
        const { store } = window.ExitExplorer;
        const [a, b] = [0, 1];
        const trace = { ...store.rawTrace, predicted: store.rawTrace.predicted.map((_, e) => (e < 4 ? a : b)) };
        window.names = [trace.classes[a].label, trace.classes[b].label];
        const { label, index: truth } = trace.classes[a];
        store.show({ ...store.rawExample, trace, label, truth });
        }"""
    )
    right, last = page.evaluate("window.names")
    verdict = page.locator("#ee-tab-explore exit-ladder .verdict")
    expect(verdict).to_have_text(
        f"Overthinking: blocks 4 to 7 correctly answered {right}; the last exit changed its mind to {last}."
    )
    page.evaluate("() => window.ExitExplorer.store.setModel('other', 'teacher')")
    expect(verdict).to_have_text(re.compile(f"^Overthinking: .* agreed with the teacher on {right};"))
    expect(page.locator("#ee-tab-explore answer-card .truth")).to_have_text(re.compile("teacher"))


def test_what_is_said_follows_the_threshold_once_it_rests(page):
    told = page.locator("#ee-tab-explore answer-card [role=status]")
    page.evaluate("() => { for (const t of [0.2, 0.5, 0.99]) window.ExitExplorer.store.setThresholds(t); }")
    left = page.locator("#ee-tab-explore answer-card .left").inner_text
    expect(told).to_have_text(re.compile("^[^:]+, [>0-9.]+: .*because .*Speed-up .* by blocks, .* by MACs"))
    expect(told).to_have_text(re.compile(re.escape(left()), re.IGNORECASE))
    page.evaluate("() => window.ExitExplorer.store.setThresholds(0)")
    expect(told).to_have_text(re.compile("left at block 4 of 12"))


def test_two_local_heads_stand_side_by_side(page):
    page.get_by_role("tab", name="Saliency").click()
    rung(page, 4).click()
    page.locator("#ee-tab-explore saliency-view").get_by_label("Compare with exit at").select_option("7")
    maps = page.locator("#ee-tab-explore saliency-view figure")
    one, other = (maps.nth(i).bounding_box() for i in range(2))
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] < other["x"]
    expect(maps.nth(1).locator(".which")).to_have_text(re.compile("^Block 7, local perception head"))
    painted = "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    first, second = (maps.nth(i).locator("canvas").evaluate(painted) for i in range(2))
    assert len(first) == 7 * 7 * 4
    assert first != second


def test_attention_of_a_photo_with_twelve_blocks_of_six_heads(page):
    show_photo(page)
    view = page.locator("#ee-tab-explore attention-view")
    grid = page.get_by_role("grid", name="Attention maps by block and head")
    expect(grid.get_by_role("gridcell")).to_have_count(12 * 7)
    grid.get_by_role("button", name="Block 9, head 3").click()
    expect(view.locator("heat-picture .reading")).to_have_text(
        "Head 3, block 9: strongest in row 5, column 9 (0.5); the patches get 50 % of the attention."
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(view.locator("heat-picture .reading")).to_have_text(
        re.compile("^Head 4, block 10: strongest in row 7")
    )
    assert view.evaluate("(e) => e.scrollWidth <= e.clientWidth")
