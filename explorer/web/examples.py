"""python -m explorer examples: precomputes what the page shows of the example images."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from itertools import count
from pathlib import Path
from re import sub
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.data.fashion import load_fashion
from explorer.data.labelled import Labelled, Row, load_labelled, write_labels
from explorer.data.reading import read_image
from explorer.evaluate.record import Record, load_records
from explorer.explain.map import Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.grain import Grain
from explorer.model.bundle import Model, read_config
from explorer.model.catalog import find_model
from explorer.pipeline import default_threshold, see, to_tensor
from explorer.rules import decide
from explorer.rules.reading import at_grain
from explorer.web.analysis import analyse_image, open_model, page_trace
from explorer.web.model_page import EXAMPLES
from explorer.web.pictures import data_uri, from_data_uri

COUNT = 14
RULE = "confidence"
LARGEST = 448  # pixels of a photo's longer side
TIMED = 15  # passes whose median is the time shown: an example is measured once, for everybody
_NOTE = "A Fashion-MNIST test image, as it is (Xiao et al. 2017, MIT licence)."


def choose(record: Record, thresholds: dict[str, float], wanted: int = COUNT) -> list[int]:
    """Indices of images that between them leave at every exit and show every class, shallow exits first.

    Mostly ones the exit gets right; among those that run to the end, one where an earlier exit was right and the last
    is not, if there is one. Deterministic.
    """
    fired = decide(record.scores[RULE], thresholds[RULE])
    correct = record.correct
    right = correct[np.arange(len(fired)), fired]
    overthought = correct[:, :-1].any(axis=1) & ~correct[:, -1] & (fired == correct.shape[1] - 1)
    chosen: list[int] = list(np.flatnonzero(overthought)[:1])
    used = [int(record.labels[i]) for i in chosen]
    exits = [e for e in range(correct.shape[1]) if (fired == e).any()]
    while len(chosen) < wanted:
        before = len(chosen)
        for e in exits:
            if len(chosen) >= wanted:
                break
            candidates = [i for i in np.flatnonzero((fired == e) & right) if i not in chosen]
            if candidates:
                pick = min(candidates, key=lambda i: (used.count(int(record.labels[i])), i))
                chosen.append(int(pick))
                used.append(int(record.labels[pick]))
        if len(chosen) == before:
            break
    return sorted(chosen, key=lambda i: (int(fired[i]), i))


def example(model: Model, pixels: NDArray[np.uint8], label: int, number: int) -> dict[str, Any]:
    """One example as the page shows it, with the maps of `stored_maps`."""
    image = Image.fromarray(pixels)
    facts = analyse_image(model, image.convert("RGB"))
    batch = to_tensor(model, image)
    name = model.labels[label]
    return {
        **_timed(model, batch, facts),
        "id": f"{name.lower().replace('/', '-').replace(' ', '-')}-{number}",
        "title": name,
        "label": name,
        "truth": label,
        "image": data_uri(image, "PNG"),
        "note": _NOTE,
        "maps": facts["maps"] + stored_maps(model, batch),
    }


def photo_example(model: Model, path: Path, row: Row | None = None) -> dict[str, Any]:
    """One shipped photo as the page shows it, with the maps of `stored_maps`; `row` has its class and its author.

    What the network saw is stored as a JPEG, and that JPEG is analysed, because a PNG of a photo is six times as large.
    """
    photo = read_image(path)
    sight = see(model, photo)
    saw = data_uri(sight.image, "JPEG")
    seen = from_data_uri(saw, model)
    facts = analyse_image(model, seen)
    batch = to_tensor(model, seen)
    return {
        **_timed(model, batch, facts),
        "id": path.stem,
        "title": path.stem.replace("-", " "),
        "label": model.labels[row.index] if row else None,
        "truth": row.index if row else None,
        "credit": row.named if row else None,
        "image": f"data:image/jpeg;base64,{b64encode(path.read_bytes()).decode()}",
        "saw": saw,
        "note": sight.note,
        "maps": facts["maps"] + stored_maps(model, batch),
    }


def stored_maps(model: Model, batch: Tensor) -> list[dict[str, Any]]:
    """Every exit's Grad-CAM map for its own answer and the last exit's, each with the question that it answers."""
    predicted = model.network.analyse(batch)[0].predicted
    return [
        {"method": "grad-cam", "exit": e, "classes": [c], "map": pack(found)}
        for e, own in enumerate(predicted.tolist())
        for c in sorted({own, int(predicted[-1])})
        for found in [explain("grad-cam", model.network, batch, Target(e, (c,)))]
    ]


def _timed(model: Model, batch: Tensor, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, with the median times of several passes instead of one."""
    passes = [model.network.analyse(batch) for _ in range(TIMED)]
    facts["trace"]["ms"] = np.median([p.ms for p in passes], axis=0).round(3).tolist()
    facts["trace"]["ms_full"] = round(float(np.median([p.ms_full for p in passes])), 3)
    return facts


