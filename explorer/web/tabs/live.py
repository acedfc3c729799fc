"""The Live tab: a camera's frames through the network one after the other, each leaving where it is sure."""

from __future__ import annotations

from typing import Any

from explorer.batch import classify_together
from explorer.grain import choose_grain
from explorer.pipeline import see
from explorer.rules import get_rule
from explorer.web.analysis import open_model
from explorer.web.crowd import network_lane
from explorer.web.handing_out import network_files
from explorer.web.pictures import read_data_uri
from explorer.web.questions import blocks, numbers, offered, question
from explorer.web.tabs.tab import Column, Tab

SIDE = '<div class="ee-panel"><live-view></live-view></div>'
MAIN = """
<div class="ee-panel ee-controls"><rule-controls exits></rule-controls></div>
<div class="ee-panel ee-split"><live-ladder></live-ladder><live-rates></live-rates></div>
<div class="ee-panel"><live-strip></live-strip></div>
"""


@question
def live(asked: dict[str, Any]) -> dict[str, Any]:
    """One frame, really stopped at the exit that fires.

    `asked` has `model`, `frame` (a data URI), `rule`, `thresholds`, `grain`, maybe `left_out`, and `plain`:
    whether to time the backbone without exits as well. Answers with a report as `classify --json` gives it, and the
    model's `exits`.
    """
    model = open_model(offered(asked["model"]))
    rule, thresholds = get_rule(asked["rule"]), numbers(asked["thresholds"])
    grain, left_out = choose_grain(model.grains, asked.get("grain")), blocks(asked.get("left_out", []))
    seen = see(model, read_data_uri(asked["frame"])).image
    with network_lane:
        together = classify_together(model, [seen], rule, thresholds, bool(asked["plain"]), grain, left_out)
    exits = [{"block": e.block, "kind": e.kind, "family": e.family} for e in model.network.exits]
    return {**together.reports[0], "exits": exits}


@question
def live_network(asked: dict[str, Any]) -> dict[str, Any]:
    """Where a browser finds the network of `model`, to run it itself: {address, models, runtime}."""
    return network_files(offered(asked["model"]))


LAYOUT = (Column("side", (SIDE,)), Column("main", (MAIN,)))

TAB = Tab("live", LAYOUT, (live, live_network))
