"""evaluate, bench: how good a model is, and how quick all this is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import ModelOption, ThresholdsOption, app, fail


@app.command()
def evaluate(
    model: Annotated[
        list[str] | None,
        typer.Option(help="name, folder or hub id; may be repeated [default: all these images suit]"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Fashion-MNIST's folder, or one of photographs with a labels.tsv")
    ] = None,
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
    rules: Annotated[
        bool,
        typer.Option(help="compare all rules at the same savings instead, at every grain, and time them"),
    ] = False,
) -> None:
    """Accuracy at every exit, and accuracy against cost for every rule, on test images.

    With --thresholds: what those thresholds give on the validation and the test images. --rules is a table of its own,
    at every grain, which takes no --thresholds, --chart or --grain.
    """
    from explorer.evaluate.command import run

    try:
        run(model, data, thresholds, stored, markdown, chart, grain, save, rules)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def agreement(
    data: Annotated[
        list[str],
        typer.Option(metavar="FOLDER|ZIP[=WEIGHT]", help="photographs that nobody labelled; may be repeated"),
    ],
    teacher: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]FILE",
            help="a timm classifier's weights, of tf_efficientnet_lite0 unless named; several are averaged",
        ),
    ],
    model: ModelOption = "photos",
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER|ZIP", help="what the model learned from: near copies are left out"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="how many photographs at most")] = 3000,
) -> None:
    """How often every exit agrees with a teacher on photographs without labels, for Tune beside the labelled ones."""
    from rich.console import Console

    from explorer.evaluate.agreement import run, table
    from explorer.train.photos.photographs import parse_source
    from explorer.train.photos.teacher import parse_teacher

    try:
        sources, teachers = [parse_source(text) for text in data], [parse_teacher(text) for text in teacher]
        Console(markup=False).print(table(run(model, sources, teachers, trained_on or [], count)))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def solve(
    model: ModelOption = "fashion",
    rule: Annotated[str, typer.Option(help="an exit rule by name")] = "confidence",
    fewer: Annotated[
        float | None, typer.Option(help="spend at least so many times fewer MACs in the mean, as 1.5")
    ] = None,
    floor: Annotated[float | None, typer.Option(help="be right on at least so many percent, as 93")] = None,
    deepest: Annotated[
        int | None, typer.Option(help="the last block any image may run: the most one may cost")
    ] = None,
    how: Annotated[
        str | None, typer.Option(help="one, shares, each or subset [default: the best of all]")
    ] = None,
    grain: Annotated[str, typer.Option(help="read the answers in the model's kinds or groups")] = "classes",
    out: Annotated[Path | None, typer.Option(help="write the thresholds into this JSON file")] = None,
    markdown: Annotated[bool, typer.Option(help="print the tables as Markdown")] = False,
) -> None:
    """Thresholds for a budget of MACs or an accuracy, found on validation images and held against test."""
    from explorer.evaluate.solving import run

    try:
        run(model, rule, fewer, floor, deepest, how, grain, out, markdown)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="analyse, explain, first, infer, memory, page, peers, serve, site, start, upload, visit, "
            "weights [default: all]",
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
