"""Every model's and rule's trade-off as one interactive chart, in a file that opens anywhere without a network."""

from __future__ import annotations

from pathlib import Path

from explorer.evaluate.report import Records
from explorer.evaluate.tradeoff import curve

DASHES = {"confidence": "solid", "entropy": "dash", "patience": "dot"}  # another rule: "dashdot"


def write_chart(models: dict[str, Records], path: Path, measure: str = "accuracy") -> None:
    """An HTML page with test accuracy against mean MACs as the threshold moves: a curve per model and rule.

    Plotly.js is included (about 5 MB). Hovering over a point shows its threshold; a click in the legend hides a
    curve, a double click shows only that one.
    """
    import plotly.graph_objects as go
    from plotly.colors import qualitative

    figure = go.Figure()
    for colour, (title, records) in zip(qualitative.Safe * len(models), models.items(), strict=False):
        test = records["test"]
        for rule in test.scores:
            points = curve(test, rule)
            figure.add_scatter(
                x=[p.macs / 1e6 for p in points],
                y=[100 * p.accuracy for p in points],
                customdata=[[p.threshold, p.by_macs, p.by_blocks] for p in points],
                mode="lines",
                name=f"{title}, {rule}",
                line={"color": colour, "dash": DASHES.get(rule, "dashdot")},
                hovertemplate=(
                    "threshold %{customdata[0]:.4g}: %{y:.2f} % at %{x:.2f} M MACs, "
                    "%{customdata[1]:.2f}x fewer by MACs, %{customdata[2]:.2f}x by blocks"
                ),
            )
        figure.add_scatter(
            x=[test.macs_full / 1e6],
            y=[100 * test.accuracy[-1]],
            mode="markers",
            name=f"{title}, without exits",
            marker={"color": colour, "symbol": "diamond", "size": 10},
            hovertemplate="the backbone to its end: %{y:.2f} % at %{x:.2f} M MACs",
        )
    figure.update_layout(
        title=f"Test {measure} against cost as the threshold moves",
        xaxis_title="mean MACs of an image, heads included (millions)",
        yaxis_title=f"{measure} (%)",
        template="plotly_white",
    )
    figure.write_html(path, include_plotlyjs=True)
