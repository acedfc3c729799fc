"""A picture through every exit, as the page shows it: its trace at every grain, what the network saw, its maps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Any

from PIL import Image

from explorer.conformal import set_sizes
from explorer.data.reading import read_image
from explorer.data.sight import Sight
from explorer.explain.attending import Attentions
from explorer.explain.map import Map
from explorer.explain.packing import pack
from explorer.grain import CLASSES
from explorer.model.bundle import Model
from explorer.model.catalog import load_model
from explorer.pipeline import see, to_tensor, warm_up
from explorer.rules.reading import at_grain
from explorer.trace import Trace, trace_json
from explorer.web.answers import analyses
from explorer.web.crowd import network_lane, pool
from explorer.web.pictures import data_uri, preview
from explorer.web.shelf import Shelf, most_here, stamp

COARSE = 3  # best groups of each exit that a coarser reading names
_READING = (
    "class_count",
    "classes",
    "probabilities",
    "predicted",
    "scores",
    "rules",
    "sets",
)  # what differs at a coarser grain


def _open(name: str) -> Model:
    model = load_model(name)
    with network_lane:
        warm_up(model)
    return model


models = Shelf(_open, most_here(), stamp)


def open_model(name: str) -> Model:
    """A model, loaded once even under concurrent requests, and warmed up. Raises `ModelError`."""
    return models.get(name)


def page_trace(model: Model, trace: Trace) -> dict[str, Any]:
    """One image's trace as the page reads it; `readings` has what differs at each coarser grain, by its name."""
    facts = trace_json(trace, model.labels) | {"sets": _sets(model, CLASSES, trace), "readings": {}}
    for grain in model.grains:
        coarse = at_grain(trace, grain, model.network.addons)
        read = trace_json(coarse, grain.labels, COARSE) | {"sets": _sets(model, grain.name, coarse)}
        facts["readings"][grain.name] = {name: read[name] for name in _READING}
    return facts


def _sets(model: Model, grain: str, trace: Trace) -> dict[str, list[int]]:
    """How many classes are in the conformal set at each exit, by coverage; empty if the model has no sets."""
    return set_sizes(trace.probabilities, model.sets.get(grain, {}))


def analyse_image(model: Model, image: Image.Image, sight: Sight | None = None) -> dict[str, Any]:
    """An RGB image through every exit: the trace, what the network saw, and the maps of the same pass (`passing`).

    A `sight` goes to the network unchanged; without one it is made from the image.
    """
    first, rest = begin_analysis(model, image, sight)
    return first | rest()


def begin_analysis(
    model: Model,
    image: Image.Image,
    sight: Sight | None = None,
    unwanted: Callable[[], bool] = lambda: False,
    done: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
    """`analyse_image` in two parts: what the ladder is drawn from, and what makes the pictures and maps of that pass.

    Calls `done` with the name of each step of the first part as it ends: "see", "pass", "trace". Raises `Superseded`
    if the answer is `unwanted()` before the network runs.
    """
    sight = sight or see(model, image)
    batch = to_tensor(model, sight.image)
    done("see")
    looked = pool.look(model, batch, unwanted)
    done("pass")
    first = {
        "title": "your image",
        "label": None,
        "truth": None,
        "note": sight.note,
        "trace": page_trace(model, looked.trace),
    }
    done("trace")

    def rest() -> dict[str, Any]:
        return {
            "image": preview(image),
            "saw": data_uri(sight.image, "PNG"),
            "maps": passing(looked.attentions()),
        }

    return first, rest


def passing(seen: Attentions | None) -> list[dict[str, Any]]:
    """The maps that an analysis yields besides its trace, named as in the page's questions.

    Attention and rollout of [CLS], and each head's mean attention distance; none where attention cannot be read.
    """
    if seen is None:
        return []
    attention = pack(Map(seen.attention[0], False, "attention", ("block", "head")))
    rollout = pack(Map(seen.rollout[0], False, "share", ("block",)))
    distance = seen.distance[0].round(1).tolist()
    return [
        {"method": "attention", "map": attention, "distance": distance},
        {"method": "rollout", "map": rollout},
    ]


def analyse_file(model_name: str, file: bytes) -> dict[str, Any]:
    """A picture's file through every exit: `analyse_image`, cached. The file is read first.

    Raises `UnreadableImage` or `ModelError`, both one plain sentence.
    """

    def make() -> dict[str, Any]:
        image = read_image(file)
        return analyse_image(open_model(model_name), image)

    return analyses.get(file_key(model_name, file), make)


def file_key(model_name: str, file: bytes) -> tuple[Hashable, ...]:
    """The cache key for the analysis of a picture's file: the model as its folder is now, and the bytes."""
    return model_name, stamp(model_name), sha256(file).digest()


def known_label(model: Model, label: str | None) -> tuple[str | None, int | None]:
    """A true label and its class; None for what the model does not know.

    ImageNet has two maillots and two cranes: such a label is returned without a class.
    """
    if label not in model.labels:
        return None, None
    return label, model.labels.index(label) if model.labels.count(label) == 1 else None
