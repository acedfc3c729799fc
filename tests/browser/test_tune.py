"""The Tune tab in a real Chromium: its numbers are Python's, its thresholds work here and on the command line."""

import csv
import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.evaluate.calibration import reliability
from explorer.evaluate.overthinking import overthinking
from explorer.evaluate.record import Record, load_records
from explorer.evaluate.tradeoff import Aim, at_threshold, at_thresholds, own_threshold
from explorer.model.catalog import DEFAULT, find_model
from explorer.rules import decide
from explorer.web.model_page import EXAMPLES
from explorer.web.records import pack_record
from tests.browser.hands import painted, quiet, set_slider

READY = "document.querySelector('.ee-tune')?.dataset.state === 'ready'"


@pytest.fixture(scope="module")
def records():
    return load_records(find_model(DEFAULT) / "evaluation.npz")


@pytest.fixture
def tune(page):
    """The page with the Tune tab open and its evaluation there."""
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_function(READY, timeout=60_000)
    return page


def state(page, expression):
    return page.evaluate(f"(() => {{ const s = window.ExitExplorer.store; return {expression}; }})()")


def set_threshold(page, value):
    set_slider(page, page.locator(".ee-tune rule-controls").get_by_role("slider", name="Threshold"), value)


def percent(share, digits=2):
    return f"{100 * share:.{digits}f} %"


def leaving_shown(page):
    return page.locator("tune-leaving tbody tr").evaluate_all(
        "(rows) => rows.map((r) => [r.querySelector('.number').textContent, r.children[2].textContent])"
    )


def test_the_evaluation_is_asked_for_when_the_tab_is_opened_and_only_once(page):
    asked = []
    page.on(
        "request",
        lambda request: asked.append(request.post_data) if "component_server" in request.url else None,
    )
    page.wait_for_timeout(300)
    assert asked == []
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_function(READY, timeout=60_000)
    page.get_by_role("tab", name="Explore").click()
    page.get_by_role("tab", name="Tune").click()
    page.get_by_role("radio", name="Test, 10,000").check()
    page.wait_for_timeout(300)
    assert len(asked) == 1
    assert "evaluation" in asked[0]


def test_every_number_is_pythons_as_the_threshold_moves_and_nothing_is_asked(tune, records):
    page = tune
    asked = quiet(page)
    for split, radio in (("validation", "Validation, 5,000"), ("test", "Test, 10,000")):
        page.get_by_role("radio", name=radio).check()
        for rule, thresholds in (("confidence", (0.3, 0.68, 0.995)), ("patience", (2, 6))):
            page.get_by_role("radio", name=rule.capitalize()).check()
            for threshold in thresholds:
                set_threshold(page, threshold)
                record = records[split]
                found = at_threshold(record, rule, threshold)
                over = overthinking(record, decide(record.scores[rule], threshold))
                expect(page.locator("tune-summary #accuracy")).to_have_text(percent(found.accuracy))
                expect(page.locator("tune-summary #factor")).to_have_text(f"{found.by_macs:.2f}×")
                expect(page.locator("tune-overthinking [data-kind=wasteful] td b").first).to_have_text(
                    percent(over.wasteful)
                )
                expect(page.locator("tune-overthinking [data-kind=too_early] td b").first).to_have_text(
                    percent(over.too_early)
                )
                assert leaving_shown(page) == [
                    [percent(share), "–" if np.isnan(right) else percent(right, 1)]
                    for share, right in zip(found.leaving, found.right, strict=True)
                ]
    assert [url for url in asked if not url.startswith("data:")] == []


def test_the_live_point_is_dragged_and_moved_by_keys(tune):
    page = tune
    set_threshold(page, 0.5)
    point = page.locator("tune-tradeoff").get_by_role("slider", name="these thresholds")
    point.focus()
    page.keyboard.press("ArrowRight")
    assert state(page, "s.thresholds") == pytest.approx(0.505)
    page.keyboard.press("End")
    assert state(page, "s.thresholds") == 1
    box, plot = point.bounding_box(), page.locator("tune-tradeoff svg.plot").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(plot["x"] + 60, y, steps=4)  # the left end: the cheapest
    page.mouse.up()
    painted(page)
    assert state(page, "s.thresholds") < 0.5
    expect(page.locator("tune-leaving .number").first).not_to_have_text("0.00 %")


def test_choosing_an_exit_shows_its_reliability(tune, records):
    page = tune
    page.locator("tune-leaving").get_by_role("button", name="Block 7").click()
    assert state(page, "s.selected") == 3
    ece = reliability(records["validation"], 3).ece
    expect(page.locator("tune-reliability .says")).to_contain_text(f"Block 7: ECE {100 * ece:.2f} points")
    page.locator("tune-reliability").get_by_role("button", name="Block 12").click()
    assert state(page, "s.selected") == 8


