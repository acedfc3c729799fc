"""The model card, written from what was measured: Hugging Face's front matter, then plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch

from explorer.evaluate import report
from explorer.evaluate.record import Record
from explorer.model.bundle import Model

_CARD = """---
license: mit
library_name: timm
pipeline_tag: image-classification
datasets:
- fashion_mnist
tags:
- early-exit
- vision-transformer
---

# {title}

A vision transformer of {blocks} blocks ({parameters:.2f} M parameters, {grid} patch tokens, width {width})
with exits behind blocks {exit_blocks}, trained {origin} for Exit Explorer
on Fashion-MNIST.

- **Recipe**: `{recipe}`, {passes} passes over 55,000 training images in all ({minutes:.0f} minutes of
  training time here), seed {seed}. Settings and curves: `training.json`. Made by
  `python -m explorer train --recipe {recipe} --passes {passes}{started}` with torch {torch}, timm {timm}.
- **Data**: Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747; MIT licence). 5,000 of the 60,000
  training images were kept apart; thresholds are chosen on them, and accuracy is reported on the 10,000 test
  images.
- **Input**: 28 x 28 grey, bright garment on black. Photographs are brought halfway: turned to grey, inverted
  if the background is light, cropped to the object.
- **Cost**: {macs:.1f} M multiply-accumulates to the end without exits.
- **Limits**: it knows ten kinds of garment and nothing else, and will name one of them for any
  picture. Pictures unlike the catalogue photographs it was trained on (worn clothes, busy backgrounds) are
  outside what was measured.
- **Licence of the weights**: MIT.

Measured by `python -m explorer evaluate --model {name} --save`; `--stored` prints it again:

{tables}
"""


def write_card(model: Model, records: dict[str, Record], training: dict[str, Any], path: Path) -> None:
    """Write README.md of a model folder; `training` is what training.json holds."""
    network, backbone = model.network, training.get("backbone")
    only = {model.title: records}
    tables = (report.accuracy_table(only), report.budget_table(only), report.margin_table(only))
    seconds = sum(
        float(row["seconds"])
        for row, after in zip(training["curves"], [*training["curves"][1:], None], strict=True)
        if after is None or float(after["seconds"]) < float(row["seconds"])
    )
    path.write_text(
        _CARD.format(
            title=model.title,
            name=model.name,
            blocks=network.backbone.blocks,
            parameters=sum(p.numel() for p in network.parameters()) / 1e6,
            grid=network.backbone.grid[0] * network.backbone.grid[1],
            width=network.backbone.width,
            exit_blocks=", ".join(str(e.block) for e in network.exits[:-1]),
            recipe=training["recipe"],
            origin=f"from the backbone of `{backbone}`" if backbone else "from scratch",
            started=f" --backbone {backbone}" if backbone else "",
            passes=training["settings"]["passes"],
            seed=training["settings"]["seed"],
            minutes=seconds / 60,
            torch=torch.__version__.partition("+")[0],
            timm=timm.__version__,
            macs=network.macs_full / 1e6,
            tables="\n\n".join(report.markdown(table) for table in tables),
        )
    )
