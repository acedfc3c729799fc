"""The Batch tab in a real Chromium: a zip goes in; a table, a histogram and honest sums come out."""

import csv
import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from explorer.model.bundle import read_config
from explorer.model.catalog import DEFAULT, SHIPPED
from explorer.web.model_page import EXAMPLES

OWN = read_config(SHIPPED / DEFAULT)["thresholds"]["confidence"]
SLOW = 120_000  # milliseconds, for a busy machine
BATCH = "document.querySelector('batch-controls').batch"


@pytest.fixture
def batch(page):
    page.get_by_role("tab", name="Batch").click()
    expect(page.get_by_role("heading", name="Many pictures at once")).to_be_visible()
    return page


def give(page, *paths):
    page.locator("#ee-tab-batch input[type=file]").set_input_files([str(path) for path in paths])


def finished(page, count):
    expect(page.get_by_text(f"All {count} done")).to_be_visible(timeout=SLOW)


def rows(page):
    return page.get_by_role("table", name="Every picture").locator("tbody tr")


@pytest.fixture
def archive(tmp_path):
    """Forty pictures, and five entries of which nothing good comes."""
    path = tmp_path / "mixed.zip"
    pictures = sorted((EXAMPLES / "fashion").glob("*.png"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for i in range(40):
            packed.write(pictures[i % len(pictures)], f"set/{i:02}.png")
        packed.writestr("<img src=x onerror=alert(1)>.txt", "hello")
        packed.writestr("../outside.png", "x")
        packed.writestr("bomb.bmp", bytes(70_000_000))
        packed.writestr("inner.zip", b"PK\x03\x04 and more")
        packed.writestr("__MACOSX/._00.png", "x")
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    return path


def test_a_zip_runs_through_and_what_is_unsafe_is_refused_singly(batch, archive):
    give(batch, archive)
    finished(batch, 45)
    expect(rows(batch)).to_have_count(45)
    expect(rows(batch).locator(".look")).to_have_count(40)
    table = batch.get_by_role("table", name="Every picture")
    for said in (
        "is not an image Pillow can read",
        "leads out of the archive",
        "as a zip bomb does",
        "an archive inside the archive",
        "is a link and not a picture",
    ):
        expect(table.get_by_text(said)).to_be_visible()
    assert table.locator("th img").count() == 0  # a name is never markup
    expect(table.get_by_text("mixed.zip/<img src=x onerror=alert(1)>.txt")).to_be_visible()
    expect(batch.locator("batch-summary .ran")).to_contain_text(
        f"40 pictures ran through {DEFAULT} at Confidence {OWN}, answered in 10 classes."
    )
    expect(batch.locator("batch-summary .ran")).to_contain_text("5 could not be read.")
    expect(batch.locator("batch-summary dd").nth(1)).to_have_text(
        re.compile(r"^\d\.\d\d×, \d+ % (saved|more)")
    )
    expect(batch.locator("batch-summary dd").nth(2)).to_contain_text("on the 32 of 40 pictures")
    expect(batch.locator("batch-table .shares")).to_contain_text("divided evenly among those still in")
    counts = batch.locator("batch-summary .count").all_text_contents()
    assert sum(int(count) for count in counts if count) == 40

    batch.get_by_role("button", name="Probability").click()
    shown = rows(batch).locator("td:nth-child(4)").all_inner_texts()
    assert len(shown) == 40
    assert shown == sorted(shown)
    expect(batch.get_by_role("columnheader", name="Probability")).to_have_attribute("aria-sort", "ascending")

    with batch.expect_download() as saved:
        batch.get_by_role("button", name="Save batch as JSON").click()
    reports = json.loads(saved.value.path().read_text())
    assert set(reports[0]) == {
        "image",
        "model",
        "rule",
        "grain",
        "threshold",
        "exit",
        "prediction",
        "macs",
        "ms",
    }
    with batch.expect_download() as saved:
        batch.get_by_role("button", name="Save batch as CSV", exact=True).click()
    table_rows = list(csv.DictReader(saved.value.path().read_text("utf-8-sig").splitlines()))
    assert sum(int(row["macs_used"]) for row in table_rows if row["macs_used"]) == sum(
        report["macs"]["used"] for report in reports if "macs" in report
    )


def test_examples_run_again_at_another_threshold_and_open_in_explore(batch):
    batch.get_by_role("button", name="Run the examples").click()
    finished(batch, len(list(EXAMPLES.glob("*/*.png"))))
    stale = batch.get_by_text("has changed since")
    expect(stale).to_be_hidden()
    before = batch.evaluate(f"{BATCH}.rows.map((row) => row.exit.block)")
    batch.evaluate("window.ExitExplorer.store.setThresholds(0)")
    expect(stale).to_be_visible()
    assert batch.evaluate(f"{BATCH}.rows.map((row) => row.exit.block)") == before
    batch.get_by_role("button", name="Run again").click()
    finished(batch, len(before))
    expect(stale).to_be_hidden()
    assert set(batch.evaluate(f"{BATCH}.rows.map((row) => row.exit.block)")) == {4}

    name = rows(batch).first.get_by_role("rowheader").inner_text()
    rows(batch).first.get_by_role("button").click()
    expect(batch.get_by_role("listbox", name="Exit ladder")).to_be_visible(timeout=SLOW)
    assert batch.evaluate("window.ExitExplorer.store.example.title") == name


SLOWLY = """() => {
  const real = window.ExitExplorer.server;
  const slow = async (asked) => {
    const answer = await real.batch_step(asked);
    await new Promise((done) => setTimeout(done, 2000));
    return answer;
  };
  window.ExitExplorer.server = new Proxy({}, { get: (_, name) => (name === "batch_step" ? slow : real[name]) });
}"""


def test_a_run_can_be_cancelled(batch, archive):
    batch.evaluate(SLOWLY)  # the archive is done before a hand could be there
    give(batch, archive)
    batch.get_by_role("button", name="Cancel").click(timeout=SLOW)
    expect(batch.get_by_text("Cancelled after")).to_be_visible()
    assert batch.evaluate(f"{BATCH}.running") is False
    done = batch.evaluate(f"{BATCH}.rows.length")
    batch.wait_for_timeout(500)
    assert batch.evaluate(f"{BATCH}.rows.length") == done < 45


def test_too_many_pictures_get_one_sentence(batch, tmp_path):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as packed:
        for i in range(501):
            packed.writestr(f"{i}.png", b"x")
    give(batch, tmp_path / "many.zip")
    alert = batch.get_by_role("alert").filter(has_text="more than 500 files")
    expect(alert).to_have_text("That is more than 500 files; send at most 500 at a time.", timeout=SLOW)


def test_single_files_go_together_on_a_phone_in_german(batch, tmp_path):
    batch.get_by_role("combobox", name="Language").select_option("de")
    batch.set_viewport_size({"width": 360, "height": 800})
    (tmp_path / "kein Bild.png").write_bytes(b"x")
    give(batch, *sorted((EXAMPLES / "fashion").glob("*.png"))[:2], tmp_path / "kein Bild.png")
    expect(batch.get_by_text("Alle 3 gerechnet")).to_be_visible(timeout=SLOW)
    expect(batch.get_by_role("table", name="Jedes Bild").locator("tbody tr")).to_have_count(3)
    assert batch.evaluate("document.documentElement.scrollWidth") <= 360


def test_leaving_the_tab_draws_nothing_where_there_is_no_room(batch):
    said = []
    batch.on("console", lambda message: said.append(message.text))
    for name in ("Learn", "About", "Batch"):
        batch.get_by_role("tab", name=name).click()
        batch.wait_for_timeout(500)
    assert [text for text in said if "negative" in text] == []
    assert batch.locator("batch-summary .bars rect").first.bounding_box()["width"] > 10
