"""The Explore tab in a real Chromium: what drives what, languages, files to keep, and its manners."""

import csv
import json
import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from explorer.model.catalog import DEFAULT
from explorer.web.analysis import EXAMPLES as ASSETS
from explorer.web.language import strings
from tests.browser.hands import EXPLORE_UPLOAD, painted

STATE = "(() => { const s = window.ExitExplorer.store; return %s; })()"
EXPLORE = [
    "answer-card", "attention-view", "cost-meter", "cost-table", "depth-chart", "example-strip", "exit-ladder",
    "rule-controls", "saliency-view", "score-curve",
]  # fmt: skip


def state(page, expression):
    """A value of the page's store `s`."""
    return page.evaluate(STATE % expression)


def rung(page, block):
    name = re.compile(f"^Block {block}, ")
    return page.get_by_role("listbox", name="Exit ladder").get_by_role("option", name=name)


def kept(page, widget, kind):
    """The bytes a widget's save button hands over."""
    with page.expect_download() as handed:
        page.locator(widget).get_by_role("button", name=re.compile(f"as {kind}$")).first.click()
    return handed.value.path().read_bytes()


def rows(data):
    return list(csv.DictReader(data.decode("utf-8-sig").splitlines()))


def show_photo(page):
    """A synthetic 224-pixel photo as a 12-block network with 6 heads on a 16 x 16 grid would see it.

    Head k of block b looks at row 2k, column b and nowhere else.
    """
    page.evaluate(
        """() => {
        const { store } = window.ExitExplorer;
        const [blocks, heads, side] = [12, 6, 16];
        const bytes = new Uint8Array(blocks * heads * side * side);
        for (let b = 0; b < blocks; b++)
          for (let k = 0; k < heads; k++) bytes[((b * heads + k) * side + 2 * k) * side + b] = 255;
        const canvas = Object.assign(document.createElement("canvas"), { width: 224, height: 224 });
        const context = canvas.getContext("2d");
        context.fillStyle = "rgb(200, 60, 20)";
        context.fillRect(0, 0, 224, 224);
        const picture = canvas.toDataURL();
        const peak = Array.from({ length: blocks }, () => Array(heads).fill(0.5));
        const data = btoa(String.fromCharCode(...bytes));
        const facts = { signed: false, units: "attention", evidence: null };
        const map = { grid: [side, side], axes: { block: blocks, head: heads }, peak, data, ...facts };
        const maps = [{ method: "attention", map }];
        store.show({ ...store.rawExample, id: "photo", title: "photo", image: picture, saw: picture, maps });
        store.flush();
        }"""
    )


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
        f"Overthinking: {right} was the answer at blocks 4 to 7, and it is true; "
        f"the last exit changed its mind to {last}."
    )
    page.evaluate("() => window.ExitExplorer.store.setModel('other', 'teacher')")
    expect(verdict).to_have_text(re.compile(f"^Overthinking: {right} .* as the teacher’s;"))
    expect(page.locator("#ee-tab-explore answer-card .truth")).to_have_text(re.compile("teacher"))


def test_what_is_said_follows_the_threshold_once_it_rests(page):
    told = page.locator("#ee-tab-explore answer-card [role=status]")
    page.evaluate("() => { for (const t of [0.2, 0.5, 0.99]) window.ExitExplorer.store.setThresholds(t); }")
    left = page.locator("#ee-tab-explore answer-card .left").inner_text
    expect(told).to_have_text(re.compile("^[^:]+, [>0-9.]+: .*because .*Speed-up .* by blocks, .* by MACs"))
    assert left().lower() in told.text_content().lower()
    page.evaluate("() => window.ExitExplorer.store.setThresholds(0)")
    expect(told).to_have_text(re.compile("left at block 4 of 12"))


def test_the_language_changes_live_and_loses_nothing(page):
    page.get_by_role("tab", name="Saliency").click()
    rung(page, 5).click()
    page.locator("#ee-tab-explore saliency-view").get_by_label("Beside it, the exit at").select_option("7")
    slider = page.locator("#ee-tab-explore saliency-view heat-picture").first.get_by_label("Map opacity")
    slider.evaluate("(e) => { e.value = 0.2; e.dispatchEvent(new Event('input')); }")
    page.evaluate("() => window.ExitExplorer.store.setThresholds(0.5)")
    page.get_by_role("combobox", name="Language").select_option("de")
    painted(page)
    assert page.evaluate("document.documentElement.lang") == "de"
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


