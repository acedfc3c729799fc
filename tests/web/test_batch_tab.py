"""The Batch tab's questions: limits hold whatever a visitor sends, steps make the whole, no path leads outside."""

import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from explorer.model.bundle import load_model_folder
from explorer.web.tabs import batch as tab


@pytest.fixture
def uploads(tiny_model_folder, tmp_path, monkeypatch):
    """A folder that stands for Gradio's uploads, and the tiny model for any that is asked for."""
    model = load_model_folder(tiny_model_folder)
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr(tab, "open_model", lambda _: model)
    monkeypatch.setattr(tab, "offered", lambda name: name)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def asking(files, **parts):
    return {
        "model": "tiny",
        "files": files,
        "start": 0,
        "rule": "patience",
        "thresholds": 2,
        "index": 0,
        **parts,
    }


def zip_of(path: Path, count: int) -> dict[str, str]:
    picture = path.parent / "one.png"
    Image.new("L", (28, 28), 40).save(picture)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            archive.write(picture, f"{i}.png")
    return {"path": str(path), "orig_name": "many.zip"}


def test_steps_make_the_whole(uploads):
    files = [zip_of(uploads / "z", 35)]
    assert tab.batch_open({"files": files}) == {"count": 35, "step": 32}
    first = tab.batch_step(asking(files))
    second = tab.batch_step(asking(files, start=32))
    assert [row["image"] for row in first["rows"] + second["rows"]] == [
        f"many.zip/{i}.png" for i in range(35)
    ]
    assert (first["timed"], second["timed"]) == (32, 0)
    assert first["plain_ms"] > 0
    assert second["plain_ms"] is None
    row = first["rows"][0]
    assert row["thumbnail"].startswith("data:image/png")
    assert set(row) == {
        "image",
        "grain",
        "thumbnail",
        "model",
        "rule",
        "threshold",
        "exit",
        "prediction",
        "macs",
        "ms",
    }
    json.dumps(first)
    assert tab.batch_step(asking(files, start=64))["rows"] == []


def test_a_step_ends_when_reading_has_taken_long_enough_and_the_next_goes_on_from_there(uploads, monkeypatch):
    files = [zip_of(uploads / "z", 7)]
    clock = iter(range(0, 1000))  # a second for every picture
    monkeypatch.setattr(tab, "perf_counter", lambda: next(clock))
    names = []
    while len(names) < 7:
        step = tab.batch_step(asking(files, start=len(names)))["rows"]
        assert 1 <= len(step) <= 3
        names += [row["image"] for row in step]
    assert names == [f"many.zip/{i}.png" for i in range(7)]


def test_what_cannot_be_read_does_not_spoil_the_rest(uploads):
    (uploads / "no.png").write_bytes(b"this is no picture")
    bad = {"path": str(uploads / "no.png"), "orig_name": "<b>no</b>.png"}
    answer = tab.batch_step(asking([bad, zip_of(uploads / "z", 1)]))
    assert answer["rows"][0] == {
        "image": "<b>no</b>.png",
        "error": "This file is not an image Pillow can read; try a JPEG or PNG.",
    }
    assert answer["rows"][1]["exit"]["block"] >= 2
    assert tab.batch_step(asking([bad]))["ms"] == 0


def test_the_limits_hold_at_every_question(uploads):
    files = [zip_of(uploads / "z", 501)]
    for question in (tab.batch_open, tab.batch_step, tab.batch_look):
        assert question(asking(files))["error"] == "That is more than 500 files; send at most 500 at a time."
    many = [{"path": str(uploads / "one.png")}] * 501
    assert tab.batch_open({"files": many})["error"].startswith("That is more than 500 files")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{uploads}/../secret.png",
        "{uploads}",
        "{uploads}/link",
        "a\0b",
        "x" * 5000,
        "",
        None,
        3,
    ],
)
def test_a_path_outside_the_uploads_is_as_good_as_gone(uploads, path):
    secret = uploads.parent / "secret.png"
    Image.new("L", (28, 28)).save(secret)
    (uploads / "link").symlink_to(secret)
    asked = path.format(uploads=uploads) if isinstance(path, str) else path
    for question in (tab.batch_open, tab.batch_step, tab.batch_look):
        said = question(asking([{"path": asked}]))["error"]
        assert said == "One of these files is not here any more; send them again."


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"files": "everything"}, "Send a list of files, or one zip archive."),
        ({"files": ["x"]}, "Send a list of files, or one zip archive."),
        ({"files": []}, "There is no picture in this"),
        ({"start": -1}, "A step starts at"),
        ({"start": "0"}, "A step starts at"),
        ({"rule": "luck"}, "There is no exit rule 'luck'"),
        ({"thresholds": "high"}, "A threshold is a number"),
        ({"thresholds": [1, None]}, "A threshold is a number"),
        ({"thresholds": float("nan")}, "A threshold is a number"),
        ({"thresholds": [1, 2]}, "Expected one threshold, or 4"),
    ],
)
def test_what_a_visitor_may_not_ask_gets_a_sentence(uploads, parts, said):
    answer = tab.batch_step({**asking([zip_of(uploads / "z", 1)]), **parts})
    assert set(answer) == {"error"}
    assert said in answer["error"]


def test_one_picture_is_looked_at_closely(uploads):
    files = [zip_of(uploads / "z", 3)]
    example = tab.batch_look(asking(files, index=2))
    assert example["title"] == "many.zip/2.png"
    assert len(example["trace"]["exits"]) == 5
    assert tab.batch_look(asking(files, index=3))["error"].startswith("There is no such picture")


def test_the_examples_are_a_batch_of_their_own(uploads):
    assert tab.batch_open({"files": "examples"})["count"] >= 12
