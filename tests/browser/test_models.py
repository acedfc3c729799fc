"""The list of models in a real Chromium: what is said of each, and what stays when another is chosen."""

import json

import pytest
from playwright.sync_api import expect

from explorer.evaluate.record import load_records
from explorer.model.catalog import SHIPPED, list_models

STORE = "window.ExitExplorer.store"


@pytest.fixture
def table(page):
    page.locator("model-facts summary").click()
    return page.locator("model-facts tbody")


def facts(name):
    """What the row of a shipped model says after its title, by the model's files."""
    folder = SHIPPED / name
    config = json.loads((folder / "config.json").read_text())
    size = sum((folder / file).stat().st_size for file in config["weights"]) / 1e6
    right = 100 * load_records(folder / "evaluation.npz")["test"].accuracy[-1]
    classes = len((folder / "labels.txt").read_text().splitlines())
    return [
        f"{classes:,} classes",
        f"{len(config['exits'])} early exits",
        f"{round(size, 1):g} MB",
        f"right on {round(right, 1):g} % of its test images",
        "ships with this page",
    ]


def test_every_model_has_its_row_and_the_chosen_one_is_marked(page, table):
    entries = list_models()
    expect(table.locator("tr")).to_have_count(len(entries))
    titles = table.locator("tr td:first-child").all_inner_texts()
    assert titles == [entry.title for entry in entries]
    marked = table.locator("tr[aria-current=true]")
    expect(marked).to_have_count(1)
    expect(marked.locator("td").first).to_have_text(entries[0].title)
    assert marked.get_by_role("button").count() == 0  # it is chosen already


@pytest.mark.parametrize("name", ["photos", "fashion", "fashion-sorted"])
def test_a_row_says_classes_exits_size_accuracy_and_origin(table, name):
    (place,) = [i for i, entry in enumerate(list_models()) if entry.name == name]
    said = table.locator("tr").nth(place).locator("td").all_inner_texts()[1:]
    assert said == facts(name)


def test_a_row_chooses_its_model_and_rule_grain_and_picture_stay_where_they_fit(page, table):
    page.evaluate(f"{STORE}.setRule('margin')")
    page.evaluate(f"{STORE}.setGrain('kinds')")
    title = next(entry.title for entry in list_models() if entry.name == "fashion-sorted")
    table.get_by_role("button", name=title, exact=True).click()
    page.wait_for_function(
        f"{STORE}.model === 'fashion-sorted' && {STORE}.trace?.class_count", timeout=60_000
    )
    assert page.evaluate(f"{STORE}.rule") == "margin"
    assert page.evaluate(f"{STORE}.grain") == "kinds"  # both models have kinds
    expect(table.locator("tr[aria-current=true] td").first).to_have_text(title)
