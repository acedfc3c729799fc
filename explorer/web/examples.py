"""python -m explorer examples: picks test images that leave at different exits, and precomputes what the page shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data.fashion import load_fashion
from explorer.evaluate.record import Record, load_records
from explorer.explain.packing import pack_saliency
from explorer.explain.saliency import grad_cam
from explorer.model.bundle import Model, read_config
from explorer.model.catalog import find_model
from explorer.pipeline import to_tensor
from explorer.rules import decide
from explorer.web.analysis import EXAMPLES, analyse_image, data_uri, open_model

COUNT = 14
RULE = "confidence"
TIMED = 15  # passes whose median is the time shown: an example is measured once, for everybody
_NOTE = "A Fashion-MNIST test image, as it is (Xiao et al. 2017, MIT licence)."


def choose(record: Record, thresholds: dict[str, float], count: int = COUNT) -> list[int]:
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
    while len(chosen) < count:
        before = len(chosen)
        for e in exits:
            if len(chosen) >= count:
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
    """One example as the page shows it, with the saliency of every local head for every class."""
    image = Image.fromarray(pixels)
    facts = analyse_image(model, image.convert("RGB"))
    batch = to_tensor(model, image)
    local = [e for e, exit_ in enumerate(model.network.exits) if exit_.family == "local"]
    name = model.labels[label]
    times = [model.network.analyse(batch) for _ in range(TIMED)]
    facts["trace"]["ms"] = np.median([t.ms for t in times], axis=0).round(3).tolist()
    facts["trace"]["ms_full"] = round(float(np.median([t.ms_full for t in times])), 3)
    return {
        **facts,
        "id": f"{name.lower().replace('/', '-').replace(' ', '-')}-{number}",
        "title": name,
        "label": name,
        "image": data_uri(image, "PNG"),
        "note": _NOTE,
        "saliency": [
            pack_saliency(e, c, grad_cam(model.network, batch, e, c))
            for e in local
            for c in range(len(model.labels))
        ],
    }


def run(name: str, data: Path | None, out: Path | None = None) -> Path:
    """Write `assets/examples/NAME/`: the images as PNG and examples.json. Raises `ValueError`, `FileNotFoundError`."""
    folder = find_model(name)
    model, test = open_model(name), load_fashion(data)["test"]
    record = load_records(folder / "evaluation.npz")["test"]
    out = out or EXAMPLES / name
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.png"):
        old.unlink()
    examples = []
    for number in choose(record, model.thresholds):
        facts = example(model, test.images[number], int(test.labels[number]), number)
        Image.fromarray(test.images[number]).save(out / f"{facts['id']}.png")
        examples.append(facts)
    stored = {"weights": read_config(folder)["weights"], "examples": examples}
    (out / "examples.json").write_text(json.dumps(stored, separators=(",", ":")) + "\n")
    return out
