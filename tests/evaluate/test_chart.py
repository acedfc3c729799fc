"""The interactive chart holds what the trade-off says, and opens without a network."""

import json
import re

import numpy as np
from plotly.io import from_json

from explorer.evaluate.chart import write_chart
from explorer.evaluate.record import Record
from explorer.evaluate.tradeoff import curve


def record():
    rng = np.random.default_rng(0)
    return Record(
        labels=np.zeros(50, np.int64),
        predicted=rng.integers(0, 2, (50, 3)),
        scores={"confidence": rng.random((50, 3)), "patience": np.ones((50, 3)).cumsum(axis=1)},
        blocks=np.array([1, 2, 3]),
        macs=np.array([1_000_000, 2_000_000, 3_000_000]),
        macs_full=2_500_000,
    )


def test_a_curve_per_rule_with_its_thresholds_and_no_address_to_load_from(tmp_path):
    test = record()
    write_chart({"<Toy>": {"test": test}}, tmp_path / "chart.html", "agreement")
    page = (tmp_path / "chart.html").read_text()
    assert not re.search(r"<script[^>]+src=", page)
    data, layout = re.search(
        r'Plotly\.newPlot\(\s*"[^"]+",\s*(\[.*?\]),\s*(\{.*?\}),\s*\{', page, re.S
    ).groups()
    figure = from_json(json.dumps({"data": json.loads(data), "layout": json.loads(layout)}))
    assert [trace.name for trace in figure.data] == [
        "<Toy>, confidence",
        "<Toy>, patience",
        "<Toy>, without exits",
    ]
    points = curve(test, "confidence")
    np.testing.assert_allclose(figure.data[0].y, [100 * p.accuracy for p in points])
    np.testing.assert_allclose(figure.data[0].x, [p.macs / 1e6 for p in points])
    assert figure.layout.yaxis.title.text == "agreement (%)"