def run(name: str, data: Path | None, out: Path | None = None) -> Path:
    """Write `assets/examples/NAME/examples.json`, and the images themselves where they are chosen.

    Garments are chosen from Fashion-MNIST in `data`. Photos are chosen from the reporting half of the labelled folder
    `data`; without it, the existing ones are analysed again. Raises `ValueError`, `FileNotFoundError`.
    """
    folder = find_model(name)
    model = open_model(name)
    out = out or EXAMPLES / name
    out.mkdir(parents=True, exist_ok=True)
    if model.input.sight == "photo":
        if data is not None:
            pick_photos(model, load_records(folder / "evaluation.npz")["test"], load_labelled(data), out)
        examples = _photos(model, out)
    else:
        examples = _garments(model, folder, data, out)
    stored = {"weights": read_config(folder)["weights"], "examples": examples}
    (out / "examples.json").write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    return out


def reread(name: str) -> Path:
    """Add rules or grains that a model's stored examples lack; pictures, maps and times stay.

    Raises `ValueError` if the examples were made with other weights, `FileNotFoundError` if there are no examples.
    """
    path, config = EXAMPLES / name / "examples.json", read_config(find_model(name))
    if not path.exists():
        raise FileNotFoundError(f"{name} has no examples to read anew; make them without --again.")
    stored = json.loads(path.read_text())
    if stored["weights"] != config["weights"]:
        raise ValueError(f"the examples of {name} are of other weights; make them without --again.")
    model = open_model(name)
    for one in stored["examples"]:
        trace = model.network.analyse(to_tensor(model, from_data_uri(one["saw"], model)))[0]
        one["trace"] |= page_trace(model, trace) | {key: one["trace"][key] for key in ("ms", "ms_full")}
        one["truth"] = model.labels.index(one["label"]) if one["label"] in model.labels else None
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    return path


def pick_photos(model: Model, record: Record, labelled: Labelled, out: Path) -> None:
    """Put photos that are right and leave at every exit into a folder, with a labels.tsv that names their authors.

    `record` covers the odd positions of `labelled`. Exits are those at the grain that the page opens with.
    """
    grain = opening_grain(model)
    half = labelled.half(odd=True)
    threshold = default_threshold(model, RULE, grain)
    chosen = choose(record.at(grain.name) if grain else record, {RULE: threshold})
    for old in out.glob("*.jpg"):
        old.unlink()
    rows: list[Row] = []
    for index in chosen:
        photo, name = half.image(index), _slug(model.labels[half.classes[index]])
        names = [row.file for row in rows]
        file = next(f for n in count(1) if (f := f"{name}-{n}.jpg" if n > 1 else f"{name}.jpg") not in names)
        photo.thumbnail((LARGEST, LARGEST))
        photo.save(out / file, quality=85)
        rows.append(replace(half.rows[index], file=file))
    write_labels(rows, out)


def opening_grain(model: Model) -> Grain | None:
    """The grain that the page opens with; None means the classes themselves."""
    return next((grain for grain in model.grains if grain.opens), None)


def _slug(label: str) -> str:
    """A label as a file name: lower case, hyphens."""
    return sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def _photos(model: Model, out: Path) -> list[dict[str, Any]]:
    """Every JPEG in the folder, ordered by the exit it leaves at, shallowest first, then by name.

    Exits are those at the grain that the page opens with. The page opens with the first photo that leaves early with
    the last exit's answer.
    """
    paths = sorted(out.glob("*.jpg"))
    if not paths:
        raise FileNotFoundError(
            f"there are no photos in {out}; put JPEG files there, and their licences beside."
        )
    known = {row.file: row for row in load_labelled(out).rows} if (out / "labels.tsv").exists() else {}
    grain = opening_grain(model)
    limit = default_threshold(model, RULE, grain)
    examples, fired = [], {}
    for path in paths:
        one = photo_example(model, path, known.get(path.name))
        trace = at_grain(model.network.analyse(to_tensor(model, from_data_uri(one["saw"], model))), grain)
        left = int(decide(trace.scores[RULE], limit)[0])
        same = trace.predicted[0, left] == trace.predicted[0, -1]
        fired[one["id"]] = (left, left < trace.predicted.shape[1] - 1 and bool(same))
        examples.append(one)
    examples.sort(key=lambda e: fired[e["id"]][0])
    first = next((e for e in examples if fired[e["id"]][1]), None)
    if first is not None:
        first["opens"] = True
    return examples


def _garments(model: Model, folder: Path, data: Path | None, out: Path) -> list[dict[str, Any]]:
    test = load_fashion(data)["test"]
    record = load_records(folder / "evaluation.npz")["test"]
    for old in out.glob("*.png"):
        old.unlink()
    examples = []
    for number in choose(record, model.thresholds):
        facts = example(model, test.images[number], int(test.labels[number]), number)
        Image.fromarray(test.images[number]).save(out / f"{facts['id']}.png")
        examples.append(facts)
    return examples
