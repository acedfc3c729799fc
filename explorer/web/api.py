"""The public endpoints, for programs and MCP: `analyse`, `classify`, `explain`, `sweep`. Short answers, typed bodies.

docs/api.md shows each from Python, curl and JavaScript. The page itself uses explorer/web/questions.py. Annotations
are not postponed here, because Gradio reads them at run time.
"""

import math
from collections.abc import Callable
from inspect import signature
from typing import Any, TypedDict

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.classify import check_threshold
from explorer.classify import classify as classify_picture
from explorer.data.reading import read_image
from explorer.explain.map import Target
from explorer.explain.registry import explain as explain_by
from explorer.model.bundle import Model
from explorer.model.catalog import DEFAULT
from explorer.pipeline import default_threshold, see, to_tensor
from explorer.rules import decide, get_rule
from explorer.web.analysis import analyse_file, open_model
from explorer.web.crowd import crowd, network_lane
from explorer.web.pictures import data_uri, file_of
from explorer.web.questions import offered, sentence

POINTS = 21  # thresholds of a sweep, from the rule's least to its greatest


class Picture(TypedDict):
    """An uploaded file as Gradio's upload returns it; gradio_client's `handle_file` makes one. A data URI works too."""

    path: str
    meta: dict[str, str]


class Exit(TypedDict):
    """What one exit reports: its block and head, its best label, every rule's score, the work and time so far."""

    block: int
    kind: str
    label: str
    probability: float
    scores: dict[str, float]
    macs: int
    ms: float


class Analysis(TypedDict):
    """What a picture did at every exit."""

    model: str
    blocks: int
    exits: list[Exit]
    macs_full: int
    ms_full: float
    note: str


class Classification(TypedDict):
    """What `python -m explorer classify --json` prints for a picture."""

    model: str
    rule: str
    threshold: float
    exit: dict[str, Any]
    prediction: list[dict[str, Any]]
    exits: list[dict[str, Any]]
    macs: dict[str, int]
    ms: dict[str, float]


class Explanation(TypedDict):
    """Where a local head found evidence for a label: Grad-CAM in logits, row by row, and its maximum."""

    model: str
    block: int
    label: str
    grid: list[int]
    values: list[list[float]]
    strongest: list[int]


class Step(TypedDict):
    """Where a picture leaves at a threshold, with which answer, and what that costs."""

    threshold: float
    block: int
    label: str
    probability: float
    macs: int


class Sweep(TypedDict):
    """Where a picture leaves as the threshold rises."""

    model: str
    rule: str
    steps: list[Step]


def _analyse(picture: Any, model: str) -> Analysis:
    answer = analyse_file(offered(model), file_of(picture))
    trace = answer["trace"]
    return {
        "model": model,
        "blocks": trace["blocks"],
        "exits": [_exit(trace, place) for place in range(len(trace["exits"]))],
        "macs_full": trace["macs_full"],
        "ms_full": trace["ms_full"],
        "note": answer["note"],
    }


def _exit(trace: dict[str, Any], place: int) -> Exit:
    best = trace["predicted"][place]
    return {
        "block": trace["exits"][place]["block"],
        "kind": trace["exits"][place]["kind"],
        "label": trace["classes"][best]["label"],
        "probability": trace["probabilities"][place][best],
        "scores": {rule: scores[place] for rule, scores in trace["scores"].items()},
        "macs": trace["macs"][place],
        "ms": trace["ms"][place],
    }


def _classify(picture: Any, model: str, rule: str, threshold: float | None) -> Classification:
    name, file, chosen = offered(model), file_of(picture), get_rule(rule)
    network = open_model(name)
    limit = default_threshold(network, chosen.name) if threshold is None else _finite(threshold)
    check_threshold(chosen, limit, len(network.network.exits))
    with network_lane:
        report = classify_picture(network, file, chosen, limit)
    del report["image"]
    return report  # type: ignore[return-value]


def _explain(picture: Any, model: str, block: int | None, label: str | None) -> Explanation:
    network = open_model(offered(model))
    exits = network.network.exits
    local = [place for place, exit_ in enumerate(exits) if exit_.family == "local"]
    blocks = [exits[place].block for place in local]
    if not local:
        raise ValueError(f"The model '{model}' has no local head to explain.")
    if block is not None and block not in blocks:
        raise ValueError(
            f"There is no local head behind block {block}; choose one of {', '.join(map(str, blocks))}."
        )
    place = local[-1] if block is None else local[blocks.index(block)]
    batch = to_tensor(network, see(network, read_image(file_of(picture))).image)
    with network_lane:
        target = _class_of(network, label, batch, place)
        found = explain_by("grad-cam", network.network, batch, Target(place, (target,))).values
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    return {
        "model": model,
        "block": exits[place].block,
        "label": network.labels[target],
        "grid": list(found.shape),
        "values": [[round(float(value), 4) for value in line] for line in found],
        "strongest": [int(row), int(column)],
    }


