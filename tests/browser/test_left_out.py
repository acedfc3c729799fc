"""Exits that are left out, in a real Chromium: nobody leaves there, Tune counts without them, a file keeps them."""

import json
import re

from playwright.sync_api import expect
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.evaluate.record import load_records
from explorer.evaluate.tradeoff import at_threshold
from explorer.model.catalog import DEFAULT, find_model, load_model
from explorer.web.model_page import EXAMPLES
from tests.browser.hands import painted, quiet

READY = "document.querySelector('.ee-tune')?.dataset.state === 'ready'"


def state(page, expression):
    return page.evaluate(f"(() => {{ const s = window.ExitExplorer.store; return {expression}; }})()")


def test_an_exit_is_switched_off_and_nobody_is_asked(page):
    asked = quiet(page)
    macs = state(page, "[s.trace.macs, s.trace.heads]")
    ladder, boxes = page.locator("#ee-tab-explore exit-ladder"), page.locator("#ee-tab-explore rule-controls")
    expect(boxes.get_by_role("checkbox", name="Use the exit")).to_have_count(8)
    state(page, "s.setThresholds(0)")
    painted(page)
    assert state(page, "s.fired") == 0
    boxes.get_by_role("checkbox", name="Use the exit behind block 4").press("Space")
    painted(page)
    expect(ladder.get_by_role("option", name="Block 4,")).to_have_accessible_name(re.compile(", off$"))
    expect(ladder.get_by_role("option", name="Block 5,")).to_have_accessible_name(re.compile("left here$"))
    assert state(page, "s.fired") == 1
    assert state(page, "s.trace.macs[1]") == macs[0][1] - macs[1][0]  # the first exit's head is not paid
    expect(page.locator("#ee-tab-explore cost-meter [data-unit=ms] .amount")).to_have_text("not measured")
    page.wait_for_function("location.search.includes('left_out=4')")
    boxes.get_by_role("button", name="use all").click()
    painted(page)
    assert (state(page, "s.fired"), state(page, "s.trace.macs")) == (0, macs[0])
    boxes.get_by_role("radio", name="Patience").check()
    boxes.get_by_role("checkbox", name="Use the exit behind block 9").uncheck()
    expect(boxes).to_contain_text("This rule reads every exit it passes, so turning one off saves nothing.")
    assert asked == []
    state(page, "s.setTab('stress')")
    there = page.locator("#ee-tab-stress rule-controls")
    expect(there.get_by_role("checkbox", name="Use the exit")).to_have_count(8)
    there.get_by_role("button", name="use all").click()
    expect(there.get_by_role("checkbox", name="Use the exit")).to_have_count(0)


def test_tune_finds_the_best_subset_of_exits_and_the_file_works_on_the_command_line(page, tmp_path):
    page.get_by_role("tab", name="Tune").click()
    page.wait_for_function(READY, timeout=60_000)
    finder = page.locator("tune-finder")
    finder.get_by_role("spinbutton", name="Lowest accuracy in percent").fill("93.4")
    finder.get_by_role("radio", name="best subset of exits").check()
    with page.expect_download() as downloading:
        finder.get_by_role("button", name="Save as file").click()
    path = tmp_path / "t.json"
    downloading.value.save_as(path)
    facts = json.loads(path.read_text())
    left_out, threshold = facts["left_out"], facts["thresholds"]
    assert left_out
    folder = find_model(DEFAULT)
    records, heads = load_records(folder / "evaluation.npz"), load_model(DEFAULT).network.head_macs
    for split, said in (("validation", facts["promised"]), ("test", facts["measured"])):
        found = at_threshold(records[split].without(left_out, heads), "confidence", threshold)
        assert abs(found.accuracy - said["accuracy"]) < 1e-12
        assert abs(found.macs / said["macs"] - 1) < 1e-9
    in_use = [b for b in records["test"].blocks[:-1].tolist() if b not in left_out]
    expect(finder.locator(".chosen")).to_contain_text(f"at blocks {', '.join(map(str, in_use))}; the other")
    told = CliRunner().invoke(
        app,
        [
            "solve",
            "--model",
            DEFAULT,
            "--floor",
            "93.4",
            "--how",
            "subset",
            "--out",
            str(tmp_path / "u.json"),
        ],
    )
    assert told.exit_code == 0, told.output
    solved = json.loads((tmp_path / "u.json").read_text())
    assert (solved["left_out"], set(solved["thresholds"])) == (left_out, {threshold})

    finder.get_by_role("button", name="Use here").click()
    painted(page)
    assert state(page, "[s.leftOut, s.thresholds]") == [left_out, threshold]
    expect(finder.get_by_role("spinbutton", name="Lowest accuracy in percent")).to_have_value("93.4")
    expect(page.locator("tune-summary #accuracy")).to_have_text(
        f"{100 * facts['promised']['accuracy']:.2f} %"
    )
    shown = state(page, "s.examples.map((e) => [e.id, s.firedOf(e.trace)])")
    images = [str(EXAMPLES / DEFAULT / f"{name}.png") for name, _ in shown]
    ran = CliRunner().invoke(app, ["classify", *images, "--json", "--thresholds", str(path)])
    assert [json.loads(line)["exit"]["index"] for line in ran.stdout.splitlines()] == [e for _, e in shown]
    page.get_by_role("tab", name="Batch").click()
    page.get_by_role("button", name="Run the examples").click()
    batch = "document.querySelector('batch-controls').batch"
    page.wait_for_function(f"{batch}.rows.length > 0 && !{batch}.running", timeout=120_000)
    rows = page.evaluate(f"{batch}.rows")
    assert {tuple(row["left_out"]) for row in rows} == {tuple(left_out)}
    assert not {row["exit"]["block"] for row in rows} & set(left_out)
