"""The Explore tab: one image, where it leaves, why there, and what that saves."""

from __future__ import annotations

from typing import Any

from explorer.data.reading import UnreadableImage
from explorer.model.bundle import ModelError
from explorer.model.catalog import DEFAULT
from explorer.web.analysis import analyse_upload, explain_exit
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Column, Slot, Tab

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


LAYOUT = (
    Column("side", (SIDE_TOP, Slot.PICTURE, SIDE_BOTTOM)),
    Column("main", (MAIN,)),
    Column("why", (WHY,)),
)

TAB = Tab("explore", LAYOUT, (explain,))