def test_found_thresholds_are_used_here_and_on_the_command_line(tune, records, tmp_path):
    page = tune
    finder = page.locator("tune-finder")
    budget = finder.get_by_role("spinbutton", name="Times fewer MACs")
    budget.fill("1.9")
    budget.press("Tab")
    best = own_threshold(records["validation"], "confidence", Aim(1.9))
    expect(finder.locator(".chosen")).to_have_text(f"Confidence {best:.3f} at every exit")
    promised, measured = (
        at_threshold(records[split], "confidence", best) for split in ("validation", "test")
    )
    rows = finder.locator("tbody tr")
    expect(rows.nth(0).locator("td").first).to_have_text(percent(promised.accuracy))
    expect(rows.nth(1).locator("td").first).to_have_text(percent(measured.accuracy))
    finder.get_by_role("button", name="Use here").click()
    painted(page)
    assert state(page, "s.thresholds") == best

    finder.get_by_role("radio", name="one per exit").check()
    with page.expect_download() as downloading:
        finder.get_by_role("button", name="Save as file").click()
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    facts = json.loads(path.read_text())
    assert (facts["model"], facts["rule"], len(facts["thresholds"])) == (DEFAULT, "confidence", 8)
    found = at_thresholds(records["validation"], "confidence", facts["thresholds"])
    assert facts["promised"]["accuracy"] == pytest.approx(found.accuracy)
    assert facts["promised"]["by_macs"] == pytest.approx(found.by_macs)
    assert found.by_macs >= 1.9
    assert found.accuracy >= promised.accuracy
    assert facts["measured"]["accuracy"] == pytest.approx(
        at_thresholds(records["test"], "confidence", facts["thresholds"]).accuracy
    )

    finder.get_by_role("button", name="Use here").click()
    painted(page)
    assert state(page, "s.thresholds") == facts["thresholds"]
    shown = state(page, "s.examples.map((e) => [e.id, s.firedOf(e.trace)])")
    images = [str(EXAMPLES / DEFAULT / f"{name}.png") for name, _ in shown]
    ran = CliRunner().invoke(app, ["classify", *images, "--json", "--thresholds", str(path)])
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert [json.loads(line)["exit"]["index"] for line in ran.stdout.splitlines()] == [e for _, e in shown]
    told = CliRunner().invoke(app, ["evaluate", "--stored", "--markdown", "--thresholds", str(path)])
    page.get_by_role("radio", name="Test, 10,000").check()
    accuracy = page.locator("tune-summary #accuracy").inner_text().removesuffix(" %")
    assert f"| test (10000) | {accuracy} |" in told.stdout


def test_a_goal_that_is_no_number_and_one_out_of_reach_are_said(tune):
    finder = tune.locator("tune-finder")
    budget = finder.get_by_role("spinbutton", name="Times fewer MACs")
    budget.fill("")
    budget.press("Tab")
    expect(finder.get_by_role("status")).to_have_text("Enter a goal above 0.")
    expect(finder.get_by_role("button", name="Use here")).to_be_hidden()
    floor = finder.get_by_role("spinbutton", name="Lowest accuracy in percent")
    floor.fill("99.9")
    floor.press("Tab")
    expect(finder.get_by_role("status")).to_contain_text("No setting of this rule is that accurate")


def test_the_hardest_image_opens_in_explore_as_it_was_evaluated(tune, records):
    gallery = json.loads((find_model(DEFAULT) / "gallery.json").read_text())
    index = gallery["hardest"][0]
    tune.locator("tune-gallery [data-group=hardest]").get_by_role("button").first.click()
    tune.wait_for_function(
        "(id) => window.ExitExplorer.store.example.id === id", arg=f"test-{index}", timeout=60_000
    )
    assert state(tune, "s.tab") == "explore"
    # A record's scores are rounded down to a 4,096th.
    rounding = state(tune, "s.trace.scores.confidence") - records["test"].scores["confidence"][index]
    assert rounding.min() > -1e-4
    assert rounding.max() < 1 / 4096 + 1e-4
    expect(tune.locator("answer-card")).to_be_visible()


def test_classes_are_sorted_and_taken_home(tune, records, tmp_path):
    classes = tune.locator("tune-classes")
    classes.get_by_role("button", name="Images").click()
    expect(classes.get_by_role("columnheader", name="Images")).to_have_attribute("aria-sort", "descending")
    counts = np.bincount(records["validation"].labels)
    shown = [int(text) for text in classes.locator("tbody tr td:nth-child(2)").all_inner_texts()]
    assert shown == sorted(counts.tolist(), reverse=True)
    with tune.expect_download() as downloading:
        classes.get_by_role("button", name="CSV").click()
    downloading.value.save_as(tmp_path / "classes.csv")
    rows = list(csv.DictReader((tmp_path / "classes.csv").open(encoding="utf-8-sig")))
    assert [int(row["images"]) for row in rows] == counts.tolist()


