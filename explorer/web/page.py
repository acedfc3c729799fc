"""The page's layout and its few questions to the server; everything live happens in the widgets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
import plotly

from explorer.data.reading import UnreadableImage
from explorer.model.bundle import ModelError
from explorer.model.catalog import DEFAULT, Entry, list_models
from explorer.web.analysis import analyse_upload, explain_exit, model_json
from explorer.web.script import widgets_css, widgets_script
from explorer.web.upload import Upload

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
TITLE = "Exit Explorer"

HEADER = """
<header class="ee-header">
  <h1>Exit Explorer</h1>
  <p>See where an image leaves a vision transformer, why there, and what that saves.</p>
</header>
"""
SIDE_TOP = '<div class="ee-panel"><answer-card></answer-card></div>'
SIDE_BOTTOM = '<div class="ee-panel ee-examples"><example-strip></example-strip></div>'
MAIN = """
<div class="ee-panel ee-controls"><rule-controls></rule-controls></div>
<div class="ee-panel ee-split"><exit-ladder></exit-ladder><cost-meter></cost-meter></div>
<div class="ee-panel"><score-curve></score-curve></div>
"""
WHY = """
<div class="ee-panel">
  <why-tabs>
    <attention-view data-tab="Attention"></attention-view>
    <saliency-view data-tab="Local-head saliency"></saliency-view>
    <depth-chart data-tab="Class probabilities over depth"></depth-chart>
    <cost-table data-tab="Cost"></cost-table>
  </why-tabs>
</div>
"""


def offered(model: str) -> str:
    """The name, if the picker offers it. A visitor may not name a folder of the server or start a download.

    Raises `ModelError`.
    """
    names = [entry.name for entry in list_models()]
    if model not in names:
        raise ModelError(f"This page does not offer the model '{model}'; choose one of {', '.join(names)}.")
    return model


def analyse(image: str | None, model: str = DEFAULT) -> dict[str, Any] | None:
    """Run an image through every exit of a model.

    Returns the trace (every exit's probabilities, scores under every rule, MACs and milliseconds), what the network
    saw as a data URI, and the [CLS] attention; or {"error": one plain sentence}.
    """
    if image is None:
        return None
    try:
        return analyse_upload(image, offered(model))
    except (UnreadableImage, ModelError) as error:
        return {"error": str(error)}


def explain(question: dict[str, Any]) -> dict[str, Any]:
    """The Grad-CAM map of a local head for a class; or {"error": one plain sentence}.

    `question` has `model`, `saw` (data URI of the picture the network saw), `exit` and `class`. One dict, because
    Gradio hands over several arguments as a single list.
    """
    try:
        model = offered(question["model"])
        return explain_exit(model, question["saw"], int(question["exit"]), int(question["class"]))
    except ValueError as error:
        return {"error": str(error)}
    except (KeyError, TypeError):
        return {"error": "That question lacks a part; reload the page."}


def choose(model: str) -> dict[str, Any]:
    """Rules and examples of a model; or {"error": one plain sentence}."""
    try:
        return model_json(offered(model))
    except ModelError as error:
        return {"error": str(error)}


def _static(markup: str, **options: Any) -> gr.HTML:
    return gr.HTML(html_template=markup, apply_default_css=False, elem_classes="ee-html", **options)


def picker_label(entry: Entry) -> str:
    """A model in the picker; your own by name as well, for they often share a title."""
    return entry.title if entry.source == "shipped" else f"{entry.title} (yours: {entry.name})"


def build() -> gr.Blocks:
    """The whole page. Building it loads no network: the first paint shows a precomputed example."""
    models = [(picker_label(entry), entry.name) for entry in list_models()]
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        with gr.Row(elem_classes="ee-top"):
            _static(HEADER)
            picker = gr.Dropdown(
                models, value=DEFAULT, label="Model", container=False, elem_classes="ee-model"
            )
        with gr.Row(elem_classes="ee-screen"):
            with gr.Column(elem_classes="ee-side"):
                _static(SIDE_TOP)
                upload = Upload(
                    label="Your image",
                    sources=["upload", "webcam", "clipboard"],
                    type="filepath",
                    height=150,
                    elem_classes="ee-upload",
                )
                _static(SIDE_BOTTOM)
            with gr.Column(elem_classes="ee-main"):
                _static(MAIN)
            with gr.Column(elem_classes="ee-why"):
                _static(WHY)
        answer = gr.JSON(visible="hidden")
        chosen = gr.JSON(visible="hidden")
        _static(
            "",
            js_on_load=(HERE / "host.js").read_text(encoding="utf-8"),
            server_functions=[explain],
            visible="hidden",
        )
        upload.input(None, js="() => window.ExitExplorer.host.await()")
        upload.input(
            analyse,
            [upload, picker],
            [answer],
            api_name="analyse",
            concurrency_id="network",
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(
            None,
            answer,
            upload,
            js="(answer) => { window.ExitExplorer.host.receive(answer); return [null]; }",
        )
        picker.input(
            choose,
            picker,
            chosen,
            api_visibility="private",
            concurrency_id="network",
            show_progress="hidden",
            trigger_mode="always_last",
        ).then(None, chosen, None, js="(chosen) => window.ExitExplorer.host.opened(chosen)")
    return page


def launch_kwargs() -> dict[str, Any]:
    """What `launch` needs for the page to look and work as built; used wherever it is launched."""
    gr.set_static_paths([PLOTLY])
    start = {"plotlySrc": f"gradio_api/file={PLOTLY.as_posix()}", "start": choose(DEFAULT)}
    # In the head and not in a template, where Gradio would read braces and backticks in a label as code.
    facts = json.dumps(start).replace("<", "\\u003c")
    head = f"<script>window.ExitExplorer = {facts};\n{widgets_script()}</script>"
    css = widgets_css() + (HERE / "page.css").read_text(encoding="utf-8")
    return {"head": head, "css": css, "theme": gr.themes.Default(), "footer_links": ["api", "settings"]}
