"""The About tab in a real Chromium: the card, the evaluation, references to copy."""

import re

import pytest
from playwright.sync_api import expect

from explorer.evaluate.record import load_records
from explorer.model.catalog import DEFAULT, SHIPPED, list_models
from explorer.web.card import versions
from explorer.web.page import picker_label

expect.set_options(timeout=20_000)  # a busy machine draws late; what never comes still fails
RECORD = load_records(SHIPPED / DEFAULT / "evaluation.npz")["test"]
FIRST = f"{100 * RECORD.accuracy[0]:.2f}"  # accuracy at the first exit, in percent


@pytest.fixture
def about(page):
    page.get_by_role("tab", name="About").click()
    return page


def test_the_card_of_the_chosen_model_is_shown(about):
    entries = list_models()
    card = about.locator("model-card")
    expect(card.get_by_role("heading", name=entries[0].title)).to_be_visible()
    expect(card.get_by_role("table").first).to_contain_text(FIRST)
    about.get_by_role("combobox", name="Model").click()
    about.get_by_role("option", name=picker_label(entries[1]), exact=True).click()
    expect(card.get_by_role("heading", name=entries[1].title)).to_be_visible(timeout=60_000)
    expect(about.locator("network-figure").get_by_role("heading")).to_contain_text(entries[1].title)


def test_the_table_says_what_was_measured_at_each_exit(about):
    rows = about.locator("model-evaluation").get_by_role("row")
    expect(rows).to_have_count(1 + len(RECORD.blocks))
    for exit_, (block, accuracy, macs) in enumerate(
        zip(RECORD.blocks, RECORD.accuracy, RECORD.macs, strict=True)
    ):
        row = rows.nth(1 + exit_)
        expect(row).to_contain_text(f"Block {block}")
        expect(row.get_by_role("cell").nth(1)).to_have_text(f"{100 * accuracy:.2f} %")
        expect(row.get_by_role("cell").nth(4)).to_have_text(f"{RECORD.macs_full / macs:.2f}×")
    expect(about.locator("model-evaluation")).to_contain_text(f"{len(RECORD.labels):,} test images")


def test_the_drawing_is_described_in_words(about):
    drawing = about.locator("network-figure").get_by_role("img")
    expect(drawing).to_have_accessible_name(
        re.compile(r"12 blocks in a row; exits: block 4 L, .* block 12 End")
    )


def test_a_reference_can_be_copied(about):
    about.context.grant_permissions(["clipboard-read", "clipboard-write"])
    about.get_by_role("button", name="Copy the reference: The method").click()
    expect(about.get_by_text("Copied", exact=True).first).to_be_visible()
    assert "2308.00255" in about.evaluate("navigator.clipboard.readText()")


def test_versions_and_the_fate_of_uploads_come_from_the_server(about):
    notes = about.locator("about-notes")
    expect(notes.get_by_text(f"gradio {versions()['gradio']}").filter(visible=True).first).to_be_visible()
    expect(notes.get_by_text("at most 55 minutes after the upload").filter(visible=True)).to_be_visible()


def test_the_table_can_be_taken_home(about):
    expect(about.locator("model-evaluation").get_by_role("row").nth(1)).to_contain_text(FIRST)
    with about.expect_download() as waiting:
        about.get_by_role("button", name="Save evaluation as CSV").click()
    lines = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Exit,Head,Accuracy,ECE")
    assert lines[1].startswith(f"Block {RECORD.blocks[0]},L local perception head,{FIRST} %")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_about_fits_a_phone(chromium, address, theme):
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{address}?__theme={theme}")
    page.wait_for_function("window.ExitExplorer?.store?.trace")
    page.evaluate("() => window.ExitExplorer.store.setTab('about')")
    expect(page.locator("model-card").get_by_role("table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