def test_a_model_without_an_evaluation_is_one_sentence_and_can_be_tried_again(page):
    sentence = "The model 'x' ships no evaluation to tune on; choose another model."
    page.evaluate(
        "(error) => { const e = window.ExitExplorer; e.real = e.server;"
        " e.server = { evaluation: async () => ({ error }) }; }",
        sentence,
    )
    page.get_by_role("tab", name="Tune").click()
    expect(page.locator("tune-summary").get_by_role("status")).to_contain_text(sentence)
    expect(page.locator("tune-tradeoff")).to_be_hidden()
    page.evaluate("() => { window.ExitExplorer.server = window.ExitExplorer.real; }")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function(READY, timeout=60_000)
    expect(page.locator("tune-tradeoff")).to_be_visible()


def test_a_thousand_classes_of_a_teacher(page):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 1000, 3000)
    right = rng.random((3000, 9)) < 0.6
    sure = rng.random((3000, 9))
    record = Record(
        labels=labels,
        predicted=np.where(right, labels[:, None], (labels[:, None] + 1) % 1000),
        scores={"confidence": sure, "entropy": sure, "patience": np.ones((3000, 9))},
        blocks=np.arange(4, 13),
        macs=np.arange(1, 10) * 10**9,
        macs_full=8 * 10**9,
    )
    facts = {
        "model": DEFAULT,
        "labels": [f"class {c}" for c in range(1000)],
        "teacher": True,
        "exits": [{"block": b, "kind": "gah", "family": "global"} for b in range(4, 13)],
        "macs": record.macs.tolist(),
        "macs_full": record.macs_full,
        "macs_single": record.macs.tolist(),
        "heads": [0] * (len(record.blocks) - 1),
        "splits": {split: pack_record(record) for split in ("validation", "test", "unlabelled")},
        "gallery": None,
    }
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("(facts) => { window.ExitExplorer.server = { evaluation: async () => facts }; }", facts)
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_function(READY, timeout=60_000)
    expect(page.locator("tune-summary dt").first).to_have_text("Agreement with the teacher")
    expect(page.get_by_role("radio", name="agreement of at least")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Lowest agreement in percent")).to_be_visible()
    expect(page.locator("tune-reliability")).to_contain_text(re.compile(r"(above|below) its agreement of \d"))
    expect(page.locator("tune-reliability")).to_contain_text("share agreeing")
    expect(page.locator("tune-reliability")).to_contain_text("share of agreeing answers")
    expect(page.get_by_role("columnheader", name="Of those, agreeing")).to_be_visible()
    # A phone has no room for this column.
    expect(page.locator("tune-leaving th.alone")).to_have_text("Agrees on all images")
    page.get_by_role("radio", name="More photographs, 3,000").check()
    expect(page.locator("tune-summary .note")).to_contain_text("Checked against the teacher’s answers")
    expect(page.locator("tune-classes tbody tr")).to_have_count(17)  # eight at each end, and how many between
    page.get_by_role("searchbox", name="Find a class").fill("class 99")
    expect(page.locator("tune-classes tbody th").first).to_contain_text("class 99")
    expect(page.locator("tune-classes tbody tr")).to_have_count(11)  # 99 and 990 to 999
    expect(page.locator("tune-gallery")).to_contain_text("ships no gallery")
    expect(page.locator("tune-tradeoff .xname")).to_contain_text("(G)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_share_per_exit_and_a_deepest_exit_are_found_for_a_goal(visit):
    page = visit("?model=fashion&tab=tune")
    finder = page.locator("tune-finder")
    finder.get_by_role("radio", name="a share per exit").check(force=True)
    cells = finder.get_by_role("row", name="Promised (validation)").get_by_role("cell")
    expect(cells.last).to_have_text("1.50×")
    finder.get_by_role("combobox", name="No image runs further than").select_option("1")
    expect(cells.last).not_to_have_text("1.50×")  # it cannot cost that much any more
    finder.get_by_role("button", name="Use here").click()
    assert page.evaluate("window.ExitExplorer.store.thresholds.length") == 8
    assert page.evaluate("window.ExitExplorer.store.thresholds.slice(1)") == [0] * 7


def test_the_rules_curves_at_every_grain_lie_over_each_other(visit):
    page = visit("?model=fashion&tab=tune")
    panel = page.locator("tune-tradeoff")
    panel.get_by_role("checkbox", name="this rule at every grain").check()
    expect(panel.locator(".curves path")).to_have_count(2)
    expect(panel.locator(".legend")).to_contain_text("10 classes")
    expect(panel.locator(".legend")).to_contain_text("5 kinds")
