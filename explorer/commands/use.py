"""classify, infer, models: ask a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import DeviceOption, ThresholdsOption, app, fail


@app.command()
def classify(
    images: Annotated[
        list[str],
        typer.Argument(
            help="files, folders, zip archives, patterns; - for names or a picture on standard input"
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="name, folder or hub id [default: EXIT_EXPLORER_MODEL, else photos; or the thresholds' own]"
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(help="an exit rule by name, as confidence, entropy, patience [default: confidence]"),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="leave at a score of at least this [default: the model's]")
    ] = None,
    thresholds: ThresholdsOption = None,
    grain: Annotated[
        str | None, typer.Option(help="answer in the model's kinds or groups of classes [default: classes]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line per image")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write all into this file: .csv, .jsonl or .parquet")
    ] = None,
    device: DeviceOption = "cpu",
) -> None:
    """Classify images, leaving early where the network is sure."""
    from explorer.classify import run

    try:
        all_read = run(images, model, rule, threshold, thresholds, as_json, grain, out, device)
    except (ValueError, OSError) as error:
        fail(error)
    if not all_read:
        raise typer.Exit(2)


@app.command()
def infer(
    data: Annotated[
        list[Path],
        typer.Option(help="a folder of pictures or of tar shards, or a tar shard; may be repeated"),
    ],
    out: Annotated[Path, typer.Option(help="the folder for the answers, JSON lines in parts")],
    model: Annotated[
        str | None, typer.Option(help="name, folder or hub id [default: EXIT_EXPLORER_MODEL, else photos]")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="an exit rule [default: confidence]")] = None,
    threshold: Annotated[float | None, typer.Option(help="[default: the model's]")] = None,
    thresholds: ThresholdsOption = None,
    grain: Annotated[
        str | None, typer.Option(help="answer in the model's kinds or groups of classes [default: classes]")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="as torch names it [default: cuda:LOCAL_RANK where there is one, else cpu]"),
    ] = None,
) -> None:
    """Answer a whole data set, really stopping early; under accelerate launch or torchrun on several processes.

    Stopped at any moment, the same command does what is missing, on any number of processes.
    """
    from explorer.classify import open_run
    from explorer.many.shards import Place, default_device, run

    try:
        place = Place.here()
        where = device or default_device()
        asked = open_run(model, rule, threshold, thresholds, grain, where)
        shards = list(map(str, data))
        for part, rows in run(
            asked.model, shards, out, asked.rule, asked.thresholds, place, asked.grain, asked.left_out
        ):
            print(f"{part}: {rows} pictures, process {place.rank + 1} of {place.world}", flush=True)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def models() -> None:
    """List the models on this machine."""
    from rich.console import Console
    from rich.table import Table

    from explorer.model.catalog import list_models

    table = Table("Name", "Title", "From")
    for entry in list_models():
        table.add_row(entry.name, entry.title, entry.source)
    Console(markup=False).print(table)
