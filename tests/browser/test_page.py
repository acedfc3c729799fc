"""The page in a real Chromium: what a person does with it, and what it asks of the server meanwhile."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from explorer.model.catalog import DEFAULT, list_models
from explorer.rules import decide
from explorer.web.model_page import EXAMPLES as ASSETS
from explorer.web.model_page import examples_json
from explorer.web.page import picker_label
from tests.browser.hands import EXPLORE_UPLOAD, painted, quiet, set_slider

STATE = "(() => { const s = window.ExitExplorer.store; return %s; })()"


def state(page, expression):
    """A value of the page's store `s`."""
    return page.evaluate(STATE % expression)


def give(page, path):
    """Upload a file and wait for its answer, good or bad."""
    before = state(page, "[s.example?.id ?? null, s.message]")
    page.set_input_files(EXPLORE_UPLOAD, path)
    page.wait_for_function(
        "([id, message]) => { const s = window.ExitExplorer.store;"
        " return !s.busy && (s.example.id !== id || (s.message && s.message !== message)); }",
        arg=before,
        timeout=60_000,
    )


def set_threshold(page, value):
    set_slider(page, page.get_by_role("slider", name="Threshold").first, value)


def test_first_paint_shows_a_finished_example(page):
    examples = examples_json(DEFAULT)
    first = examples[len(examples) // 2]
    assert state(page, "s.example.id") == first["id"]
    expect(page.locator("answer-card .left")).to_have_text(
        re.compile(r"left at block \d+ of 12", re.IGNORECASE)
    )
    expect(page.get_by_role("listbox", name="Exit ladder").get_by_role("option")).to_have_count(9)


def test_moving_the_threshold_decides_as_python_does_and_asks_the_server_nothing(page):
    scores = np.array(state(page, "s.trace.scores.confidence"))
    asked = quiet(page)
    blocks = state(page, "s.trace.exits.map((e) => e.block)")
    for threshold in (0.05, 0.5, 0.8, 0.9, 0.99, 1.0):
        set_threshold(page, threshold)
        fired = int(decide(scores, threshold))
        assert state(page, "s.fired") == fired
        left = re.compile(f"block {blocks[fired]} of 12" if fired < 8 else "went through all 12 blocks")
        expect(page.locator("answer-card .left")).to_have_text(left)
    assert asked == []


def test_every_rule_decides_as_python_does(page):
    asked = quiet(page)
    for name, thresholds in (
        ("Entropy", (0.2, 0.7, 0.95)),
        ("Patience", (1, 2, 5, 9)),
        ("Confidence", (0.6,)),
    ):
        page.get_by_role("radio", name=name).check()
        scores = np.array(state(page, f"s.trace.scores.{name.lower()}"))
        for threshold in thresholds:
            set_threshold(page, threshold)
            assert state(page, "s.thresholds") == threshold
            assert state(page, "s.fired") == int(decide(scores, threshold))
    assert asked == []


def test_the_threshold_line_can_be_dragged(page):
    set_threshold(page, 0.5)
    asked = quiet(page)
    line = page.locator("score-curve").get_by_role("slider", name="Threshold")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=5)
    page.mouse.up()
    painted(page)
    assert state(page, "s.thresholds") > 0.6
    assert asked == []


def test_the_line_and_the_ladder_work_by_keyboard(page):
    set_threshold(page, 0.5)
    line = page.locator("score-curve").get_by_role("slider", name="Threshold")
    line.focus()
    page.keyboard.press("ArrowUp")
    assert state(page, "s.thresholds") == pytest.approx(0.505)
    fired = state(page, "s.fired")
    page.get_by_role("listbox", name="Exit ladder").get_by_role("option").nth(8 - fired).focus()
    page.keyboard.press("ArrowUp")
    assert state(page, "s.selected") == min(fired + 1, 8)


def test_an_example_opens_without_the_server(page):
    asked = quiet(page)
    last = examples_json(DEFAULT)[-1]
    page.locator("example-strip").get_by_role("button").last.click()
    assert state(page, "s.example.id") == last["id"]
    assert [url for url in asked if not url.startswith("data:")] == []


def test_an_uploaded_example_gets_the_stored_answer(page, tmp_path):
    example = examples_json(DEFAULT)[0]
    path = next(p for p in (ASSETS / DEFAULT).glob("*.png") if p.stem == example["id"])
    give(page, path)
    assert state(page, "s.example.id").startswith("upload-")
    stored = [max(row) for row in example["trace"]["probabilities"]]
    shown = state(page, "s.trace.probabilities.map((row) => Math.max(...row))")
    np.testing.assert_allclose(shown, stored, atol=1e-4)


def test_a_photo_on_white_is_brought_halfway(page, tmp_path):
    garment = Image.open(sorted((ASSETS / DEFAULT).glob("sneaker*.png"))[0])
    photo = Image.new("L", (500, 400), 250)
    photo.paste(garment.point(lambda v: 250 - v).resize((280, 280), Image.Resampling.BICUBIC), (150, 60))
    photo.convert("RGB").save(tmp_path / "photo.jpg", quality=90)
    give(page, tmp_path / "photo.jpg")
    assert "inverted" in state(page, "s.example.note")
    assert state(page, "s.trace.classes[s.trace.predicted.at(-1)].label") in {
        "Sneaker",
        "Ankle boot",
        "Sandal",
    }
    assert state(page, "s.example.saw").startswith("data:image/png")


