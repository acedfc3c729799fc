"""The page: its head, its tabs, and what it starts with. Everything live happens in the widgets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from explorer.data.collection import MAX_BYTES
from explorer.model.bundle import ModelError
from explorer.model.catalog import DEFAULT, Entry, list_models, named_here
from explorer.model.hub import PUBLISHED, reachable
from explorer.web.analysis import model_json
from explorer.web.guard import Guard
from explorer.web.language import LANGUAGES, i18n, speak, strings, word
from explorer.web.questions import UPLOADS_CHECKED, UPLOADS_KEPT, offered
from explorer.web.script import style_element, widgets_css, widgets_script
from explorer.web.slots import SLOTS
from explorer.web.tabs import TABS
from explorer.web.tabs.tab import Slot, Tab
from explorer.web.uploads import private_folder

HERE = Path(__file__).parent
TITLE = "Exit Explorer"
HEADER = "<page-header></page-header>"
TOOLS = """
<div class="ee-tools">
  <share-link></share-link><language-picker></language-picker><theme-switch></theme-switch>
</div>
"""


def choose(model: str) -> dict[str, Any]:
    """Rules and examples of a model; or {"error": one plain sentence}."""
    try:
        return model_json(offered(model))
    except ModelError as error:
        return {"error": str(error)}


def picker_label(entry: Entry) -> str:
    """A model in the picker; your own by name as well, for they often share a title."""
    return entry.title if entry.source == "shipped" else f"{entry.title} (yours: {entry.name})"


def picker_choices() -> list[tuple[str, str]]:
    """Label and name of every model on this machine."""
    return [(picker_label(entry), entry.name) for entry in list_models()]


def with_the_hubs() -> dict[str, Any]:
    """The picker's choices with the published models that can be had, last; no change where there are none.

    Asked once a page is open, so that nobody waits for a hub that is slow or not there.
    """
    hub = [(f"{PUBLISHED[repo]} (hub: {repo}, downloaded when first chosen)", repo) for repo in reachable()]
    return gr.update(choices=picker_choices() + hub) if hub else gr.skip()


def static(markup: str, **options: Any) -> gr.HTML:
    """Markup of our own on the page: elements that the widgets' script brings to life."""
    return gr.HTML(html_template=markup, apply_default_css=False, elem_classes="ee-html", **options)


def place(tab: Tab, picker: gr.Dropdown) -> None:
    """A tab's markup and slots, where the surrounding Gradio block stands."""
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
            picker = gr.Dropdown(
                picker_choices(),
                value=DEFAULT,
                label=word("model"),
                container=False,
                elem_classes="ee-model",
                elem_id="ee-model",
            )
            static(TOOLS)
        speak(picker, label="model")
        static("<page-note></page-note><page-tabs></page-tabs>")
        for tab in TABS:
            # Every tab is in the page from the start and shown by style alone: opening one asks the server nothing.
            with gr.Column(elem_id=f"ee-tab-{tab.name}", elem_classes="ee-tab"):
                place(tab, picker)
        chosen = gr.JSON(visible="hidden")
        host = static(
            "",
            js_on_load=(HERE / "hosts" / "gradio.js").read_text(encoding="utf-8"),
            server_functions=[question for tab in TABS for question in tab.questions],
            visible="hidden",
        )
        # A model that the page opened by itself, as for a link: the picker must show it. hosts/gradio.js triggers this.
        host.submit(None, None, picker, js="() => [window.ExitExplorer.store.model]")
        picker.input(
            choose,
            picker,
            chosen,
            api_visibility="private",
            concurrency_id="network",
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(None, chosen, None, js="(chosen) => window.ExitExplorer.host.opened(chosen)")
        page.load(with_the_hubs, None, picker, api_visibility="private", show_progress="hidden")
    return page


def launch_kwargs() -> dict[str, Any]:
    """What `launch` needs for the page to look and work as built; used wherever it is launched.

    Raises `ModelError` if the model to open with is not on this machine.
    """
    start = {
        "start": {
            **model_json(named_here(DEFAULT)),
            "models": [{"name": e.name, "title": picker_label(e)} for e in list_models()],
        },
        "strings": {language: strings(language) for language in LANGUAGES},
    }
    # In the head and not in a template, where Gradio would read braces and backticks in a label as code.
    facts = json.dumps(start).replace("<", "\\u003c")
    css = widgets_css() + (HERE / "page.css").read_text(encoding="utf-8")
    head = f"{style_element(css)}<script>window.ExitExplorer = {facts};\n{widgets_script()}</script>"
    return {
        "head": head,
        "theme": gr.themes.Default(),
        "footer_links": ["api", "settings"],
        "i18n": i18n(),
        "max_file_size": MAX_BYTES,
        "app_kwargs": {"middleware": [Middleware(Guard)]},
        "num_workers": 0,  # Gradio's separate file servers would not stand behind the guard
    }
