"""The Stress tab: one image made harder step by step, and how far up the network each step has to climb."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from explorer.data.corruptions import SEVERITIES, corrupt
from explorer.pipeline import to_tensor
from explorer.web.analysis import open_model, page_trace
from explorer.web.crowd import network_lane
from explorer.web.pictures import data_uri, from_data_uri
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Column, Tab

SMALL = 100  # pixels: pictures up to here are sent as they are; for larger ones JPEG is good enough

SIDE = '<div class="ee-panel"><stress-picture></stress-picture></div>'
EXAMPLES = '<div class="ee-panel ee-examples"><example-strip></example-strip></div>'
MAIN = """
<div class="ee-panel ee-controls"><rule-controls></rule-controls></div>
<div class="ee-panel"><stress-chart></stress-chart></div>
<div class="ee-panel"><stress-ladder></stress-ladder></div>
"""
SWEEP = '<div class="ee-panel"><stress-sweep></stress-sweep></div>'


@question
def stress(asked: dict[str, Any]) -> dict[str, Any]:
    """What the network makes of a picture under a corruption, at all eleven severities, in one batch.

    `asked` has `model`, `saw` (data URI of the picture the network saw), `corruption` and `seed`. Answers with
    `traces` and `pictures` (data URIs), from severity 0 to 10. Milliseconds are the batch's, shared out evenly.
    """
    model = open_model(offered(asked["model"]))
    seen = from_data_uri(str(asked["saw"]), model)
    seed = asked["seed"]
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError("The seed is a whole number from 0 to 4294967295.")
    frames = [corrupt(seen, str(asked["corruption"]), severity, seed) for severity in SEVERITIES]
    batch = torch.cat([to_tensor(model, frame) for frame in frames])
    with network_lane:
        trace = model.network.analyse(batch)
    trace = replace(trace, ms=trace.ms / len(frames), ms_full=trace.ms_full / len(frames))
    kind = "PNG" if max(seen.size) <= SMALL else "JPEG"
    return {
        "corruption": asked["corruption"],
        "seed": seed,
        "traces": [page_trace(model, trace[severity]) for severity in SEVERITIES],
        "pictures": [data_uri(frame, kind) for frame in frames],
    }


LAYOUT = (Column("side", (SIDE, EXAMPLES)), Column("main", (MAIN,)), Column("why", (SWEEP,)))

TAB = Tab("stress", LAYOUT, (stress,))
