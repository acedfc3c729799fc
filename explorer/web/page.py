"""The page: its head, its tabs, and what it starts with. Everything live happens in the widgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from explorer.data.collection import MAX_BYTES
from explorer.explain.registry import methods_json
from explorer.model.bundle import ModelError
from explorer.model.catalog import DEFAULT, Entry, list_models, named_here
from explorer.model.facts import facts_of
from explorer.model.hub import PUBLISHED, reachable
from explorer.web.api import offer
from explorer.web.files import Compressed, Files
from explorer.web.guard import SENT, Guard
from explorer.web.handing_out import serve_network
from explorer.web.language import i18n, speak, word
from explorer.web.model_page import model_json
from explorer.web.page_files import page_files
from explorer.web.questions import sentence, waiting
from explorer.web.script import opening_script
from explorer.web.sent import serve_analysis
from explorer.web.serve import health, upkeep
from explorer.web.slots import SLOTS
from explorer.web.tabs import TABS
from explorer.web.tabs.tab import Slot, Tab
from explorer.web.uploads import UPLOADS_CHECKED, UPLOADS_KEPT, private_folder

HERE = Path(__file__).parent
TITLE = "Exit Explorer"
# The model that the page shows, or is about to: its own files may arrive after Gradio's.
_SHOWN = """async () => {
  while (!window.ExitExplorer?.Host) await new Promise((done) => setTimeout(done, 20));
  const { start, store } = window.ExitExplorer;
  return [store.model ?? start.model];
}"""
HEADER = "<page-header></page-header>"
TOOLS = """
<div class="ee-tools">
  <share-link></share-link><language-picker></language-picker><theme-switch></theme-switch>
</div>
"""


def opening() -> dict[str, Any]:
    """What the page opens with: its default model, or if that cannot be opened the first that can, and why.

    Raises `ModelError` if no model on this machine can be opened.
    """
    problem = None
    for name in (DEFAULT, *(entry.name for entry in list_models())):
        try:
            answer = model_json(named_here(name), short=True)
        except Exception as error:
            problem = problem or sentence(error)
            continue
        return (
            answer if problem is None else {**answer, "message": f"{problem} The page opens with '{name}'."}
        )
    raise ModelError(problem or "There is no model on this machine.")


def picker_label(entry: Entry) -> str:
    """A model in the picker; your own with its name, because they often share a title."""
    return entry.title if entry.source == "shipped" else f"{entry.title} (yours: {entry.name})"


def picker_choices() -> list[tuple[str, str]]:
    """Label and name of every model on this machine."""
    return [(picker_label(entry), entry.name) for entry in list_models()]


def listed_models() -> list[dict[str, Any]]:
    """Every model on this machine as the page lists it: name, title, where it is from, and its facts if it has any."""
    listed = []
    for entry in list_models():
        facts = facts_of(entry.folder)
        listed.append(
            {"name": entry.name, "title": picker_label(entry), "source": entry.source}
            | (facts.json() if facts else {})
        )
    return listed


def newer_choices(shown: list[tuple[str, str]]) -> Callable[[], dict[str, Any]]:
    """What the picker offers now, with your newest models, and last the published ones; skipped if nothing changed.

    Called once a page is open, so that nobody waits for a slow or unreachable hub.
    """

    def look() -> dict[str, Any]:
        hub = [
            (f"{PUBLISHED[repo]} (hub: {repo}, downloaded when first chosen)", repo) for repo in reachable()
        ]
        choices = picker_choices() + hub
        return gr.skip() if choices == shown else gr.update(choices=choices)

    return look


def static(markup: str, **options: Any) -> gr.HTML:
    """Markup of our own on the page: elements that the widgets' script brings to life."""
    return gr.HTML(html_template=markup, apply_default_css=False, elem_classes="ee-html", **options)


def place(tab: Tab, picker: gr.Dropdown) -> None:
    """Places a tab's markup and slots in the surrounding Gradio block."""
    if isinstance(tab.layout, str):
        static(tab.layout)
        return
    with gr.Row(elem_classes="ee-screen"):
        for column in tab.layout:
            with gr.Column(elem_classes=f"ee-{column.name}"):
                for part in column.parts:
                    if isinstance(part, Slot):
                        SLOTS[part](picker)
                    else:
                        static(part)


def build() -> gr.Blocks:
    """The whole page. Building it loads no network: the first paint shows a precomputed example."""
    private_folder()
    uploads = (UPLOADS_CHECKED, UPLOADS_KEPT)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=uploads) as page:
        with gr.Row(elem_classes="ee-top"):
            static(HEADER)
            offered_first = picker_choices()
            picker = gr.Dropdown(
                offered_first,
                value=opening()["model"],
                label=word("model"),
                container=False,
                elem_classes="ee-model",
                elem_id="ee-model",
            )
            static(TOOLS)
        speak(picker, label="model")
        static("<model-facts></model-facts><page-note></page-note><page-tabs></page-tabs>")
        for tab in TABS:
            # Every tab is in the page from the start and shown by style alone: opening one asks the server nothing.
            with gr.Column(elem_id=f"ee-tab-{tab.name}", elem_classes="ee-tab"):
                place(tab, picker)
        host = static(
            "",
            js_on_load=(HERE / "hosts" / "gradio.js").read_text(encoding="utf-8"),
            server_functions=[waiting(question) for tab in TABS for question in tab.questions],
            visible="hidden",
        )
        # A model that the page opened by itself, as for a link: the picker must show it. hosts/gradio.js triggers this.
        host.submit(None, None, picker, js=_SHOWN)
        picker.input(None, picker, None, js="(model) => { window.ExitExplorer.host.choose(model); }")
        offer(page)
        page.load(
            newer_choices(offered_first), None, picker, api_visibility="private", show_progress="hidden"
        )
    return page


def start_script() -> str:
    """The script with what the page opens with, as it is now: models may have come and gone since the start.

    A script and not a template: there Gradio would read braces and backticks in a label as code.
    """
    start = json.dumps({**opening(), "models": listed_models(), "methods": methods_json()})
    return f"(window.ExitExplorer ??= {{}}).start = {start};"


def head(files: Files) -> str:
    """The page's head. Every other file of the page's own is added to `files`."""
    css, own = page_files(files.add, start_script)
    return f'<link rel="stylesheet" href="{css}"><script>{opening_script(own)}</script>'


def launch_kwargs() -> dict[str, Any]:
    """What `launch` needs for the page to look and work as built; used wherever it is launched.

    Raises `ModelError` if there is no model to open with.
    """
    opening()  # before anything is served
    files = Files()
    return {
        "head": head(files),
        "theme": gr.themes.Default(),
        "footer_links": ["api", "settings"],
        "i18n": i18n(),
        "max_file_size": MAX_BYTES,
        # Spaces turn on server-side rendering. Then Gradio's Node server answers before ours: without our headers,
        # with the page for /healthz, and with one address for all visitors. Our first paint needs no Python either way.
        "ssr_mode": False,
        "app_kwargs": {
            "middleware": [Middleware(Guard), Middleware(Compressed)],
            "routes": [
                Route("/gradio_api/explorer/health", health),  # for proxies that only pass on Gradio's paths
                Route(f"/gradio_api/{SENT}", serve_analysis, methods=["POST"]),
                Route("/gradio_api/explorer/network/{path:path}", serve_network),
                Route("/gradio_api/explorer/{name}", files.serve),
                Route("/healthz", health),
            ],
            "lifespan": upkeep,
        },
        "num_workers": 0,  # Gradio's separate file servers would bypass the guard
    }
