"""The Explore tab: one image, where it leaves, why there, and what that saves."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.data.reading import UnreadableImage
from explorer.model.bundle import ModelError
from explorer.model.catalog import DEFAULT
from explorer.web.analysis import analyse_upload, explain_exit
from explorer.web.language import speak, word
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Tab, static
from explorer.web.upload import Upload

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
    <attention-view data-tab="attention"></attention-view>
    <saliency-view data-tab="saliency"></saliency-view>
    <depth-chart data-tab="depth"></depth-chart>
    <cost-table data-tab="cost"></cost-table>
  </why-tabs>
</div>
"""


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


@question
def explain(asked: dict[str, Any]) -> dict[str, Any]:
    """The Grad-CAM map of a local head for a class.

    `asked` has `model`, `saw` (data URI of the picture the network saw), `exit` and `class`.
    """
    return explain_exit(offered(asked["model"]), asked["saw"], int(asked["exit"]), int(asked["class"]))


def build(picker: gr.Dropdown) -> None:
    with gr.Row(elem_classes="ee-screen"):
        with gr.Column(elem_classes="ee-side"):
            static(SIDE_TOP)
            upload = Upload(
                label=word("your_image"),
                placeholder=word("drop_image"),
                sources=["upload", "webcam", "clipboard"],
                type="filepath",
                height=150,
                elem_classes="ee-upload",
            )
            speak(upload, label="your_image", placeholder="drop_image")
            static(SIDE_BOTTOM)
        with gr.Column(elem_classes="ee-main"):
            static(MAIN)
        with gr.Column(elem_classes="ee-why"):
            static(WHY)
    answer = gr.JSON(visible="hidden")
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


TAB = Tab("explore", build, (explain,))
