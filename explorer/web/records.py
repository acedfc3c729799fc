"""A model's evaluation as the Tune tab reads it: every answer and score of both splits, packed small."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from functools import lru_cache
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from explorer.conformal import FILE, IMAGES_FILE
from explorer.data.sight import Sight
from explorer.evaluate.gallery import read_gallery
from explorer.evaluate.record import Record, load_records
from explorer.grain import CLASSES, choose_grain
from explorer.model.bundle import ModelError, read_config
from explorer.model.catalog import find_model
from explorer.rules import RULES
from explorer.web.analysis import analyse_image, open_model
from explorer.web.pictures import data_uri
from explorer.web.shelf import per_model


def pack_array(values: NDArray) -> dict[str, Any]:
    """An array as JSON: the smallest of uint8, uint16 and float32 that holds it, shape, and its bytes.

    The bytes are sorted into planes (all first bytes, then all second ones; little-endian), because neighbours are
    alike in their high bytes only; then zlib, then base64. Scores lie in evaluation.npz as float32, so nothing is lost.
    """
    kind: np.dtype = np.dtype("<f4")
    if values.size and values.min() >= 0 and np.array_equal(values, np.rint(values)):
        kind = next((np.dtype(k) for k in ("u1", "<u2") if values.max() <= np.iinfo(k).max), kind)
    packed = np.ascontiguousarray(values, dtype=kind)
    planes = packed.view(np.uint8).reshape(-1, kind.itemsize).T.tobytes()
    return {
        "kind": kind.name,
        "shape": list(values.shape),
        "data": b64encode(zlib.compress(planes)).decode("ascii"),
    }


def pack_record(record: Record) -> dict[str, Any]:
    """A split: labels (N,), each exit's answer (N, E), each rule's scores (N, E), own answers (N, E) and MACs (E,)."""
    return {
        "labels": pack_array(record.labels),
        "predicted": pack_array(record.predicted),
        "scores": _packed_scores(record.scores),
        "answers": {rule: pack_array(answers) for rule, answers in record.answers.items()},
        "own_macs": {rule: macs.tolist() for rule, macs in record.own_macs.items()},
    }


def _packed_scores(scores: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Every rule's scores; {"same": RULE} if an earlier rule has identical ones, as SDN has confidence's."""
    packed: dict[str, Any] = {}
    for rule, values in scores.items():
        twin = next((r for r in packed if np.array_equal(scores[r], values, equal_nan=True)), None)
        packed[rule] = pack_array(values) if twin is None else {"same": twin}
    return packed


# A visitor changes models back and forth; one evaluation is about a megabyte.
@per_model(6)
def evaluation_json(name: str, grain: str = CLASSES) -> dict[str, Any]:
    """What the Tune tab needs for a model at a grain. Raises `ModelError` if it was not evaluated at that grain."""
    folder = find_model(name)
    path = folder / "evaluation.npz"
    if not path.exists():
        raise ModelError(f"The model '{name}' ships no evaluation to tune on; choose another model.")
    records = load_records(path)
    model, test = open_model(name), records["test"]
    try:
        reading = choose_grain(model.grains, grain)
        records = {split: record.at(grain) for split, record in records.items()}
    except ValueError as error:
        raise ModelError(
            f"The model '{name}' was not evaluated in these groups of classes; choose another answer."
        ) from error
    network = model.network
    if test.blocks.tolist() != [e.block for e in network.exits]:
        raise ModelError(f"The evaluation of '{name}' is of other exits; evaluate the model again.")
    return {
        "model": name,
        "grain": grain,
        "labels": list(model.labels if reading is None else reading.labels),
        "teacher": read_config(folder).get("reference") == "teacher",
        "exits": [{"block": e.block, "kind": e.kind, "family": e.family} for e in network.exits],
        "macs": test.macs.tolist(),
        "macs_full": test.macs_full,
        "macs_single": network.macs_single.tolist(),
        "heads": network.head_macs.tolist(),
        "splits": {split: pack_record(record) for split, record in records.items()},
        "gallery": gallery_json(name),
    }


def rules_table_json(name: str) -> dict[str, Any]:
    """Every rule at the same savings, as `evaluate --rules --save` stored it: {model, savings, rows}, maybe empty."""
    path = find_model(name) / "rules.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"savings": [], "rows": []}
    except (ValueError, OSError, RecursionError) as error:
        raise ModelError(
            f"The table of rules of '{name}' cannot be read; evaluate the model again."
        ) from error
    rows = [row for row in facts["rows"] if row["rule"] in RULES]
    return {"model": name, "savings": facts["savings"], "rows": rows}


@per_model(6)
def sets_json(name: str, grain: str = CLASSES) -> dict[str, Any]:
    """Conformal sets of a model at a grain, on its test images: {model, grain, levels, test}, by coverage.

    `levels` has, per exit, the mean size of the sets of all images and how often they hold the true class; `test` has
    what `packed_sets` says of every image. Both are empty for a model or grain without sets. Raises `ModelError`.
    """
    folder = find_model(name)
    levels: dict[str, Any] = {}
    test: dict[str, Any] = {}
    try:
        if (folder / FILE).exists() and (folder / IMAGES_FILE).exists():
            stored = json.loads((folder / FILE).read_text(encoding="utf-8"))["grains"].get(grain, {})
            levels = {c: {key: facts[key] for key in ("coverage", "size")} for c, facts in stored.items()}
            with np.load(folder / IMAGES_FILE) as arrays:
                test = {c: pack_array(arrays[f"{grain}@{c}"]) for c in levels}
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OSError,
        RecursionError,
        BadZipFile,
        zlib.error,
    ) as error:
        raise ModelError(
            f"The conformal sets of '{name}' cannot be read; evaluate the model again."
        ) from error
    return {"model": name, "grain": grain, "levels": levels, "test": test}


@lru_cache(maxsize=1)
def get_plotlyjs() -> str:
    """Plotly's script, from the Python package."""
    from plotly.offline import get_plotlyjs as script

    return str(script())


def gallery_json(name: str) -> dict[str, Any] | None:
    """The hardest and easiest test images as one picture, and which they are; None where the model has none."""
    gallery = read_gallery(find_model(name))
    if gallery is None:
        return None
    small = gallery.sprite.width * gallery.sprite.height < 1_000_000
    return {
        "sprite": data_uri(gallery.sprite, "PNG" if small else "JPEG"),
        "tile": list(gallery.tile),
        "columns": gallery.columns,
        "split": gallery.split,
        "hardest": gallery.hardest,
        "easiest": gallery.easiest,
        "credits": gallery.credits,
    }


def analyse_gallery(name: str, place: int) -> dict[str, Any]:
    """One picture of the gallery through every exit, shaped like an example. Raises `ModelError`."""
    gallery = read_gallery(find_model(name))
    if gallery is None or not 0 <= place < len(gallery.indices):
        raise ModelError("That picture is not in the model's gallery; reload the page.")
    model, index = open_model(name), gallery.indices[place]
    picture = gallery.picture(place)
    truth = int(load_records(find_model(name) / "evaluation.npz")[gallery.split].labels[index])
    label = model.labels[truth]
    # The gallery holds exactly what the network was evaluated on; a sight might change it.
    facts = analyse_image(model, picture.convert("RGB"), Sight(picture, ""))
    return {
        **facts,
        "id": f"{gallery.split}-{index}",
        "title": f"{label}, {gallery.split} image {index}",
        "label": label,
        "truth": truth,
    }
