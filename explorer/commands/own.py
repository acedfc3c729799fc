"""wrap, convert, verify, push: make a model folder of what others have, check one, publish it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from explorer.commands.app import app, fail


@app.command()
def wrap(
    name: Annotated[str, typer.Argument(help="timm's name of a classifier, as vit_small_patch16_224")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="[default: checkpoints/NAME]")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="your own state dict [default: timm's, from the hub]")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="text file, a class a line")] = None,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    calibrate: Annotated[
        Path | None, typer.Option(help="folder with a subfolder per class: fits temperatures and thresholds")
    ] = None,
) -> None:
    """Read any timm classifier out behind every block with its own last layer; nothing is trained."""
    from explorer.evaluate.calibrating import calibrate_folder
    from explorer.model.wrap import wrap as make

    try:
        folder = out or Path("checkpoints") / name
        model = make(name, folder, weights, labels, title)
        print(f"{folder}: {len(model.network.specs)} exits, {len(model.labels)} classes")
        if calibrate:
            for line in calibrate_folder(folder, calibrate):
                print(line)
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def convert(
    layout: Annotated[str, typer.Argument(help="whose: lgvit-official, the layout of LGViT's authors")],
    source: Annotated[
        str, typer.Argument(help="folder or hub id with config, weights, preprocessor; or the weights' file")
    ],
    out: Annotated[
        Path | None, typer.Argument(help="the model folder to write [default: checkpoints/NAME]")
    ] = None,
    title: Annotated[str | None, typer.Option(help="what the page calls it")] = None,
    revision: Annotated[str | None, typer.Option(help="of the hub id: a branch, tag or commit")] = None,
) -> None:
    """Make a model folder of a checkpoint in the LGViT authors' own layout, on ViT, DeiT or Swin."""
    from explorer.model.bundle import ModelError
    from explorer.model.convert import convert_lgvit, is_lgvit
    from explorer.model.hub import snapshot

    try:
        if layout != "lgvit-official":
            raise ModelError(f"there is no layout '{layout}'; choose lgvit-official.")
        path = Path(source)
        if not path.exists() and (source.count("/") != 1 or source.startswith((".", "/", "~"))):
            raise ModelError(
                f"There is no folder {source}; name the one that holds the authors' config.json."
            )
        folder = path.parent if path.is_file() else path if path.exists() else snapshot(source, revision)
        if not is_lgvit(folder):
            raise ModelError(
                f"{folder} holds no LGViT of the authors': its config.json names no highway_type."
            )
        name = (path.resolve().parent if path.is_file() else path).name
        target = out or Path("checkpoints") / name
        print(convert_lgvit(folder, target, title or f"{name}, converted", path if path.is_file() else None))
    except ModelError as error:
        fail(error)


@app.command()
def verify(
    folder: Annotated[str, typer.Argument(help="a model: name, folder or hub id")],
    store: Annotated[
        bool, typer.Option(help="first store what it answers now, to be compared with later")
    ] = False,
) -> None:
    """Check a model folder: hashes, shapes, finite weights, and a stored sample's answers."""
    from explorer.model.catalog import find_model
    from explorer.model.verify import store_sample
    from explorer.model.verify import verify as check

    try:
        found = find_model(folder)
        if store:
            store_sample(found)
        for line in check(found):
            print(line)
    except ValueError as error:
        fail(error)


@app.command()
def push(
    model: Annotated[str, typer.Argument(help="a model of this machine: name or folder")],
    repo: Annotated[str, typer.Argument(metavar="USER/NAME", help="the model on the Hugging Face hub")],
    private: Annotated[bool, typer.Option("--private", help="if it is made now: for you alone")] = False,
    revision: Annotated[str | None, typer.Option(help="a branch [default: the main one]")] = None,
    space: Annotated[
        str | None, typer.Option(help="a Space that shows it, USER/NAME: the hub then links the two")
    ] = None,
) -> None:
    """Check a model folder and put it onto the hub, with its card: --model USER/NAME@REVISION then finds it."""
    from explorer.model.catalog import find_model
    from explorer.model.push import push as send

    try:
        commit = send(find_model(model), repo, private, revision, space)
    except (ValueError, OSError) as error:
        fail(error)
    print(f"{repo}@{commit}")