@pytest.mark.parametrize("name", ["text.png", "cut.jpg", "empty.jpg"])
def test_a_bad_file_gets_one_sentence_and_nothing_is_lost(page, tmp_path, name):
    path = tmp_path / name
    if name == "cut.jpg":
        Image.effect_noise((300, 300), 90).save(path, quality=95)
        path.write_bytes(path.read_bytes()[:4000])
    else:
        path.write_bytes(b"" if name == "empty.jpg" else b"this is no picture")
    before = state(page, "JSON.stringify(s.trace)")
    give(page, path)
    sentence = state(page, "s.message")
    assert re.fullmatch(r"[A-Z][^\n]{10,160}\.", sentence)
    assert "Traceback" not in sentence
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    assert state(page, "JSON.stringify(s.trace)") == before


def test_a_sixteen_bit_tiff_is_read(page, tmp_path):
    ramp = np.zeros((60, 60), dtype=np.uint16)
    ramp[10:50, 20:40] = 60_000
    Image.fromarray(ramp).save(tmp_path / "deep.tiff")
    give(page, tmp_path / "deep.tiff")
    assert state(page, "s.message") is None
    assert len(state(page, "s.trace.exits")) == 9


def test_saliency_of_an_upload_is_asked_for_once_and_shown(page):
    give(page, next((ASSETS / DEFAULT).glob("bag*.png")))
    set_threshold(page, 0.0)  # the first exit, which has a local head
    asked = quiet(page)
    page.get_by_role("tab", name="Saliency").click()
    label, index = state(page, "(({label, index}) => [label, index])(s.trace.classes[s.trace.predicted[0]])")
    said = re.compile(f"Strongest evidence for {label} in row|No evidence")
    expect(page.locator("#ee-tab-explore saliency-view").get_by_text(said).first).to_be_visible(
        timeout=20_000
    )
    question = f"{{ method: 'grad-cam', exit: 0, classes: [{index}] }}"
    assert state(page, f"s.maps.get({question}).map.grid") == [7, 7]
    assert [url for url in asked if url.endswith("component_server/")] != []
    assert len(asked) == 1


def test_attention_thumbnails_cover_every_block_and_head(page):
    page.get_by_role("tab", name="Attention").click()
    attention = state(page, "s.maps.get({ method: 'attention' }).map.axes")
    cells = page.get_by_role("grid", name="Attention maps by block and head").get_by_role("gridcell")
    expect(cells).to_have_count(attention["block"] * (attention["head"] + 1))  # and their mean


def test_class_probabilities_are_drawn(page):
    page.get_by_role("tab", name="Class probabilities over depth").click()
    drawn = page.locator("depth-chart .curves path.curve")
    expect(drawn.first).to_be_visible()
    peaks = state(
        page, "s.trace.classes.map((_, c) => Math.max(...s.trace.probabilities.map((row) => row[c])))"
    )
    assert drawn.count() == min(8, sum(peak >= 0.05 for peak in peaks))


@pytest.mark.parametrize("width", [360, 390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_overflows_on_any_screen(chromium, address, width, theme):
    context = chromium.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(f"{address}?__theme={theme}")
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")
    context.close()


def test_nothing_jumps_when_another_image_is_shown(page):
    page.wait_for_timeout(500)
    page.evaluate(
        "() => { window.shift = 0; new PerformanceObserver((list) => { for (const e of list.getEntries())"
        " window.shift += e.value; }).observe({ type: 'layout-shift' }); }"
    )
    for i in range(3):
        # Not by a click: a shift within half a second of one is not counted.
        page.evaluate("(i) => { const s = window.ExitExplorer.store; s.show(s.examples[i + 1]); }", i)
        page.wait_for_timeout(250)
    assert page.evaluate("window.shift") < 0.02


def test_another_model_brings_its_own_answers(page):
    other = list_models()[1]
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=picker_label(other), exact=True).click()
    page.wait_for_function(
        "(name) => window.ExitExplorer.store.trace.model === name", arg=other.name, timeout=60_000
    )
    assert len(state(page, "s.examples")) == len(examples_json(DEFAULT))


def test_a_visitors_picture_stays_under_another_model_and_after_a_reload_and_leaves_with_the_tab(page):
    path = next((ASSETS / DEFAULT).glob("bag*.png"))
    give(page, path)
    picture = state(page, "s.example.image")
    other = list_models()[1]
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=picker_label(other), exact=True).click()
    page.wait_for_function(
        "(name) => window.ExitExplorer.store.model === name", arg=other.name, timeout=60_000
    )
    assert state(page, "[s.example.id, s.trace.model, s.busy, s.message]") == [
        "upload-1",
        other.name,
        False,
        None,
    ]
    assert state(page, "s.example.image") == picture

    kept = "async () => (await indexedDB.databases()).length > 0 && sessionStorage.getItem('exit-explorer-own-picture')"
    page.wait_for_function(kept)
    page.wait_for_function("(name) => location.search.includes(name)", arg=other.name)
    page.reload()
    page.wait_for_function("window.ExitExplorer?.store?.example?.id?.startsWith('upload')", timeout=60_000)
    assert state(page, "[s.example.image, s.trace.model, s.busy]") == [picture, other.name, False]

    page.locator("example-strip").first.get_by_role("button").first.click()
    page.wait_for_function("sessionStorage.getItem('exit-explorer-own-picture') === null")
    page.reload()
    page.wait_for_function("window.ExitExplorer?.store?.example")
    page.wait_for_load_state("networkidle")
    assert not state(page, "s.example.id").startswith("upload")


def test_the_api_answers_as_the_page_does(address):
    from gradio_client import Client, handle_file

    path = next((ASSETS / DEFAULT).glob("bag*.png"))
    answer = Client(address, verbose=False).predict(handle_file(str(path)), DEFAULT, api_name="/analyse")
    assert [e["block"] for e in answer["exits"]] == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [e["macs"] for e in answer["exits"]] == sorted(e["macs"] for e in answer["exits"])
