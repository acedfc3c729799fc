"""Prints as JSON what Python makes of random pictures and numbers, for twins.test.mjs to hold JavaScript to."""

import json
import sys
from base64 import b64encode
from types import SimpleNamespace

import numpy as np
from PIL import Image, ImageDraw

from explorer.data.corruptions import CORRUPTIONS, corrupt
from explorer.data.garment import see_garment
from explorer.data.photo import see_photo
from explorer.explain.map import Map
from explorer.explain.packing import pack
from explorer.grain import Grain
from explorer.model.catalog import ROOT
from explorer.rules import Seen, Setting, rules_with
from explorer.rules.pooled import pooled
from explorer.rules.reading import Readings
from explorer.trace import Exit, Trace
from explorer.web.analysis import page_trace

rng = np.random.default_rng(0)
FILTERS = {
    "box": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def packed(image):
    values = np.asarray(image)
    floats = values.dtype == np.float32
    return {
        "width": image.width,
        "height": image.height,
        "channels": 1 if values.ndim == 2 else 3,
        "floats": floats,
        "data": b64encode(np.ascontiguousarray(values).tobytes()).decode(),
    }


def random_picture(mode="RGB", least=5, most=70):
    width, height = rng.integers(least, most, 2)
    values = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def resizes():
    for i in range(24):
        picture = random_picture(("RGB", "L", "F")[i % 3])
        size = [int(n) for n in rng.integers(1, 50, 2)]
        name = list(FILTERS)[i // 3 % 3]
        left, top = (float(rng.uniform(0, edge / 3)) for edge in picture.size)
        box = (
            [left, top, picture.width - left / 2, picture.height - top / 2]
            if i % 2
            else [0, 0, *picture.size]
        )
        yield {
            "picture": packed(picture), "size": size, "filter": name, "box": box, "gap": None,
            "result": packed(picture.resize(size, FILTERS[name], box)),
        }  # fmt: skip
    for _ in range(6):
        picture = random_picture(least=150, most=300)
        side = min(picture.size)
        box = [3, 0, 3 + side - 5, side]
        size = [int(rng.integers(8, 24))] * 2
        yield {
            "picture": packed(picture), "size": size, "filter": "bicubic", "box": box, "gap": 3,
            "result": packed(picture.resize(size, FILTERS["bicubic"], box, reducing_gap=3.0)),
        }  # fmt: skip


def garment_photo(kind):
    """Something drawn on a lit background, as a phone's photo of a garment, or a scene."""
    width, height = (int(n) for n in rng.integers(60, 420, 2))
    y, x = np.mgrid[:height, :width]
    light = rng.uniform(120, 240) + 30 * (x / width - 0.5) + 20 * (y / height) ** 2
    values = light[..., None] * rng.uniform(0.85, 1, 3) + rng.normal(0, 1.5, (height, width, 3))
    if kind == "scene":
        values = rng.integers(0, 256, (height, width, 3))
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if kind == "object":
        draw = ImageDraw.Draw(image)
        draw.ellipse([width * 0.2, height * 0.25, width * 0.75, height * 0.8], fill=(90, 40, 60))
        draw.rectangle([width * 0.4, height * 0.4, width * 0.5, height * 0.55], fill=(230, 230, 225))
    return image


def sights():
    for kind in ["object"] * 6 + ["scene"] * 2 + ["plain"] * 2:
        picture = garment_photo(kind)
        seen = see_garment(picture)
        yield {
            "sight": "garment",
            "picture": packed(picture),
            "result": packed(seen.image),
            "note": seen.note,
        }
    for path in sorted((ROOT / "assets" / "examples" / "fashion").glob("*.png"))[:4]:
        picture = Image.open(path).convert("RGB")
        for one in (picture, Image.fromarray(255 - np.asarray(picture))):
            seen = see_garment(one)
            yield {
                "sight": "garment",
                "picture": packed(one),
                "result": packed(seen.image),
                "note": seen.note,
            }
    for _ in range(4):
        picture = random_picture(least=20, most=200)
        seen = see_photo(picture, 32)
        yield {"sight": "photo", "picture": packed(picture), "result": packed(seen.image), "note": seen.note}


def corruptions():
    smooth = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((48, 48), 3)
    for picture in (smooth, smooth.convert("L").resize((28, 28))):
        grain = np.random.default_rng(0).standard_normal(np.asarray(picture).shape, dtype=np.float32)
        yield {
            "picture": packed(picture),
            "grain": b64encode(grain.tobytes()).decode(),
            "place": np.random.default_rng(0).random(2).tolist(),
            "results": {
                name: [packed(corrupt(picture, name, severity)) for severity in range(11)]
                for name in CORRUPTIONS
                if name != "jpeg"  # a browser's own writer of JPEGs: held to Pillow in the browser
            },
        }


def learned_parts(exits, classes, width):
    """Random parts for every rule that has some, strong enough for their scores to spread."""
    hidden = 6
    layers = {
        "berxit": {"probe": (1, width)},
        "palbert": {
            "pooler": (hidden, width),
            "classifier": (classes, hidden),
            "lambda.0": (4, 2 * hidden),
            "lambda.1": (1, 4),
        },
    }
    addons = {
        addon: {
            f"{name}.{kind}": rng.normal(0, 1.5, shape if kind == "weight" else shape[:1]).astype(np.float32)
            for name, shape in shapes.items()
            for kind in ("weight", "bias")
        }
        for addon, shapes in layers.items()
    }
    # Of the classes and of one grain; another has none, and the rule never fires there.
    addons["performance"] = {
        f"{grain}.{name}": np.sort(rng.random((exits, count)).astype(np.float32), axis=1)
        for grain in ("classes", "kinds")
        for name, count in (("edges", 4), ("accuracy", 5))
    }
    stacks = {"gates": (exits - 1, 4), "classifiers": (exits - 1, classes, width)}
    addons["jei-dnn"] = {
        f"{name}.{kind}": rng.normal(-0.5, 1, shape if kind == "weight" else shape[:-1]).astype(np.float32)
        for name, shape in stacks.items()
        for kind in ("weight", "bias")
    }
    return addons


def traces():
    """Every rule on what a random network would show at its exits, read by class and in groups."""
    exits, width, tokens = 5, 8, 7
    for classes, name, temperatures in (
        (3, "kinds", None),
        (10, "kinds", (0.5, 0.9, 1.1, 1.0, 2.0)),
        (40, "other", None),
    ):
        logits = rng.normal(0, 4, (exits, 1, classes)).astype(np.float32)
        logits[1] = logits[0]
        shown = rng.normal(0, 1, (exits + 1, 1, tokens, width)).astype(np.float32).cumsum(axis=0)
        features = rng.normal(0, 1, (exits, 1, 4, width)).astype(np.float32)
        addons = learned_parts(exits, classes, width)
        setting = {
            "exits": exits,
            "classes": classes,
            "tokens": (tokens,) * exits,
            "widths": (width,) * exits,
        }
        rules = rules_with(addons)
        readers = {
            name: rule.reader(Setting(**setting, parts=addons.get(rule.addon or "", {})))
            for name, rule in rules.items()
        }
        readings, states = Readings(readers, 1), []
        for e in range(exits):
            seen = Seen(logits[e], shown[e + 1], shown[e], features[e] if e < exits - 1 else None)
            states.append(pooled(seen)[0].tolist())
            readings.step(e, seen)
        places = (*(Exit(block, "linear") for block in (1, 2, 3, 4)), Exit(5, "final"))
        whole = Trace(
            "m", places, logits.swapaxes(0, 1), np.arange(1, 6), 9, np.arange(5.0), 4.5, {}, np.ones(5, int)
        )
        trace = whole.with_readings(readings.done())[0]
        groups = np.arange(classes) % max(2, classes // 3)
        names = tuple(f"group {g}" for g in range(groups.max() + 1))
        grain = Grain(name, "Groups", names, groups, temperatures)
        labels = [f"class {c}" for c in range(classes)]
        limits = {"0.9": 10.0 ** rng.uniform(-3, -0.1, exits), "0.99": np.zeros(exits)}
        sets = {"classes": limits} if name == "other" else {"classes": limits, name: limits}
        network = SimpleNamespace(addons=addons)
        model = SimpleNamespace(labels=labels, grains=(grain,), network=network, sets=sets)
        yield {
            "logits": logits[:, 0].tolist(),
            "tokens": shown[:, 0].reshape(exits + 1, -1).tolist(),
            "states": states,
            "parts": {
                addon: {
                    name: {"shape": value.shape, "data": value.ravel().tolist()}
                    for name, value in parts.items()
                }
                for addon, parts in addons.items()
            },
            "labels": labels,
            "grain": {
                "name": name,
                "labels": names,
                "groups": groups.tolist(),
                "temperatures": temperatures,
            },
            "sets": {
                grain: {coverage: limit.tolist() for coverage, limit in by.items()}
                for grain, by in sets.items()
            },
            "rule_macs": {name: reading.macs.tolist() for name, reading in trace.readings.items()},
            "trace": page_trace(model, trace),
        }


def packings():
    attention = rng.random((2, 3, 4, 5)).astype(np.float32) ** 4
    attention[1, 1] = 0
    signed = rng.standard_normal((4, 5)).astype(np.float32)
    maps = {
        "attention": Map(attention, False, "attention", ("block", "head")),
        "signed": Map(signed, True, "logit"),
        "flat": Map(signed * 0, False, "logit"),
    }
    return {
        name: {"values": [*map(float, one.values.ravel())], "packed": pack(one)} for name, one in maps.items()
    }


json.dump(
    {
        "resizes": list(resizes()),
        "sights": list(sights()),
        "corruptions": list(corruptions()),
        "traces": list(traces()),
        "packings": packings(),
    },
    sys.stdout,
)
