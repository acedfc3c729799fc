"""From a run to a model folder: calibrated, measured on pictures never trained on, with its card."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray

from explorer.data.imagenet_grains import imagenet_grains
from explorer.data.reading import read_image
from explorer.evaluate.calibration import ece_by_chance, fit_temperature, reliability
from explorer.evaluate.record import Record, record_of, save_records
from explorer.evaluate.tradeoff import at_threshold, most_accurate, own_thresholds
from explorer.grain import Grain, read_grains
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.multi_exit import MultiExitViT
from explorer.rules.reading import read_logits
from explorer.trace import Trace
from explorer.train.photos.card import write_card
from explorer.train.photos.labels import KNOWN, imagenet_labels
from explorer.train.photos.measure import Held, agreement, held, natural, photos_in, traces
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.student import BACKBONE, MEAN, STD
from explorer.train.photos.teacher import Teacher

CUTS = 9  # random squares of every photo, besides what the network would see of the whole
FITTED = 3  # every third of the natural photos is validated on, the others tested on
# A model's own thresholds agree most, on validation, among those that save a tenth of the plain backbone's MACs, heads
# included. Where none must be saved, hardly a photo leaves before block 11, and there is no early exit to see.
SAVING = 1.1
OPENS = "kinds"  # the grain the page begins with
GOAL = 1.6  # fewer MACs, heads included, at which agreement with the own final read-out is reported
TITLE = "LGViT on ViT-S/14 for photographs, 1000 classes"


@dataclass(frozen=True)
class Splits:
    """The pictures everything is fitted and reported on; none of them was trained on."""

    validation: Held
    test: Held
    photos: dict[str, int]  # how many each is cut from


def splits(pictures: Path, photos: Path, teacher: Teacher) -> Splits:
    """Validation: cuts of held-out Debian scenes and of every third photo. Test: of the other photos."""
    scenes, photographs = load_pictures([pictures], held_out=True).kinds["scenes"], photos_in(photos)
    fitted = [*scenes, *photographs[::FITTED]]
    tested = [photo for i, photo in enumerate(photographs) if i % FITTED]
    parts = {"validation": fitted, "test": tested}
    return Splits(
        **{name: held(natural(images, CUTS), teacher) for name, images in parts.items()},
        photos={name: len(images) for name, images in parts.items()},
    )


def ship(
    network: MultiExitViT,
    history: list[dict[str, Any]],
    data: Splits,
    photos: Path,
    out: Path,
    backbone: dict[str, Any] = BACKBONE,
) -> None:
    """Write the model folder `out` with everything in it. `network` is made for the size that `backbone` says."""
    model = Model(
        name=out.name,
        title=TITLE,
        network=network.eval(),
        labels=imagenet_labels(),
        input=InputSpec("photo", MEAN, STD),
        thresholds={},
        grains=_grains(out),
        reference="teacher",
    )
    save_model(model, backbone, out)
    written = load_model_folder(out)  # in half precision on disk, and run as the page will run it
    validation, test = (traces(written.network, part.crops) for part in (data.validation, data.test))
    temperatures = [
        fit_temperature(validation.logits[:, e], _answers(data.validation)) for e in range(len(network.exits))
    ]
    validation, calibrated = _calibrated(validation, temperatures), _calibrated(test, temperatures)
    grains = [_warmed(grain, validation, _answers(data.validation)) for grain in model.grains]
    records = {
        "validation": record_of(validation, _answers(data.validation), grains),
        "test": record_of(calibrated, _answers(data.test), grains),
    }
    thresholds, by_grain = own_thresholds(records["validation"], SAVING)
    # The page opens at the middle grain: a visitor's picture is named right far more often there than by class.
    grains = [replace(grain, thresholds=by_grain[grain.name], opens=grain.name == OPENS) for grain in grains]
    network.temperatures = tuple(temperatures)
    save_model(replace(model, thresholds=thresholds, grains=tuple(grains)), backbone, out)
    save_records(records, out / "evaluation.npz")
    facts = {
        "history": history,
        "made with": {"torch": torch.__version__.partition("+")[0], "timm": timm.__version__},
        "measured": measures(records, test, data, written, photos, thresholds["confidence"]),
    }
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    write_card(load_model_folder(out), facts, out / "README.md")


def _answers(part: Held) -> NDArray[np.int64]:
    return part.teacher.argmax(dim=-1).numpy()


def _calibrated(trace: Trace, temperatures: list[float]) -> Trace:
    return read_logits(replace(trace, logits=trace.logits / np.array(temperatures, np.float32)[:, None]))


def _grains(out: Path) -> tuple[Grain, ...]:
    """ImageNet's kinds and groups: by WordNet where it is installed, else those that lie in the folder already."""
    try:
        return tuple(imagenet_grains())
    except FileNotFoundError:
        return read_grains(out, {"exits": []})[0] if (out / "labels.txt").exists() else ()


