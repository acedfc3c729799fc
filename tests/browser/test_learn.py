"""The Learn tab in a real Chromium: every lesson done as a person would, and the task taken along."""

import re

import pytest
from playwright.sync_api import expect

from explorer.model.catalog import DEFAULT, list_models
from explorer.web.language import strings
from explorer.web.page import picker_label
from tests.browser.hands import painted, set_slider

expect.set_options(timeout=20_000)  # a busy machine draws late; what never comes still fails
STATE = "(() => { const s = window.ExitExplorer.store; return %s; })()"
EN = strings("en")
LESSONS = [
    "depth",
    "block",
    "heads",
    "score",
    "tradeoff",
    "rules",
    "saved",
    "grain",
    "calibration",
    "overthinking",
    "lgvit",
    "maps",
    "rollout",
    "trust",
    "ship",
]


def state(page, expression):
    """A value of the page's store `s`."""
    return page.evaluate(STATE % expression)


@pytest.fixture
def learn(page):
    """The page on its Learn tab, every lesson still to do."""
    page.get_by_role("tab", name="Learn").click()
    page.get_by_role("navigation").get_by_role("button", name="1. ").first.wait_for()
    return page


def lesson(page):
    return page.get_by_role("article")


def open_lesson(page, name):
    title = EN[f"learn.{name}_title"]
    page.get_by_role("navigation").get_by_role("button", name=title).click()
    expect(lesson(page).get_by_role("heading", name=title)).to_be_focused()


def set_stage(page):
    lesson(page).get_by_role("button", name=EN["learn.stage"]).click()


def task(page):
    """The sentence that says what to do, once it is known."""
    words = page.get_by_role("region", name=EN["learn.try"]).locator("#task")
    expect(words).not_to_have_text(EN["learn.waiting"])
    return words.inner_text()


def is_done(page, name):
    title = EN[f"learn.{name}_title"]
    return (
        page.get_by_role("navigation").get_by_role("button", name=f"{title}, {EN['learn.done_mark']}").count()
        > 0
    )


def expect_done(page, name):
    button = page.get_by_role("navigation").get_by_role(
        "button", name=f"{EN[f'learn.{name}_title']}, {EN['learn.done_mark']}"
    )
    expect(button).to_be_visible(timeout=10_000)


def threshold(page, value):
    set_slider(page, lesson(page).get_by_role("slider", name="Threshold").first, value)


def rungs(within):
    """The exits of the ladder, from the top."""
    return within.get_by_role("listbox", name="Exit ladder").get_by_role("option")


def pictures(page):
    return lesson(page).get_by_role("list", name="Examples").get_by_role("button")


def sweep(page, name, values):
    """Move the threshold until the lesson is done, as a person would who watches the tick."""
    for value in values:
        threshold(page, value)
        if is_done(page, name):
            return
    raise AssertionError(f"no threshold did the task of '{name}'")


def do_depth(page):
    set_stage(page)
    pictures(page).first.click()
    pictures(page).last.click()


def do_block(page):
    lesson(page).get_by_role("button", name=EN["learn.explore"]).click()
    first, last = re.findall(r"block (\d+)", page.get_by_role("complementary").locator("#task").inner_text())
    explore = page.get_by_role("tabpanel", name="Explore")
    for block in (first, last):
        explore.get_by_role("option", name=re.compile(f"Block {block},")).click()
    strip = page.get_by_role("complementary", name=EN["learn.strip"])
    expect(strip).to_contain_text(f"behind block {first} and behind block {last}")
    strip.get_by_role("button", name=EN["learn.strip_back"]).click()


def do_heads(page):
    for letter in re.search(r"kind: (.*)\.", task(page))[1].replace("and", "").replace(",", " ").split():
        name = {"L": "local", "G": "global", "C": "linear", "End": "own last layer"}[letter]
        rungs(lesson(page)).filter(has=page.locator(f".badge:text-is('{letter}')")).first.click()
        expect(rungs(lesson(page)).and_(page.get_by_role("option", selected=True))).to_have_accessible_name(
            re.compile(name)
        )


def do_score(page):
    set_stage(page)
    block = int(re.search(r"leaves at block (\d+)", task(page))[1])
    exit_ = state(page, f"s.trace.exits.findIndex((e) => e.block === {block})")
    scores = state(page, "s.trace.scores.confidence")
    # Above every earlier score and not above its own, on the slider's steps.
    threshold(page, int(scores[exit_] * 200) / 200)
    expect_done(page, "score")
    assert state(page, "s.trace.exits[s.fired].block") == block


def do_tradeoff(page):
    set_stage(page)
    sweep(page, "tradeoff", [i / 100 for i in range(99, 0, -1)])
    expect(lesson(page).locator("tradeoff-figure").get_by_role("img").first).to_have_accessible_name(
        re.compile(r"threshold 0\.\d+: cost \d+\.\d %, (accuracy|agreement) \d+\.\d\d %")
    )


def do_rules(page):
    set_stage(page)
    for name in ("Entropy", "Patience", "Confidence"):
        lesson(page).get_by_role("radio", name=name).check()


def do_saved(page):
    set_stage(page)
    threshold(page, 0)
    painted(page)
    threshold(page, 1)


def do_grain(page):
    set_stage(page)
    lesson(page).get_by_role("radio", name="5 kinds", exact=True).check(force=True)


