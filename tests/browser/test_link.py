"""The address bar in a real Chromium: what is seen is in the address, and the address brings it back."""

import re

from playwright.sync_api import expect

from explorer.model.catalog import DEFAULT, list_models
from explorer.web.model_page import EXAMPLES as ASSETS
from explorer.web.model_page import examples_json
from explorer.web.page import picker_label
from tests.browser.hands import EXPLORE_UPLOAD

OTHER = list_models()[1]
MINUTE = 60_000


def state(page, expression):
    return page.evaluate(f"(() => {{ const s = window.ExitExplorer.store; return {expression}; }})()")


def search(page):
    """The query string once the page has had time to write it."""
    page.wait_for_timeout(400)
    return page.evaluate("location.search")


def test_a_page_as_it_opens_has_a_bare_address_and_no_note(visit):
    page = visit("")
    assert search(page) == ""
    expect(page.locator("page-note p")).to_be_hidden()


def test_what_is_done_is_written_and_opening_it_again_restores_it(visit, address):
    page = visit("")
    page.get_by_role("radio", name="Entropy").first.check()
    page.get_by_role("slider", name="Threshold").first.press("ArrowRight")
    page.locator("example-strip").first.get_by_role("button").first.click()
    rung = page.get_by_role("listbox", name="Exit ladder").get_by_role("option").nth(2)
    rung.click()
    example = examples_json(DEFAULT)[0]["id"]
    threshold = state(page, "s.thresholds")
    assert search(page) == f"?rule=entropy&threshold={threshold}&example={example}&exit=10"

    again = visit(search(page))
    assert state(again, "[s.rule, s.thresholds, s.example.id]") == ["entropy", threshold, example]
    assert state(again, "s.trace.exits[s.selected].block") == 10
    expect(again.get_by_role("radio", name="Entropy").first).to_be_checked()
    assert search(again) == search(page)


def test_thresholds_per_exit_tab_language_and_tour_page_are_restored(visit):
    query = "?tab=tune&threshold=0.9,0.8,0.7,0.6,0.5,0.5,0.5,0.5&lesson=3&lang=de"
    page = visit(query)
    assert state(page, "s.thresholds") == [0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5]
    assert state(page, "[s.tab, s.lesson, s.language]") == ["tune", 2, "de"]
    expect(page.get_by_role("tab", name="Abstimmen")).to_have_attribute("aria-selected", "true")
    assert search(page) == query


def test_another_model_is_asked_for_and_the_picker_shows_it(visit):
    page = visit(f"?model={OTHER.name}&threshold=0.5")
    assert state(page, "[s.model, s.trace.model, s.thresholds]") == [OTHER.name, OTHER.name, 0.5]
    expect(page.get_by_role("combobox", name="Model", exact=True)).to_have_value(picker_label(OTHER))
    assert search(page) == f"?model={OTHER.name}&threshold=0.5"


def test_other_peoples_parameters_stay(visit):
    page = visit("?__theme=dark&utm=a%20b")
    page.get_by_role("radio", name="Patience").first.check()
    assert search(page) == "?__theme=dark&utm=a%20b&rule=patience"
    assert page.evaluate("document.body.classList.contains('dark')")


BAD = {
    "model=nobody": "there is no model “nobody”",
    "rule=guess": "there is no exit rule “guess”",
    "example=none": "this model has no example “none”",
    "threshold=7": "the threshold “7” is not between 0 and 1",
    "threshold=NaN": "the threshold “NaN” is not a number",
    "threshold=0.5,0.6": "the threshold has 2 numbers, where one or 8 are expected",
    "exit=2": "there is no exit behind block “2”, only behind 4, 5, 6, 7, 8, 9, 10, 11, 12",
    "tab=nowhere": "there is no view “nowhere”",
    "lesson=999": "the tour has pages 1 to",
    "lang=xx": "there is no language “xx”",
    "compare=planets": "Compare has no mode “planets”",
    "model_b=<img src=x onerror=alert(1)>": "there is no model “<img src=x onerror=alert(1)>”",
}


