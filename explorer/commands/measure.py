"""evaluate, bench: how good a model is, and how quick all this is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import DataOption, ModelOption, ThresholdsOption, app, fail


@app.command()
def evaluate(
    model: Annotated[
        list[str] | None, typer.Option(help="name, folder or hub id; may be repeated [default: all]")
    ] = None,
    data: DataOption = None,
    thresholds: ThresholdsOption = None,
    stored: Annotated[bool, typer.Option(help="use evaluation.npz instead of running the model")] = False,
    markdown: Annotated[bool, typer.Option(help="print the tables as Markdown")] = False,
    chart: Annotated[
        Path | None, typer.Option(help="also draw the trade-offs into this HTML file, interactive")
    ] = None,
    grain: Annotated[str, typer.Option(help="read the answers in the models' kinds or groups")] = "classes",
    save: Annotated[
        bool, typer.Option(help="keep what is measured, and thresholds for all rules, in the models' folders")
    ] = False,
) -> None:
    """Accuracy at every exit, and accuracy against cost for every rule, on Fashion-MNIST's test images.

    With --thresholds: what those thresholds give on the validation and the test images.
    """
    from explorer.evaluate.command import run

    try:
        run(model, data, thresholds, stored, markdown, chart, grain, save)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="analyse, infer, peers, first, page, serve, site, start, upload, visit [default: all]",
        ),
    ] = None,
    model: ModelOption = "fashion",
    seconds: Annotated[float, typer.Option(help="of serve, for each crowd")] = 60.0,
) -> None:
    """Measure what the README claims about speed, all in one run, as ratios."""
    from explorer.bench import run

    try:
        run(only, model, seconds)
    except ValueError as error:
        fail(error)