def _class_of(model: Model, label: str | None, batch: Any, place: int) -> int:
    """The class of that label; without one, the exit's own answer."""
    if label is None:
        return int(model.network.analyse(batch)[0].predicted[place])
    if label not in model.labels:
        raise ValueError(f"The model '{model.name}' knows no label '{label[:100]}'.")
    return model.labels.index(label)


def _sweep(picture: Any, model: str, rule: str) -> Sweep:
    trace = analyse_file(offered(model), file_of(picture))["trace"]
    facts = get_rule(rule).describe(len(trace["exits"]))
    if rule not in trace["scores"]:
        raise ValueError(f"The model '{model}' cannot be read by the rule '{rule}'; choose another rule.")
    scores: NDArray[np.float64] = np.array(trace["scores"][rule], dtype=float)
    steps: list[Step] = []
    for threshold in np.linspace(facts["min"], facts["max"], POINTS).round(4).tolist():
        place = int(decide(scores, threshold))
        left = _exit(trace, place)
        steps.append(
            {
                "threshold": threshold,
                "block": left["block"],
                "label": left["label"],
                "probability": left["probability"],
                "macs": left["macs"],
            }
        )
    return {"model": model, "rule": rule, "steps": steps}


def _finite(threshold: Any) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not math.isfinite(threshold):
        raise ValueError("A threshold is a number, or a list of one number per early exit.")
    return float(threshold)


async def _answer(work: Callable[..., Any], *asked: Any) -> Any:
    """Runs the work when its turn comes; any error becomes a Gradio error with one sentence."""
    try:
        return await crowd.run(work, *asked)
    except Exception as error:
        raise gr.Error(sentence(error), print_exception=False) from None


async def analyse(picture: Picture | str, model: str = DEFAULT) -> Analysis:
    """Run a picture through every exit of an early-exit vision transformer.

    Args:
        picture: the picture, as a data URI ("data:image/png;base64,...") or an uploaded file
        model: a model's name, as the page's picker or `python -m explorer models` lists it

    Returns:
        each exit's block, head, best label, probability, every exit rule's score, MACs and milliseconds up to there
    """
    return await _answer(_analyse, picture, model)


async def classify(
    picture: Picture | str, model: str = DEFAULT, rule: str = "confidence", threshold: float | None = None
) -> Classification:
    """Classify a picture, leaving the network at the first exit that is sure enough.

    Args:
        picture: the picture, as a data URI ("data:image/png;base64,...") or an uploaded file
        model: a model's name, as the page's picker or `python -m explorer models` lists it
        rule: the exit rule, such as confidence, entropy or patience
        threshold: leave at a score of at least this; the model's own unless given

    Returns:
        the five likeliest labels, where the picture left, what that cost, and what each exit said
    """
    return await _answer(_classify, picture, model, rule, threshold)


async def explain(
    picture: Picture | str, model: str = DEFAULT, block: int | None = None, label: str | None = None
) -> Explanation:
    """Where a local head of the network found evidence for a label in a picture (Grad-CAM).

    Args:
        picture: the picture, as a data URI ("data:image/png;base64,...") or an uploaded file
        model: a model's name, as the page's picker or `python -m explorer models` lists it
        block: the block that the head follows; the deepest local head unless given
        label: the label to find evidence for; the head's own answer unless given

    Returns:
        the map, row by row in logits, and the row and column in which it is greatest
    """
    return await _answer(_explain, picture, model, block, label)


async def sweep(picture: Picture | str, model: str = DEFAULT, rule: str = "confidence") -> Sweep:
    """Where a picture leaves the network as the threshold of an exit rule rises from its least to its greatest.

    Args:
        picture: the picture, as a data URI ("data:image/png;base64,...") or an uploaded file
        model: a model's name, as the page's picker or `python -m explorer models` lists it
        rule: the exit rule, such as confidence, entropy or patience

    Returns:
        for 21 thresholds the block it leaves behind, the label and probability there, and the MACs up to there
    """
    return await _answer(_sweep, picture, model, rule)


ENDPOINTS = (analyse, classify, explain, sweep)


def offer(page: gr.Blocks) -> None:
    """Adds the endpoints to the page being built. `crowd` limits how many wait, not Gradio's queue.

    "Use via API" then shows each parameter by its name, and a real picture in its examples.
    """
    picture = data_uri(Image.new("RGB", (8, 8), "grey"), "PNG")
    for endpoint in ENDPOINTS:
        gr.api(endpoint, api_name=endpoint.__name__, concurrency_limit=None)
        parts: Any = next(fn.inputs for fn in page.fns.values() if fn.api_name == endpoint.__name__)
        for part, name in zip(parts, signature(endpoint).parameters, strict=True):
            part.label = name
            if name == "picture":
                # Gradio quotes only plain text in its examples; an uploaded file is still accepted.
                part._api_info = {"type": "string", "description": "a data URI, or an uploaded file"}
                part.example_payload = lambda: picture
