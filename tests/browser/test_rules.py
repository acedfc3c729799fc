"""Every exit rule in Explore draws what it looks at, with Python's numbers; others are one click away."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.conformal import given
from explorer.evaluate.record import load_records
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import ROOT, find_model
from explorer.pipeline import analyse
from explorer.rules import RULES, decide
from explorer.web.language import strings
from tests.browser.hands import painted, quiet, set_slider

STORE = "window.ExitExplorer.store"
EXAMPLE = ROOT / "assets" / "examples" / "fashion" / "pullover-49.png"
CURVE = "#ee-tab-explore score-curve"
LOOKS = "#ee-tab-explore rule-looks"
SETS = "#ee-tab-explore answer-set"


@pytest.fixture(scope="module")
def model():
    return load_model_folder(find_model("fashion"))


@pytest.fixture(scope="module")
def trace(model):
    """What Python says of one example under every rule."""
    return analyse(model, EXAMPLE)


def words(p):
    """A number in [0, 1] as the page writes it: never 0.00 or 1.00 of what is not."""
    if np.isnan(p):
        return "–"
    if 0.995 <= p < 1:
        return ">0.99"
    return "<0.01" if 0 < p < 0.005 else f"{p:.2f}"


def curve_heights(page):
    """Where the curve's markers stand between the axis' ends, from 0 to 1."""
    return page.locator(CURVE).evaluate(
        """(curve) => {
          const at = (node) => Number(/ (-?[\\d.]+)\\)/.exec(node.getAttribute("transform"))[1]);
          const all = (selector) => [...curve.shadowRoot.querySelectorAll(selector)];
          const lines = all(".grid line").map((line) => Number(line.getAttribute("y1")));
          const [bottom, top] = [Math.max(...lines), Math.min(...lines)];
          return all(".markers .marker").map((marker) => (bottom - at(marker)) / (bottom - top));
        }"""
    )


def check_rows(page, looks):
    """A row for each of the looks, with Python's numbers and bars as high as they are."""
    shown = {
        row.locator("th").inner_text(): row.locator("td .value").all_inner_texts()
        for row in page.locator(f"{LOOKS} tbody tr").all()
    }
    english = strings("en")
    assert shown == {english[f"rules.look_{name}"]: [*map(words, values)] for name, values in looks.items()}
    bars = page.locator(f"{LOOKS} tbody .bar").evaluate_all(
        "(bars) => bars.map((bar) => Number(/scaleY\\((.*)\\)/.exec(bar.style.transform)[1]))"
    )
    expected = np.nan_to_num(np.clip(np.concatenate(list(looks.values())), 0, 1))
    np.testing.assert_allclose(bars, expected, atol=1e-4)


def test_every_rule_draws_its_scores_and_what_it_looks_at(visit, trace):
    page = visit("?example=pullover-49")
    assert trace.readings.keys() == RULES.keys()
    for name, reading in trace.readings.items():
        facts = RULES[name]
        page.locator("#ee-tab-explore rule-controls").get_by_role(
            "radio", name=facts.title, exact=True
        ).check()
        painted(page)
        sent = np.array(page.evaluate(f"{STORE}.scores"), dtype=float)
        np.testing.assert_allclose(sent, reading.scores, atol=1e-4, err_msg=name)
        paper = page.locator("#ee-tab-explore rule-controls .paper")
        expect(paper).to_have_text(f"Paper: {facts.paper}")
        if number := re.search(r"arXiv (\S{10})", facts.paper):
            expect(paper.get_by_role("link")).to_have_attribute("href", f"https://arxiv.org/abs/{number[1]}")
        # The curve: the score at every exit, between the least and the greatest threshold there is.
        top = max(facts.top(9), 9) if facts.high is None else facts.high
        expected = np.clip(
            (np.nan_to_num(reading.scores, nan=facts.low) - facts.low) / (top - facts.low), 0, 1
        )
        np.testing.assert_allclose(curve_heights(page), expected, atol=3e-3, err_msg=name)
        # The rows below it: whatever else the rule looks at, a number under every exit and a bar as high as it.
        rows = page.locator(f"{LOOKS} tbody tr")
        own = {
            k: v for k, v in reading.looks.items() if not np.array_equal(v, reading.scores, equal_nan=True)
        }
        if own:
            expect(rows).to_have_count(len(own))
            check_rows(page, own)
        else:
            expect(page.locator(f"{LOOKS} .looks")).to_be_hidden()
            assert name in (
                "confidence",
                "entropy",
                "patience",
                "pabee",
                "mue",
            )  # the curve draws all they look at
        # And who leaves where, with which answer.
        threshold = page.evaluate(f"{STORE}.thresholds")
        fired = int(decide(reading.scores, threshold))
        assert page.evaluate(f"{STORE}.fired") == fired, name
        answer = trace.under(name).predicted[fired]
        expect(page.locator("#ee-tab-explore answer-card .label")).to_have_text(
            page.evaluate(f"{STORE}.trace.classes.find(({{ index }}) => index === {answer}).label")
        )


