"""What Explore hands over to keep: traces, figures, numbers and maps."""

import csv
import json
import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.browser.hands import show_photo, state


def kept(page, widget, kind):
    """The bytes a widget's save button hands over."""
    with page.expect_download() as handed:
        page.locator(widget).get_by_role("button", name=re.compile(f"as {kind}$")).first.click()
    return handed.value.path().read_bytes()


def rows(data):
    return list(csv.DictReader(data.decode("utf-8-sig").splitlines()))


def test_the_ladder_is_kept_as_a_trace_and_as_rows(page):
    trace = json.loads(kept(page, "exit-ladder", "JSON"))
    assert trace["trace"] == state(page, "s.trace")
    assert trace["fired"] == state(page, "s.fired")
    table = rows(kept(page, "exit-ladder", "CSV"))
    assert [int(row["block"]) for row in table] == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert [row["status"] for row in table].index("fired") == state(page, "s.fired")
    assert [float(row["score"]) for row in table] == state(page, "s.scores")


def test_the_curve_is_kept_as_a_figure_and_as_numbers(page):
    figure = ElementTree.fromstring(kept(page, "score-curve", "SVG"))
    texts = {text.text for text in figure.iter("{http://www.w3.org/2000/svg}text")}
    assert {"leaves here", "block", "12"} <= texts
    picture = Image.open(BytesIO(kept(page, "score-curve", "PNG"))).convert("RGB")
    assert picture.width == 2 * round(float(figure.get("width")))
    assert picture.getpixel((2, 2)) == (255, 255, 255)  # the theme's paper, not transparent
    assert len(picture.getcolors(1 << 20)) > 20
    table = rows(kept(page, "score-curve", "CSV"))
    assert [float(row["score"]) for row in table] == state(page, "s.scores")
    assert table[-1]["threshold"] == ""


def test_the_costs_are_kept_as_numbers(page):
    page.get_by_role("tab", name="Cost").click()
    table = rows(kept(page, "cost-table", "CSV"))
    assert [int(row["macs"]) for row in table[:-1]] == state(page, "s.trace.macs")
    assert float(table[0]["speedup_blocks"]) == 3
    assert table[-1]["head"] == "backbone"


def test_probabilities_over_depth_are_kept(page):
    page.get_by_role("tab", name="Class probabilities over depth").click()
    chart = page.locator("#ee-tab-explore depth-chart")
    expect(chart.locator(".plot")).to_be_visible()
    assert Image.open(BytesIO(kept(page, "depth-chart", "PNG"))).height >= 600
    label = state(page, "s.trace.classes[s.trace.predicted.at(-1)].label")
    figure = ElementTree.fromstring(kept(page, "depth-chart", "SVG"))
    assert len(list(figure.iter("{http://www.w3.org/2000/svg}path"))) >= 10
    expect(chart.locator(".readout")).to_contain_text(label)
    table = rows(kept(page, "depth-chart", "CSV"))
    position = state(page, "s.trace.predicted.at(-1)")
    shown = state(page, f"s.trace.probabilities.map((row) => row[{position}])")
    assert [float(row[label]) for row in table] == shown


def test_a_map_is_kept_with_its_picture_and_colour_bar(page):
    show_photo(page)
    page.get_by_role("grid", name="Attention maps by block and head").get_by_role(
        "button", name="Block 9, head 3"
    ).click()
    picture = np.asarray(Image.open(BytesIO(kept(page, "attention-view", "PNG"))).convert("RGB")).astype(int)
    assert picture.shape[1] == 704
    bar = picture[:, 32:672]  # the row whose ends are viridis' own
    ends = (abs(bar[:, 0] - [68, 1, 84]).sum(axis=1) < 6) & (abs(bar[:, -1] - [253, 231, 37]).sum(axis=1) < 6)
    assert ends.sum() == 18
    below = picture[np.flatnonzero(ends)[-1] + 1 :]
    assert (below.sum(axis=2) < 600).sum() > 200  # the numbers and the sentence
    hot = picture[46 + 4 * 40 + 20, 32 + 8 * 40 + 20]  # row 5, column 9: 35 % photo under 65 % yellow
    np.testing.assert_allclose(hot, 0.35 * np.array([200, 60, 20]) + 0.65 * np.array([253, 231, 37]), atol=3)
    values = [
        [float(v) for v in line.split(",")]
        for line in kept(page, "attention-view", "CSV").decode("utf-8-sig").split()
    ]
    assert np.shape(values) == (16, 16)
    assert values[4][8] == 0.5
