"""How the page behaves in every tab: accessible, as wide as the screen, and at home wherever it is put."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from explorer.bench.browser import served
from explorer.web.tabs import TABS
from tests.browser.hands import painted

NAMES = [tab.name for tab in TABS]

# The page under a path of another application, as behind a proxy.
MOUNTED = """
import os
from inspect import signature
import gradio as gr
import uvicorn
from fastapi import FastAPI
from explorer.web.page import build, launch_kwargs

taken = signature(gr.mount_gradio_app).parameters
options = {name: value for name, value in launch_kwargs().items() if name in taken}
app = gr.mount_gradio_app(FastAPI(), build(), path="/deep/down", **options)
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["GRADIO_SERVER_PORT"]), log_level="error")
"""


def ready(page, frame=None):
    (frame or page).wait_for_function("window.ExitExplorer?.store?.trace", timeout=60_000)


def open_tab(page, name):
    page.evaluate("(name) => window.ExitExplorer.store.setTab(name)", name)
    page.locator(f"#ee-tab-{name}").wait_for()
    painted(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request, chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}?__theme={request.param}")
    ready(page)
    yield page
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_no_serious_violation(themed, name):
    open_tab(themed, name)
    found = Axe().run(themed, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    serious = [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []
    assert len(found.response["passes"]) > 5  # it did look


@pytest.fixture(scope="module")
def narrow(chromium, address):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    ready(page)
    yield page
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_no_tab_is_wider_than_a_small_phone(narrow, name):
    open_tab(narrow, name)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    height = narrow.locator(f"#ee-tab-{name}").bounding_box()["height"]
    assert height > 100


def test_tabs_are_walked_by_arrow_keys_and_only_one_panel_shows(page):
    page.get_by_role("tab", name="Explore").click()
    for name in [*NAMES[1:], NAMES[0]]:
        page.keyboard.press("ArrowRight")
        page.locator(f"#ee-tab-{name}").wait_for()
        shown = page.evaluate(
            "[...document.querySelectorAll('.ee-tab')].filter((e) => e.offsetHeight > 0).map((e) => e.id)"
        )
        assert shown == [f"ee-tab-{name}"]


def test_it_works_inside_a_frame(chromium, address):
    page = chromium.new_page()
    page.goto(f"{address}healthz")  # a page of the same origin; which others may frame it stands in a header
    page.set_content(f'<iframe src="{address}" width="1200" height="800"></iframe>')
    frame = page.wait_for_selector("iframe").content_frame()
    ready(page, frame)
    frame.get_by_role("slider", name="Threshold").first.press("Home")
    frame.wait_for_function("window.ExitExplorer.store.fired === 0")
    page.close()


@pytest.mark.parametrize("how", ["under a path", "where server-side rendering is asked for"])
def test_it_works_elsewhere(chromium, how, tmp_path):
    """First paint, a figure, and a question to the server, wherever the page stands."""
    program, environment = (
        (["-c", MOUNTED], {}) if how == "under a path" else (["app.py"], {"GRADIO_SSR_MODE": "True"})
    )
    with served(program, path="deep/down/" if how == "under a path" else "", **environment) as (address, _):
        page = chromium.new_page()
        first = page.goto(address)
        assert "frame-ancestors" in first.headers["content-security-policy"]
        ready(page)
        page.get_by_role("tab", name="Class probabilities over depth").click()
        page.locator("#ee-tab-explore depth-chart svg").first.wait_for(timeout=30_000)
        answer = page.evaluate(
            "async () => { const s = window.ExitExplorer.store;"
            " const asked = { method: 'grad-cam', exit: 0, classes: [1] };"
            " return window.ExitExplorer.server.explain({ ...asked, model: s.model, saw: s.example.saw }); }"
        )
        assert answer["map"]["grid"] == [7, 7]
        page.close()


def test_it_opens_with_photos_where_nothing_else_is_asked_for(chromium):
    with served(["app.py"], EXIT_EXPLORER_MODEL="") as (address, _):
        page = chromium.new_page()
        page.goto(address)
        ready(page)
        assert page.evaluate("window.ExitExplorer.store.model") == "photos"
        assert page.evaluate("window.ExitExplorer.store.trace.class_count") == 100  # kinds
        assert page.evaluate("window.ExitExplorer.store.example.opens")
        assert page.evaluate("window.ExitExplorer.store.fired") < 8  # it leaves before the end
        page.get_by_role("combobox", name="Model", exact=True).wait_for()
        assert "photographs" in page.get_by_role("combobox", name="Model", exact=True).input_value()
        page.close()
