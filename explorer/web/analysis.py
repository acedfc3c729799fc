"""What the page asks the server for: analyse this image, open this model. JSON in, JSON out."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Hashable
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from explorer.conformal import read_limits, set_sizes
from explorer.data.reading import UnreadableImage, read_image
from explorer.data.sight import Sight
from explorer.explain.attending import Attentions
from explorer.explain.map import Map
from explorer.explain.packing import pack
from explorer.grain import CLASSES, read_grains
from explorer.model.addons import addon_names, unknown_addons
from explorer.model.bundle import Model, ModelError, known_thresholds, read_config
from explorer.model.catalog import ASSETS, find_model, load_model
from explorer.pipeline import see, to_tensor, warm_up
from explorer.rules import rules_with
from explorer.rules.reading import at_grain
from explorer.trace import Trace, trace_json
from explorer.web.answers import analyses
from explorer.web.crowd import network_lane, pool
from explorer.web.shelf import Shelf, most_here, per_model, stamp
from explorer.web.uploads import stored

EXAMPLES = ASSETS / "examples"
SHOWN = 384  # pixels of the longer edge of the picture a visitor gets back of an upload
SHOWN_BYTES = 45_000  # of that picture; what the network saw stays exact, and all of the answer below 300 kB
COARSE = 3  # best groups of each exit that a coarser reading names
_READING = (
    "class_count",
    "classes",
    "probabilities",
    "predicted",
    "scores",
    "rules",
    "sets",
)  # what is other at a grain
THUMBNAIL_QUALITY = 70  # JPEG's: shown at half its size until the whole one comes
THUMBNAIL = 96  # pixels of the longer edge of an example that is not whole yet
MOST_AT_FIRST = 400_000  # bytes of examples as JSON that a first view brings whole
MOST_URI = 2_000_000  # characters of a picture that travels with a question, in base64: 1.5 MB

# An upload is sent back as a PNG, exactly what the network saw; the examples' photos are smaller as JPEGs.
_OURS = ("data:image/png;base64,", "data:image/jpeg;base64,")


def _open(name: str) -> Model:
    model = load_model(name)
    with network_lane:
        warm_up(model)
    return model


models = Shelf(_open, most_here(), stamp)


def open_model(name: str) -> Model:
    """A model, loaded once, however many ask for it at the same time, and warmed up. Raises `ModelError`."""
    return models.get(name)


def rules_json(folder: Path) -> dict[str, Any]:
    """Every rule that applies to a model, as the page needs it; the defaults are the model's own thresholds."""
    config = read_config(folder)
    exits = len(config["exits"]) + 1  # with the final read-out
    rules = {name: rule.describe(exits) for name, rule in rules_with(addon_names(folder)).items()}
    for name, threshold in config["thresholds"].items():
        if name in rules:
            rules[name]["default"] = threshold
    return rules


def page_trace(model: Model, trace: Trace) -> dict[str, Any]:
    """One image's trace as the page reads it, and in `readings` what is other at each coarser grain, by its name."""
    facts = trace_json(trace, model.labels) | {"sets": _sets(model, CLASSES, trace), "readings": {}}
    for grain in model.grains:
        coarse = at_grain(trace, grain, model.network.addons)
        read = trace_json(coarse, grain.labels, COARSE) | {"sets": _sets(model, grain.name, coarse)}
        facts["readings"][grain.name] = {name: read[name] for name in _READING}
    return facts


def _sets(model: Model, grain: str, trace: Trace) -> dict[str, list[int]]:
    """How many classes are in the conformal set at each exit, by coverage; nothing where the model has no sets."""
    return set_sizes(trace.probabilities, model.sets.get(grain, {}))


def grains_json(folder: Path) -> list[dict[str, Any]]:
    """A model's coarser readings, the finest first: their groups, each class's group, and thresholds of their own."""
    grains, _ = read_grains(folder, read_config(folder))
    return [
        {
            "name": grain.name,
            "title": grain.title,
            "labels": list(grain.labels),
            "groups": grain.groups.tolist(),
            "thresholds": grain.thresholds,
            "opens": grain.opens,
        }
        for grain in grains
    ]


