"""The glossary in a real Chromium: its words in the lessons, and its list under Learn."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import painted
from tests.browser.test_learn import EN, learn, lesson, state, task  # noqa: F401 - learn is a fixture


def term(page, text):
    return lesson(page).locator("glossary-term").get_by_role("button", name=text, exact=True).first


def test_a_definition_opens_on_hover_and_focus_and_closes_by_escape(learn):  # noqa: F811
    definition = EN["glossary.exit_says"]
    tip = lesson(learn).get_by_role("tooltip").filter(has_text=definition)
    term(learn, "exit").hover()
    expect(tip).to_be_visible()
    learn.mouse.move(5, 5)
    expect(tip).to_be_hidden()
    term(learn, "exit").focus()
    expect(tip).to_be_visible()
    expect(term(learn, "exit")).to_have_accessible_description(re.compile(re.escape(definition)))
    learn.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    assert state(learn, "s.tab") == "learn"


def test_a_definition_opens_and_closes_by_tap_and_stays_on_a_small_screen(chromium, address):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.evaluate("() => window.ExitExplorer.store.setTab('learn')")
    words = page.get_by_role("article").locator("glossary-term").get_by_role("button")
    task(page)  # is the last of the lesson's words to come
    for word in words.all():
        word.tap()
        tip = page.get_by_role("article").get_by_role("tooltip").locator("visible=true")
        expect(tip).to_have_count(1)
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] + box["height"] <= 740
    word.tap()
    expect(page.get_by_role("article").get_by_role("tooltip").locator("visible=true")).to_have_count(0)
    context.close()


def test_a_definition_follows_its_word_when_the_page_moves_and_closes_out_of_sight(chromium, address):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.evaluate("() => window.ExitExplorer.store.setTab('learn')")
    word = page.get_by_role("article").locator("glossary-term").get_by_role("button").first
    tip = page.get_by_role("article").get_by_role("tooltip").locator("visible=true")
    word.evaluate("word => word.scrollIntoView({ block: 'center' })")  # room above it and below
    word.tap()
    expect(tip).to_have_count(1)

    def gap():
        return tip.bounding_box()["y"] - word.bounding_box()["y"]

    before, top = gap(), word.bounding_box()["y"]
    page.evaluate("() => window.scrollBy(0, 40)")
    painted(page)
    assert word.bounding_box()["y"] == pytest.approx(top - 40, abs=2)
    assert gap() == pytest.approx(before, abs=2)
    word.tap()  # the same definition still: the tap closes it
    expect(tip).to_have_count(0)
    word.tap()
    expect(tip).to_have_count(1)
    page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    expect(tip).to_have_count(0)
    context.close()


def test_the_glossary_is_filtered_and_an_address_leads_to_a_term(learn):  # noqa: F811
    glossary = learn.locator("glossary-list")
    names = glossary.get_by_role("term").all_inner_texts()
    bare = [re.sub(r"\W", "", name).lower() for name in names]
    assert bare == sorted(bare)
    glossary.get_by_role("searchbox").fill("frozen unicorn")
    expect(glossary.get_by_text(EN["glossary.none"])).to_be_visible()
    glossary.get_by_role("searchbox").fill("kaya")
    expect(glossary.get_by_role("term")).to_have_count(1)
    expect(glossary.get_by_role("term")).to_contain_text("Overthinking")
    learn.get_by_role("tab", name="Explore").click()
    learn.evaluate("() => { location.hash = '#glossary-macs'; }")
    expect(glossary.get_by_text(EN["glossary.macs_says"])).to_be_in_viewport()
    expect(glossary.get_by_role("term")).to_have_count(len(names))
