"""What the page asks the server for: analyse this image, explain this exit, open this model. JSON in, JSON out."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image

from explorer.data.reading import UnreadableImage, read_image
from explorer.data.sight import Sight
from explorer.explain.attention import cls_attention
from explorer.explain.packing import pack_attention, pack_saliency
from explorer.explain.saliency import grad_cam
from explorer.grain import read_grains
from explorer.model.addons import addon_names
from explorer.model.bundle import Model, read_config
from explorer.model.catalog import ROOT, find_model, load_model
from explorer.pipeline import see, to_tensor, warm_up
from explorer.rules import rules_with
from explorer.rules.reading import at_grain
from explorer.trace import Trace, trace_json
from explorer.web.uploads import stored

EXAMPLES = ROOT / "assets" / "examples"
SHOWN = 384  # pixels of the longer edge of the picture a visitor gets back of an upload
COARSE = 3  # best groups of each exit that a coarser reading names
_READING = (
    "class_count",
    "classes",
    "probabilities",
    "predicted",
    "scores",
    "rules",
)  # what is other at a grain
MOST_URI = 2_000_000  # characters of a picture that travels with a question, in base64: 1.5 MB

# An upload is sent back as a PNG, exactly what the network saw; the examples' photos are smaller as JPEGs.
_OURS = ("data:image/png;base64,", "data:image/jpeg;base64,")

# One network pass at a time: two at once on two cores only slow each other down, and make measured times a lie.
network_lane = Lock()


@lru_cache(maxsize=4)
def open_model(name: str) -> Model:
    """A model, loaded once and warmed up. Raises `ModelError`."""
    model = load_model(name)
    warm_up(model)
    return model


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
    facts = trace_json(trace, model.labels)
    facts["readings"] = {}
    for grain in model.grains:
        read = trace_json(at_grain(trace, grain, model.network.addons), grain.labels, COARSE)
        facts["readings"][grain.name] = {name: read[name] for name in _READING}
    return facts


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


def analyse_image(model: Model, image: Image.Image, sight: Sight | None = None) -> dict[str, Any]:
    """An RGB image through every exit: the trace, what the network saw, its [CLS] attention; no saliency maps yet.

    A `sight` is shown to the network as it is; without one it is made of the image.
    """
    sight = sight or see(model, image)
    batch = to_tensor(model, sight.image)
    with network_lane:
        trace = model.network.analyse(batch)[0]
        attention = cls_attention(model.network, batch)
    shown = image.copy()
    shown.thumbnail((SHOWN, SHOWN))
    return {
        "title": "your image",
        "label": None,
        "truth": None,
        "image": data_uri(shown, "JPEG" if max(image.size) > SHOWN else "PNG"),
        "saw": data_uri(sight.image, "PNG"),
        "note": sight.note,
        "trace": page_trace(model, trace),
        "attention": pack_attention(attention),
        "saliency": [],
    }


def analyse_upload(path: str, model_name: str) -> dict[str, Any]:
    """Read and analyse an uploaded file. Raises `UnreadableImage` or `ModelError`, both one plain sentence.

    Only a file that Gradio stored for an upload is read, whatever path is asked for.
    """
    file = stored(path)
    return analyse_image(open_model(model_name), read_image(file))


def explain_exit(model_name: str, saw: str, exit_index: int, target_class: int) -> dict[str, Any]:
    """The Grad-CAM map of a local head for a class, on the picture the network saw (a data URI it sent before).

    The picture travels with the question, so the server remembers nothing of any visitor. Raises `ValueError`.
    """
    model = open_model(model_name)
    batch = to_tensor(model, from_data_uri(saw, model))
    with network_lane:
        found = grad_cam(model.network, batch, exit_index, target_class)
    return pack_saliency(exit_index, target_class, found)


def model_json(name: str) -> dict[str, Any]:
    """What the page needs when a model is chosen: its rules, what it is held to, and the examples, analysed by it.

    Loads no network where the examples are precomputed.
    """
    folder = find_model(name)
    return {
        "model": name,
        "reference": read_config(folder).get("reference", "labels"),
        "rules": rules_json(folder),
        "grains": grains_json(folder),
        "examples": examples_json(name),
    }


@lru_cache(maxsize=4)
def examples_json(name: str) -> list[dict[str, Any]]:
    """The example images as this model answers them: precomputed ones where they are shipped, else analysed now.

    Those of shipped models that look at pictures as this one does: a photo says nothing to a model of garments.
    """
    shipped = shipped_examples(name)
    if shipped:
        return shipped
    model = open_model(name)
    examples = []
    for home in sorted(EXAMPLES.glob("*/examples.json")):
        if read_config(find_model(home.parent.name))["input"]["sight"] != model.input.sight:
            continue
        for example in json.loads(home.read_text())["examples"]:
            image = read_image(b64decode(example["image"].partition(",")[2]))
            kept = {key: example[key] for key in ("id", "title", "label", "truth", "image")}
            examples.append({**analyse_image(model, image), **kept})
    return examples


@lru_cache(maxsize=8)
def shipped_examples(name: str) -> list[dict[str, Any]]:
    """The precomputed examples of a model; an empty list where it has none."""
    stored = EXAMPLES / name / "examples.json"
    return json.loads(stored.read_text())["examples"] if stored.exists() else []


def data_uri(image: Image.Image, kind: str) -> str:
    """A picture as a data URI, `kind` "PNG" or "JPEG"."""
    buffer = BytesIO()
    image.save(buffer, kind, quality=88) if kind == "JPEG" else image.save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def read_data_uri(uri: str) -> Image.Image:
    """The picture in a data URI of at most MOST_URI characters, RGB, as `read_image` reads a file.

    Raises `UnreadableImage`, one plain sentence.
    """
    head, comma, data = uri.partition(",") if isinstance(uri, str) else ("", "", "")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise UnreadableImage("That is not a picture this page can read; choose a JPEG or PNG file.")
    if len(data) > MOST_URI:
        raise UnreadableImage("That picture is too large for this question; choose one below 1.5 MB.")
    try:
        file = b64decode(data, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise UnreadableImage("That picture came damaged; choose it again.") from error
    return read_image(file)


def from_data_uri(uri: str, model: Model) -> Image.Image:
    """The picture of a data URI, in the model's own mode and size. Raises `ValueError` when it is not one of ours."""
    if not isinstance(uri, str) or not uri.startswith(_OURS):
        raise ValueError("That picture is not one this page sent; analyse it again.")
    image = read_data_uri(uri)
    height, width = model.network.backbone.input_size
    if image.size != (width, height):
        raise ValueError("That picture is not one this model saw; analyse it again.")
    return image.convert("L") if len(model.input.mean) == 1 else image