def do_calibration(page):
    task(page)
    count = rungs(lesson(page)).count()
    for i in range(count):
        if is_done(page, "calibration"):
            break
        rungs(lesson(page)).nth(i).click()
        painted(page)
    expect(
        lesson(page).get_by_role("heading", name=re.compile(r"Reliability of the exit behind block \d+"))
    ).to_be_visible()


def do_overthinking(page):
    set_stage(page)
    sweep(page, "overthinking", [i / 50 for i in range(50, -1, -1)])
    if "which is wrong" in task(page):
        answer = state(page, "s.trace.classes[s.trace.predicted[s.fired]].label")
        assert answer == state(page, "s.example.label")


def do_lgvit(page):
    task(page)
    other = next(entry for entry in list_models() if entry.name != DEFAULT)
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=picker_label(other), exact=True).click()
    page.wait_for_function(
        "(name) => window.ExitExplorer.store.trace.model === name", arg=other.name, timeout=60_000
    )


def do_maps(page):
    for i in (0, 1, 2):
        pictures(page).nth(i).click()


def do_rollout(page):
    view = page.locator("#ee-tab-learn attention-view")
    view.locator("#method").select_option("rollout")
    view.get_by_role("button", name=re.compile("^Choose a patch")).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")


def do_trust(page):
    view = page.locator("#ee-tab-learn saliency-view")
    for method in ("grad-cam", "relevance", "occlusion"):
        view.get_by_label("Method").select_option(method)
        expect(view.locator("#one .scale")).to_be_visible()
        page.wait_for_function(
            f"window.ExitExplorer.store.maps.answered.some((one) => one.method === '{method}')",
            timeout=60_000,
        )


def do_ship(page):
    set_stage(page)
    sweep(page, "ship", [i / 100 for i in range(95, 0, -1)])


def test_every_lesson_is_ticked_once_its_task_is_done(learn):
    """One walk through the whole tour; the lesson that changes the model comes last."""
    for name in sorted(LESSONS, key=lambda name: name == "lgvit"):
        open_lesson(learn, name)
        task(learn)
        assert not is_done(learn, name), name
        globals()[f"do_{name}"](learn)
        expect_done(learn, name)
        expect(lesson(learn).get_by_role("status").first).not_to_be_empty()
    expect(learn.get_by_text(f"{len(LESSONS)} of {len(LESSONS)} done")).to_be_visible()


def test_next_and_previous_lead_through_all_pages(learn):
    for name in LESSONS[1:]:
        lesson(learn).get_by_role("button", name="Next:").click()
        expect(lesson(learn).get_by_role("heading", name=EN[f"learn.{name}_title"])).to_be_focused()
    assert state(learn, "s.lesson") == len(LESSONS) - 1
    expect(lesson(learn).get_by_role("button", name="Next:")).to_be_hidden()
    lesson(learn).get_by_role("button", name="Previous:").click()
    assert state(learn, "s.lesson") == len(LESSONS) - 2


def test_what_was_done_is_remembered_and_can_be_forgotten(learn):
    open_lesson(learn, "maps")
    do_maps(learn)
    expect_done(learn, "maps")
    learn.reload()
    learn.wait_for_function("window.ExitExplorer?.store?.trace")
    learn.get_by_role("tab", name="Learn").click()
    expect_done(learn, "maps")
    learn.get_by_role("button", name=EN["learn.start_over"]).click()
    expect(learn.get_by_text(f"0 of {len(LESSONS)} done")).to_be_visible()
    assert not is_done(learn, "maps")


def test_the_lessons_figures_are_gone_when_learn_is_left(learn):
    open_lesson(learn, "score")
    expect(lesson(learn).locator("score-curve")).to_be_visible()
    learn.get_by_role("tab", name="Explore").click()
    expect(learn.locator("lesson-page score-curve")).to_have_count(0)


def test_a_task_taken_along_can_be_closed_and_leaves_the_page_as_it_was(learn):
    open_lesson(learn, "saved")
    lesson(learn).get_by_role("button", name=EN["learn.explore"]).click()
    strip = learn.get_by_role("complementary", name=EN["learn.strip"])
    expect(strip).to_be_visible()
    assert state(learn, "s.tab") == "explore"
    strip.get_by_role("button", name=EN["learn.strip_close"]).click()
    expect(strip).to_be_hidden()
    assert learn.evaluate("document.body.style.paddingBottom") == ""


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_on_a_phone_nothing_overflows_and_the_strip_leaves_every_control_reachable(
    chromium, address, language
):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale=language)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    for i in range(len(LESSONS)):
        page.evaluate("(i) => { const s = window.ExitExplorer.store; s.setTab('learn'); s.setLesson(i); }", i)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, LESSONS[i]
    words = strings(language[:2])
    page.evaluate("() => window.ExitExplorer.store.setLesson(0)")
    page.get_by_role("button", name=words["learn.explore"]).click()
    strip = page.get_by_role("complementary", name=words["learn.strip"])
    box = strip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    # Tabs are drawn when they are first shown, so the page may still grow: at its very end nothing is under the strip.
    page.wait_for_function(
        """(top) => {
          window.scrollTo(0, document.body.scrollHeight);
          const parts = [...document.querySelectorAll('footer, #ee-tab-explore')];
          return Math.max(...parts.map((part) => part.getBoundingClientRect().bottom)) <= top;
        }""",
        arg=strip.bounding_box()["y"],
    )
    context.close()
