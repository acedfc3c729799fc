"""The command line itself, and what its commands share: options, and how a mistake is said."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    help="See early exiting in vision transformers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # or square brackets in these texts, such as defaults, would be read as markup
)
ModelOption = Annotated[str, typer.Option(help="name, folder, or hub id as owner/name[@revision]")]
ThresholdsOption = Annotated[
    Path | None, typer.Option(help="rule and thresholds from a file that the page's Tune tab exported")
]
DeviceOption = Annotated[str, typer.Option(help="where the network runs, as torch names it: cpu, cuda, mps")]
DataOption = Annotated[Path | None, typer.Option(help="folder with Fashion-MNIST's four idx files")]


def fail(error: object) -> NoReturn:
    """One line on stderr, exit code 2."""
    if isinstance(error, OSError) and error.filename is not None:
        error = f"{error.filename}: {error.strerror}; check the path and its permissions."
    print(f"error: {error}", file=sys.stderr)
    raise typer.Exit(2)


@app.callback()
def begin() -> None:
    # A file's name may hold what this terminal cannot write; that must not cost the answers after it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