def notes_json(folder: Path) -> list[str]:
    """What of a newer or damaged folder this version leaves out, a sentence each; no network is loaded for it."""
    config = read_config(folder)
    _, unknown = known_thresholds(config["thresholds"])
    _, left_out = read_grains(folder, config)
    _, without_sets = read_limits(folder, len(config["exits"]) + 1)
    return [*unknown_addons(folder), *unknown, *left_out, *without_sets]


def analyse_image(model: Model, image: Image.Image, sight: Sight | None = None) -> dict[str, Any]:
    """An RGB image through every exit: the trace, what the network saw, and the maps that one pass gives (`passing`).

    A `sight` is shown to the network as it is; without one it is made of the image.
    """
    first, rest = begin_analysis(model, image, sight)
    return first | rest()


def begin_analysis(
    model: Model,
    image: Image.Image,
    sight: Sight | None = None,
    unwanted: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
    """`analyse_image` in two parts: what the ladder is drawn from, and what makes the pictures and maps of that pass.

    Raises `Superseded` where the answer turns out `unwanted()` before the network is asked.
    """
    sight = sight or see(model, image)
    looked = pool.look(model, to_tensor(model, sight.image), unwanted)
    first = {
        "title": "your image",
        "label": None,
        "truth": None,
        "note": sight.note,
        "trace": page_trace(model, looked.trace),
    }

    def rest() -> dict[str, Any]:
        return {
            "image": preview(image),
            "saw": data_uri(sight.image, "PNG"),
            "maps": passing(looked.attentions()),
        }

    return first, rest


def passing(seen: Attentions | None) -> list[dict[str, Any]]:
    """The maps that an analysing pass gives besides its trace, as the page's questions would name them.

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
    """A picture's file through every exit: `analyse_image`, kept for whoever asks again. The file is read first.

    Raises `UnreadableImage` or `ModelError`, both one plain sentence.
    """

    def make() -> dict[str, Any]:
        image = read_image(file)
        return analyse_image(open_model(model_name), image)

    return analyses.get(file_key(model_name, file), make)


def file_key(model_name: str, file: bytes) -> tuple[Hashable, ...]:
    """Under what the analysis of a picture's file is kept: the model as its folder is now, and the bytes."""
    return model_name, stamp(model_name), sha256(file).digest()


def file_of(picture: Any) -> bytes:
    """The bytes of a picture that came with a question: an upload as Gradio's {path, …}, or a data URI.

    Nothing else is read, whatever path or address is asked for. Raises `UnreadableImage`.
    """
    if isinstance(picture, str) and picture.startswith("data:"):
        return data_uri_bytes(picture)
    return stored(picture.get("path") if isinstance(picture, dict) else picture).read_bytes()


def model_json(name: str, short: bool = False) -> dict[str, Any]:
    """What the page needs when a model is chosen: its rules, what it is held to, and the examples, analysed by it.

    Loads no network where the examples are precomputed. `short` leaves out what the page can ask for later.
    """
    folder = find_model(name)
    return {
        "model": name,
        "reference": read_config(folder).get("reference", "labels"),
        "rules": rules_json(folder),
        "grains": grains_json(folder),
        "notes": notes_json(folder),
        "examples": short_examples(name) if short else examples_json(name),
    }


def known_label(model: Model, label: str | None) -> tuple[str | None, int | None]:
    """A true label and its class, as far as the model knows that word for one class alone.

    ImageNet has two maillots and two cranes: such a label is named and no class is held to be right.
    """
    if label not in model.labels:
        return None, None
    return label, model.labels.index(label) if model.labels.count(label) == 1 else None


@per_model(8)
def short_examples(name: str) -> list[dict[str, Any]]:
    """The examples for a first view: where they are large, only the one it opens with is whole.

    The others say that they are `short`, and have their trace and a small picture; `example_json` has the rest.
    """
    examples = examples_json(name)
    if len(json.dumps(examples)) < MOST_AT_FIRST:
        return examples
    opens = next((e for e in examples if e.get("opens")), examples[len(examples) // 2])
    return [example if example is opens else _short(example) for example in examples]


def _short(example: dict[str, Any]) -> dict[str, Any]:
    picture = read_data_uri(example["image"])
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    names = ("id", "title", "label", "truth", "note", "credit", "trace")
    kept: dict[str, Any] = {key: example[key] for key in names if key in example}
    return {**kept, "image": data_uri(picture, "JPEG", THUMBNAIL_QUALITY), "short": True}


def example_json(name: str, id_: str) -> dict[str, Any]:
    """An example whole. Raises `ModelError` where the model has none of that id."""
    for example in examples_json(name):
        if example["id"] == id_:
            return example
    raise ModelError("The model has no such example; reload the page.")


@per_model(4)
def examples_json(name: str) -> list[dict[str, Any]]:
    """The example images as this model answers them: precomputed ones where they are shipped.

    Without those, the pictures of shipped models that look at pictures as this one does: a photo says nothing to a
    model of garments. Of these one is analysed now, the one the page opens with; the others have no trace, and the
    page asks for it when they are chosen.
    """
    shipped = shipped_examples(name)
    if shipped:
        return shipped
    sight = read_config(find_model(name))["input"]["sight"]
    examples: list[dict[str, Any]] = []
    for home in sorted(EXAMPLES.glob("*/examples.json")):
        if read_config(find_model(home.parent.name))["input"]["sight"] != sight:
            continue
        kept = ("id", "title", "label", "image", "credit", "opens")
        for example in json.loads(home.read_text())["examples"]:
            examples.append({key: example[key] for key in kept if key in example} | {"trace": None})
    first = next((e for e in examples if e.get("opens")), examples[len(examples) // 2] if examples else None)
    if first is not None:
        model = open_model(name)
        label, truth = known_label(model, first["label"])
        facts = analyse_image(model, read_data_uri(first["image"]))
        first |= {
            **facts,
            **{key: first[key] for key in ("title", "image")},
            "label": label,
            "truth": truth,
            "opens": True,
        }
    return examples


@lru_cache(maxsize=8)
def shipped_examples(name: str) -> list[dict[str, Any]]:
    """The precomputed examples of a model; an empty list where it has none."""
    stored = EXAMPLES / name / "examples.json"
    return json.loads(stored.read_text())["examples"] if stored.exists() else []


def preview(image: Image.Image) -> str:
    """An upload as the visitor gets it back: as it is where it is small, else a JPEG of at most `SHOWN_BYTES`."""
    shown = image.copy()
    shown.thumbnail((SHOWN, SHOWN))
    tries = [("PNG", 0)] if shown.size == image.size else []
    for kind, quality in [*tries, ("JPEG", 88), ("JPEG", 70), ("JPEG", 50)]:
        uri = data_uri(shown, kind, quality)
        if len(uri) * 3 // 4 <= SHOWN_BYTES:
            return uri
    shown.thumbnail((SHOWN // 2, SHOWN // 2))
    return data_uri(shown, "JPEG", 70)


def data_uri(image: Image.Image, kind: str, quality: int = 88) -> str:
    """A picture as a data URI, `kind` "PNG" or "JPEG"; the quality is a JPEG's."""
    buffer = BytesIO()
    image.save(buffer, kind, quality=quality) if kind == "JPEG" else image.save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def data_uri_bytes(uri: Any) -> bytes:
    """The file in a data URI of at most MOST_URI characters. Raises `UnreadableImage`, one plain sentence."""
    head, comma, data = uri.partition(",") if isinstance(uri, str) else ("", "", "")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise UnreadableImage("That is not a picture this page can read; choose a JPEG or PNG file.")
    if len(data) > MOST_URI:
        raise UnreadableImage("That picture is too large for this question; choose one below 1.5 MB.")
    try:
        return b64decode(data, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise UnreadableImage("That picture came damaged; choose it again.") from error


def read_data_uri(uri: Any) -> Image.Image:
    """The picture in a data URI, RGB, as `read_image` reads a file. Raises `UnreadableImage`."""
    return read_image(data_uri_bytes(uri))


def from_data_uri(uri: str, model: Model) -> Image.Image:
    """The picture of a data URI, in the model's own mode and size. Raises `ValueError` when it is not one of ours."""
    if not isinstance(uri, str) or not uri.startswith(_OURS):
        raise ValueError("That picture is not one this page sent; analyse it again.")
    image = read_data_uri(uri)
    height, width = model.network.backbone.input_size
    if image.size != (width, height):
        raise ValueError("That picture is not one this model saw; analyse it again.")
    return image.convert("L") if len(model.input.mean) == 1 else image
