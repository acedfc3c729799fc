"""Pictures through the network in batches, each really stopped early: reports in the order the pictures came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from numpy.typing import ArrayLike
from PIL import Image

from explorer.batch import classify_together
from explorer.grain import Grain
from explorer.model.bundle import Model
from explorer.pipeline import see
from explorer.rules import Rule

SIZE = 32  # pictures that run together; they are kept as small as the network sees them


def reports(
    model: Model,
    pictures: Iterable[tuple[str, Image.Image | str]],
    rule: Rule,
    thresholds: ArrayLike,
    grain: Grain | None = None,
    left_out: Collection[int] = (),
) -> Iterator[dict[str, Any]]:
    """A report for every (name, RGB image), {image, error} for every (name, sentence); otherwise as for `infer`."""
    pictures = iter(pictures)
    while batch := list(islice(((name, _seen(model, found)) for name, found in pictures), SIZE)):
        seen = [found for _, found in batch if not isinstance(found, str)]
        together = classify_together(model, seen, rule, thresholds, False, grain, left_out) if seen else None
        ran = iter(together.reports if together else ())
        for name, found in batch:
            yield {"image": name, "error": found} if isinstance(found, str) else {"image": name, **next(ran)}


def _seen(model: Model, found: Image.Image | str) -> Image.Image | str:
    return found if isinstance(found, str) else see(model, found).image