def test_rules_that_need_other_weights_are_named_and_one_click_away(visit, model):
    page = visit("?model=fashion-sdn")
    page.wait_for_function(f"{STORE}.model === 'fashion-sdn' && {STORE}.trace")
    line = page.locator("#ee-tab-explore other-weights")
    learned = [name for name, rule in RULES.items() if rule.family == "learned"]
    assert set(learned).isdisjoint(page.evaluate(f"Object.keys({STORE}.rules)"))
    expect(line).to_contain_text(strings("en")["explore.other_weights"])
    expect(line.locator(".elsewhere").get_by_role("button")).to_have_text(
        [RULES[name].title for name in learned]
    )
    line.get_by_role("button", name=RULES["jei-dnn"].title).click()
    page.wait_for_function(f"{STORE}.model === 'fashion' && {STORE}.rule === 'jei-dnn'")
    expect(line.locator(".elsewhere")).to_be_hidden()
    expect(page.locator(f"{LOOKS} tbody th").first).to_have_text(strings("en")["rules.look_gate"])


def test_the_set_of_this_image_follows_grain_exit_and_threshold_without_asking(visit, model, trace):
    page = visit("?example=pullover-49")
    asked = quiet(page)
    view = page.locator(SETS)
    expect(view.locator(".set")).to_be_hidden()
    view.get_by_role("checkbox", name="Show").focus()
    page.keyboard.press("Space")
    view.get_by_role("radio", name="99 %").check()
    sizes = (trace.probabilities >= model.sets["classes"]["0.99"][:, None]).sum(axis=-1)
    expect(view.locator("tbody td")).to_have_text([str(size) for size in sizes])
    assert sizes.max() > 1
    fired, blocks = page.evaluate(f"{STORE}.fired"), [e.block for e in model.network.exits]
    best = np.argsort(-trace.probabilities[fired], kind="stable")[: sizes[fired]]
    named = ", ".join(model.labels[c] for c in best)
    expect(view.locator(".set")).to_have_text(
        f"At block {blocks[fired]}, where the image left, the set has {sizes[fired]} of 10: {named}."
    )
    page.evaluate(f"{STORE}.select(8)")
    expect(view.locator(".set")).to_have_text(re.compile(rf"^At block 12 the set has {sizes[8]} of 10: "))
    page.evaluate(f"{STORE}.setGrain('kinds')")
    expect(view.locator(".set")).to_have_text("At block 12 the set is one answer: top.")
    expect(view.locator(".promise")).to_contain_text("at least 99 %")
    assert asked == []
    assert "sets=0.99" in page.evaluate("new Promise((done) => setTimeout(() => done(location.search), 400))")


def test_sizes_and_coverage_on_test_are_pythons_as_the_threshold_moves(visit):
    page = visit("?tab=tune&sets=0.95", width=390)
    view = page.locator("tune-sets")
    expect(view.locator("tbody tr")).to_have_count(9, timeout=60_000)
    folder = find_model("fashion")
    record = load_records(folder / "evaluation.npz")["test"]
    with np.load(folder / "conformal.npz") as arrays:
        packed = arrays["classes@0.95"]
    asked = quiet(page)
    slider = page.locator("#ee-tab-tune rule-controls").get_by_role("slider", name="Threshold")
    for threshold in (0.5, 0.9, 1.0):
        set_slider(page, slider, threshold)
        fired = decide(record.scores["confidence"], threshold)
        found = given(packed, fired)
        expect(view.locator(".given")).to_have_text(
            f"At these thresholds: {found.size:.2f} classes per set on average; "
            f"{100 * found.coverage:.2f} % of 10,000 test images have their true class in the set."
        )
        counts = np.bincount(fired, minlength=9)
        shown = view.locator("tbody tr").evaluate_all(
            "(rows) => rows.map((r) => [...r.children].map((c) => c.textContent))"
        )
        assert [row[3] for row in shown] == [f"{count:,}" for count in counts]
        assert [row[4] for row in shown] == [
            "–" if n == 0 else f"{s:.2f}" for n, s in zip(counts, found.sizes, strict=True)
        ]
    assert asked == []
    wide = view.evaluate("(e) => e.shadowRoot.querySelector('.layer').scrollWidth <= e.clientWidth")
    assert wide, "the table scrolls in its own frame on a phone"
