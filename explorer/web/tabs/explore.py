"""The Explore tab: one image, where it leaves, why there, and what that saves."""

from __future__ import annotations

from typing import Any

from explorer.web.analysis import analyse_file
from explorer.web.explaining import explain, grade, sanity
from explorer.web.model_page import example_json
from explorer.web.pictures import file_of
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Column, Slot, Tab

SIDE_TOP = '<div class="ee-panel"><answer-card></answer-card></div>'
SIDE_BOTTOM = '<div class="ee-panel ee-examples"><example-strip></example-strip></div>'
MAIN = """
<div class="ee-panel ee-controls"><rule-controls exits></rule-controls></div>
<div class="ee-panel ee-other"><other-weights></other-weights></div>
<div class="ee-panel ee-split"><exit-ladder></exit-ladder><cost-meter></cost-meter></div>
<div class="ee-panel"><score-curve></score-curve><rule-looks></rule-looks><answer-set></answer-set></div>
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


@question
def analyse(asked: dict[str, Any]) -> dict[str, Any]:
    """A visitor's picture through every exit: trace, what the network saw, the attention maps of that one pass.

    `asked` has `model` and `picture`, an upload as Gradio's {path, …} or a data URI.
    """
    return analyse_file(offered(asked["model"]), file_of(asked["picture"]))


@question
def example(asked: dict[str, Any]) -> dict[str, Any]:
    """One of a model's examples in full. `asked` has `model` and `id`."""
    return example_json(offered(asked["model"]), str(asked["id"]))


LAYOUT = (
    Column("side", (SIDE_TOP, Slot.PICTURE, SIDE_BOTTOM)),
    Column("main", (MAIN,)),
    Column("why", (WHY,)),
)

TAB = Tab("explore", LAYOUT, (analyse, example, explain, grade, sanity))
