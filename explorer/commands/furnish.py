"""examples, grains, gallery: what the page shows of a model beside its answers, put into its folder."""

from __future__ import annotations

from typing import Annotated

import typer

from explorer.commands.app import DataOption, ModelOption, app, fail


@app.command()
def examples(
    model: ModelOption = "fashion",
    data: DataOption = None,
    again: Annotated[
        bool, typer.Option(help="only read the stored ones anew, for new rules or grains")
    ] = False,
) -> None:
    """Choose test images that leave at different exits, and precompute what the page shows of them."""
    from explorer.web.examples import reread, run

    try:
        print(reread(model) if again else run(model, data))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def grains(model: ModelOption = "fashion") -> None:
    """Put coarser readings of a model's classes, its grains, into its folder (needs WordNet for ImageNet's classes)."""
    from explorer.data.grains import run

    try:
        print(run(model))
    except (ValueError, OSError) as error:
        fail(error)


@app.command()
def gallery(model: ModelOption = "fashion", data: DataOption = None) -> None:
    """Put the hardest and easiest test images of a model into its folder, for the page's Tune tab."""
    from explorer.evaluate.gallery import run

    try:
        print(run(model, data))
    except (ValueError, OSError) as error:
        fail(error)