def test_two_local_heads_stand_side_by_side(page):
    page.get_by_role("tab", name="Saliency").click()
    rung(page, 4).click()
    page.locator("#ee-tab-explore saliency-view").get_by_label("Beside it, the exit at").select_option("7")
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


def test_the_ladder_is_kept_as_a_trace_and_as_rows(page):
    trace = json.loads(kept(page, "exit-ladder", "JSON"))
    assert trace["trace"] == state(page, "s.trace")
    assert trace["fired"] == state(page, "s.fired")
    table = rows(kept(page, "exit-ladder", "CSV"))
    assert [int(row["block"]) for row in table] == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [row["status"] for row in table].index("fired") == state(page, "s.fired")
    assert [float(row["score"]) for row in table] == state(page, "s.scores")


def test_the_curve_is_kept_as_a_figure_and_as_numbers(page):
    figure = ElementTree.fromstring(kept(page, "score-curve", "SVG"))
    texts = {text.text for text in figure.iter("{http://www.w3.org/2000/svg}text")}
    assert {"leaves here", "block", "12"} <= texts
    picture = Image.open(BytesIO(kept(page, "score-curve", "PNG"))).convert("RGB")
    assert picture.width == 2 * round(float(figure.get("width")))
    assert picture.getpixel((2, 2)) == (255, 255, 255)  # the theme's paper, not transparent
    assert len(picture.getcolors(1 << 20)) > 20
    table = rows(kept(page, "score-curve", "CSV"))
    assert [float(row["score"]) for row in table] == state(page, "s.scores")
    assert table[-1]["threshold"] == ""


def test_the_costs_are_kept_as_numbers(page):
    page.get_by_role("tab", name="Cost").click()
    table = rows(kept(page, "cost-table", "CSV"))
    assert [int(row["macs"]) for row in table[:-1]] == state(page, "s.trace.macs")
    assert float(table[0]["speedup_blocks"]) == 3
    assert table[-1]["head"] == "backbone"


def test_probabilities_over_depth_are_kept(page):
    page.get_by_role("tab", name="Class probabilities over depth").click()
    chart = page.locator("#ee-tab-explore depth-chart")
    expect(chart.locator(".plot")).to_be_visible()
    assert Image.open(BytesIO(kept(page, "depth-chart", "PNG"))).height >= 600
    label = state(page, "s.trace.classes[s.trace.predicted.at(-1)].label")
    figure = ElementTree.fromstring(kept(page, "depth-chart", "SVG"))
    assert len(list(figure.iter("{http://www.w3.org/2000/svg}path"))) >= 10
    expect(chart.locator(".readout")).to_contain_text(label)
    table = rows(kept(page, "depth-chart", "CSV"))
    position = state(page, "s.trace.predicted.at(-1)")
    shown = state(page, f"s.trace.probabilities.map((row) => row[{position}])")
    assert [float(row[label]) for row in table] == shown


def test_a_map_is_kept_with_its_picture_and_colour_bar(page):
    show_photo(page)
    page.get_by_role("grid", name="Attention maps by block and head").get_by_role(
        "button", name="Block 9, head 3"
    ).click()
    picture = np.asarray(Image.open(BytesIO(kept(page, "attention-view", "PNG"))).convert("RGB")).astype(int)
    assert picture.shape[1] == 704
    bar = picture[:, 32:672]  # the row whose ends are viridis' own
    ends = (abs(bar[:, 0] - [68, 1, 84]).sum(axis=1) < 6) & (abs(bar[:, -1] - [253, 231, 37]).sum(axis=1) < 6)
    assert ends.sum() == 18
    below = picture[np.flatnonzero(ends)[-1] + 1 :]
    assert (below.sum(axis=2) < 600).sum() > 200  # the numbers and the sentence
    hot = picture[46 + 4 * 40 + 20, 32 + 8 * 40 + 20]  # row 5, column 9: 35 % photo under 65 % yellow
    np.testing.assert_allclose(hot, 0.35 * np.array([200, 60, 20]) + 0.65 * np.array([253, 231, 37]), atol=3)
    values = [
        [float(v) for v in line.split(",")]
        for line in kept(page, "attention-view", "CSV").decode("utf-8-sig").split()
    ]
    assert np.shape(values) == (16, 16)
    assert values[4][8] == 0.5


def test_a_hidden_tab_costs_nothing_and_is_right_when_it_shows(page):
    page.evaluate(
        """(names) => { window.updates = 0; for (const name of names) {
          const { prototype } = customElements.get(name); const { update } = prototype;
          prototype.update = function (changed) {
            if (this.closest("#ee-tab-explore")) window.updates++;
            return update.call(this, changed);
          }; } }""",
        EXPLORE,
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