def test_all_bad_values_are_ignored_with_one_note_that_can_be_dismissed(visit):
    query = "&".join(BAD).replace("threshold=NaN&threshold=0.5,0.6&", "")
    page = visit(f"?{query}&rest=kept")
    said = page.locator("page-note").get_by_role("status")
    for key, sentence in BAD.items():
        if key not in ("threshold=NaN", "threshold=0.5,0.6"):
            expect(said).to_contain_text(sentence)
    assert state(page, "[s.model, s.rule, s.tab, s.language, s.lesson]") == [
        DEFAULT,
        "confidence",
        "explore",
        "en",
        0,
    ]
    assert search(page) == "?rest=kept"
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("button", name="Dismiss")).to_be_hidden()


def test_a_bad_threshold_is_said_and_the_good_rest_restored(visit):
    for bad in ("threshold=NaN", "threshold=0.5,0.6"):
        page = visit(f"?rule=entropy&{bad}")
        expect(page.locator("page-note").get_by_role("status")).to_contain_text(BAD[bad])
        assert state(page, "s.thresholds") == state(page, "s.rules.entropy.default")
        assert search(page) == "?rule=entropy"


def test_back_and_forward_walk_through_the_tabs_and_nothing_else(visit):
    page = visit("")
    page.get_by_role("tab", name="Tune").click()
    page.get_by_role("tab", name="Compare").click()
    page.evaluate("() => window.ExitExplorer.store.setThresholds(0.4)")
    assert search(page) == "?tab=compare&threshold=0.4"
    page.go_back()
    page.wait_for_function("window.ExitExplorer.store.tab === 'tune'")
    assert search(page) == "?tab=tune&threshold=0.4"
    page.go_back()
    page.wait_for_function("window.ExitExplorer.store.tab === 'explore'")
    expect(page.get_by_role("tab", name="Explore")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    page.wait_for_function("window.ExitExplorer.store.tab === 'tune'")


def test_a_drag_writes_the_address_when_it_rests(visit):
    page = visit("")
    page.wait_for_timeout(400)
    written, pauses = page.evaluate(
        """async () => {
          let written = 0, pauses = 0, before = performance.now();
          const old = history.replaceState.bind(history);
          history.replaceState = (...all) => { written++; old(...all); };
          for (let step = 1; step <= 30; step++) {
            window.ExitExplorer.store.setThresholds(0.3 + step / 100);
            const now = await new Promise(requestAnimationFrame);
            if (now - before > 200) pauses++; // a busy machine may rest in the middle
            before = now;
          }
          return [written, pauses];
        }"""
    )
    assert written <= pauses
    assert search(page) == "?threshold=0.6"


def test_share_copies_the_address_without_what_is_this_visitors_own(visit, address):
    page = visit("?__theme=light&__sign=secret", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("radio", name="Patience").first.check()
    page.get_by_role("button", name="Share").click()
    expect(page.locator("share-link").get_by_role("status")).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}?rule=patience"


def test_share_of_an_upload_says_that_the_picture_stays(visit, address):
    page = visit("?threshold=0.5", permissions=["clipboard-read", "clipboard-write"])
    page.set_input_files(EXPLORE_UPLOAD, next((ASSETS / DEFAULT).glob("bag*.png")))
    page.wait_for_function("window.ExitExplorer.store.example.id.startsWith('upload')", timeout=MINUTE)
    assert search(page) == "?threshold=0.5"
    page.get_by_role("button", name="Share").click()
    expect(page.locator("share-link").get_by_role("status")).to_contain_text("it stays on this page")
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}?threshold=0.5"


def test_where_nothing_may_be_copied_the_address_is_shown(visit, address):
    page = visit("?threshold=0.5")
    page.evaluate(
        "() => { Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        " document.execCommand = () => false; }"
    )
    page.get_by_role("button", name="Share").click()
    field = page.get_by_role("textbox", name="Link to this view")
    expect(field).to_have_value(f"{address}?threshold=0.5")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.get_by_role("button", name="Share")).to_be_focused()


def test_in_a_frame_share_gives_the_direct_address_and_says_so(visit, address):
    page = visit("")
    page.set_content(f'<iframe src="{address}?threshold=0.5" width="1200" height="700"></iframe>')
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Share").click(timeout=MINUTE)
    expect(frame.locator("share-link").get_by_role("status")).to_contain_text(
        re.compile("opens this page on its own")
    )