def _warmed(grain: Grain, trace: Trace, answers: NDArray[np.int64]) -> Grain:
    """The grain with temperatures that calibrate its merged probabilities at each exit."""
    merged = trace.merged(grain.groups).logits
    fitted = (fit_temperature(merged[:, e], grain.groups[answers]) for e in range(merged.shape[1]))
    return replace(grain, temperatures=tuple(fitted))


def measures(
    records: dict[str, Record], test: Trace, data: Splits, model: Model, photos: Path, threshold: float
) -> dict[str, Any]:
    """What the card says, as plain JSON types; on the test split unless a name says otherwise.

    `threshold` is the model's own, of confidence.
    """
    record = records["test"]
    own = {name: replace(part, labels=part.predicted[:, -1]) for name, part in records.items()}
    chosen = most_accurate(own["validation"], "confidence", GOAL)
    shares = {
        "blocks": record.blocks.tolist(),
        "agreement": record.accuracy.tolist(),
        "agreement where the teacher is sure": agreement(test.logits, data.test).tolist(),
        "teacher's sure answer in the five best": agreement(test.logits, data.test, 5).tolist(),
        "agreement with the own final read-out": own["test"].accuracy.tolist(),
        "calibration error": [reliability(record, e).ece for e in range(len(record.blocks))],
        "calibration error by chance": [ece_by_chance(c) for c in record.scores["confidence"].T],
    }
    return {
        "photos": data.photos,
        "crops": {name: len(part.labels) for name, part in records.items()},
        "sure": {"validation": int(data.validation.sure.sum()), "test": int(data.test.sure.sum())},
        **{name: [round(x, 4) for x in values] for name, values in shares.items()},
        "at fewer MACs": _left_early(record, own["test"], chosen.threshold),
        "at its own threshold": _left_early(record, own["test"], threshold),
        "known photos": known_photos(model, photos),
    }


def _left_early(record: Record, own: Record, threshold: float) -> dict[str, float]:
    """What is saved and kept at a threshold of confidence; `own` is the record held to the final read-out."""
    kept = at_threshold(own, "confidence", threshold)
    return {
        "threshold": threshold,
        "fewer MACs": round(kept.by_macs, 4),
        "agreement with the own final read-out": round(kept.accuracy, 4),
        "agreement": round(at_threshold(record, "confidence", threshold).accuracy, 4),
    }


def known_photos(model: Model, photos: Path) -> dict[str, Any]:
    """Of whole photos whose content is known: how often a right class is first, and among the five best, per exit."""
    paths = [path for path in sorted(photos.iterdir()) if path.stem in KNOWN]
    if not paths:
        return {"photos": 0}
    crops = torch.stack([natural([read_image(path)], 0)[0] for path in paths])
    logits = traces(model.network, crops).logits
    best = np.argsort(-logits, axis=-1, kind="stable")[..., :5]  # (N, E, 5)
    index = {label: i for i, label in enumerate(model.labels)}
    right = np.stack(
        [
            np.isin(row, [index[label] for label in KNOWN[path.stem]])
            for row, path in zip(best, paths, strict=True)
        ]
    )
    return {
        "photos": len(paths),
        "first": right[..., 0].mean(axis=0).round(4).tolist(),
        "in the five best": right.any(axis=-1).mean(axis=0).round(4).tolist(),
    }
