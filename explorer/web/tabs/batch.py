"""The Batch tab: many pictures, each leaving where the network is sure, in steps that the page requests."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from PIL import Image

from explorer.batch import classify_together
from explorer.data.collection import MAX_PICTURES, Member, RefusedCollection, list_members, read_members
from explorer.data.reading import UnreadableImage
from explorer.grain import choose_grain
from explorer.pipeline import see
from explorer.rules import get_rule
from explorer.web.analysis import analyse_image, open_model
from explorer.web.crowd import network_lane
from explorer.web.model_page import EXAMPLES
from explorer.web.pictures import data_uri
from explorer.web.questions import blocks, numbers, offered, question
from explorer.web.tabs.tab import Column, Slot, Tab
from explorer.web.uploads import stored

STEP = 32  # pictures that run together, at most
READING = 2.0  # seconds after which a step reads no further picture: large photos make short steps
TIMED_EVERY = (
    4  # the first of every N full steps also runs without exits: measuring the time saved costs time
)
THUMBNAIL = 64  # pixels of the longer edge

SIDE_TOP = '<div class="ee-panel"><batch-controls></batch-controls></div>'
MAIN = """
<div class="ee-panel ee-controls"><rule-controls exits></rule-controls></div>
<div class="ee-panel"><batch-summary></batch-summary></div>
<div class="ee-panel"><batch-table></batch-table></div>
"""


def members_of(files: Any) -> list[Member]:
    """What a visitor's files hold. `files` is "examples", or a list of {path, orig_name} as Gradio's upload gave it.

    A path is accepted only within Gradio's own upload folder. Raises `RefusedCollection`, `UnreadableImage`.
    """
    if files == "examples":
        return list_members((path, path.name) for path in sorted(EXAMPLES.glob("*/*.png")))
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise RefusedCollection("Send a list of files, or one zip archive.")
    if len(files) > MAX_PICTURES:
        raise RefusedCollection(
            f"That is more than {MAX_PICTURES} files; send at most {MAX_PICTURES} at a time."
        )
    pairs = []
    for file in files:
        path = stored(file.get("path"))
        pairs.append((path, str(file.get("orig_name") or path.name)[:255]))
    return list_members(pairs)


@question
def batch_open(asked: dict[str, Any]) -> dict[str, Any]:
    """How many pictures there are in `files`, and how many run in a step; nothing is read yet."""
    return {"count": len(members_of(asked["files"])), "step": STEP}


@question
def batch_step(asked: dict[str, Any]) -> dict[str, Any]:
    """One step of a batch: the pictures from `start` on, with real early exits; as many as can be read in time.

    `asked` has `model`, `files`, `start`, `rule`, `thresholds`, maybe `grain` and `left_out`. Answers with `rows`, a
    report or error per picture, and `ms`, `plain_ms` and `timed`: the step's milliseconds, the plain backbone's, and on
    how many pictures.
    The server keeps nothing between steps: a visitor who leaves has cancelled.
    """
    model = open_model(offered(asked["model"]))
    rule, thresholds = get_rule(asked["rule"]), numbers(asked["thresholds"])
    grain, left_out = choose_grain(model.grains, asked.get("grain")), blocks(asked.get("left_out", []))
    start = asked["start"]
    if not isinstance(start, int) or not 0 <= start < MAX_PICTURES:
        raise ValueError(f"A step starts at a picture from 0 to {MAX_PICTURES - 1}.")
    members = members_of(asked["files"])[start : (start // STEP + 1) * STEP]
    rows: list[dict[str, Any]] = []
    seen, places = [], []
    began = perf_counter()
    for place, (member, found) in enumerate(zip(members, read_members(members), strict=True)):
        rows.append({"image": member.name})
        if isinstance(found, str):
            rows[place]["error"] = found
        else:
            # Shrunk at once: a step of large photos would not fit into memory.
            seen.append(see(model, found).image)
            places.append(place)
            rows[place]["thumbnail"] = _thumbnail(found)
        if perf_counter() - began > READING:
            break
    if not seen:
        return {"rows": rows, "ms": 0, "plain_ms": None, "timed": 0}
    timed = start // STEP % TIMED_EVERY == 0
    with network_lane:
        together = classify_together(model, seen, rule, thresholds, timed, grain, left_out)
    for place, report in zip(places, together.reports, strict=True):
        rows[place] |= report
    return {
        "rows": rows,
        "ms": together.ms,
        "plain_ms": together.plain_ms,
        "timed": len(seen) if timed else 0,
    }


@question
def batch_look(asked: dict[str, Any]) -> dict[str, Any]:
    """One picture of `files`, by its `index`, analysed at every exit for Explore."""
    model = open_model(offered(asked["model"]))
    members = members_of(asked["files"])
    index = asked["index"]
    if not isinstance(index, int) or not 0 <= index < len(members):
        raise ValueError("There is no such picture; send the files again.")
    (found,) = read_members([members[index]])
    if isinstance(found, str):
        raise UnreadableImage(found)
    return {**analyse_image(model, found), "title": members[index].name}


def _thumbnail(image: Image.Image) -> str:
    """An RGB picture, made small, as a data URI."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return data_uri(small, "JPEG" if max(image.size) > THUMBNAIL else "PNG")


LAYOUT = (Column("side", (SIDE_TOP, Slot.FILES)), Column("main", (MAIN,)))

TAB = Tab("batch", LAYOUT, (batch_open, batch_step, batch_look))
