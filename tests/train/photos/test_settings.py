"""A stretch of training on photographs as the command line asks for it: one command, one set of option names."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.train.photos import command
from explorer.train.photos.photographs import Source
from explorer.train.photos.stretch import SETTINGS, Stretch, stretch_of
from explorer.train.photos.teacher import TeacherSpec

ROOT = Path(__file__).parents[3]


def test_without_settings_a_stretch_is_the_first_stage_as_it_stands():
    assert stretch_of([], size=None, lr=None) == Stretch() == Stretch(stage=1, crops=50_000)


def test_settings_and_common_options_make_the_stretch():
    said = ["stage=2", "crops=0", "minutes=7.5", "frozen=11", "lr_heads=1e-3", "own=1", "final_share=0.3"]
    stretch = stretch_of([*said, "exits_every=1", "solved=64"], size=224, batch=256, seed=7)
    assert stretch == Stretch(
        2, 0, 7.5, 224, 11, lr_heads=1e-3, own=1.0, final_share=0.3, exits_every=1,
        batch=256, solved=64, seed=7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs=3", "--set epochs=3: there is no setting 'epochs'; choose one of stage, crops, "),
        ("stage=3", "--set stage=3: stage takes a whole number from 1 to 2."),
        ("crops=1.5", "--set crops=1.5: crops takes a whole number from 0 up."),
        ("own=nan", "--set own=nan: own takes a number from 0 to 1."),
        ("lr_heads=inf", "--set lr_heads=inf: lr_heads takes a number from 0 up."),
        ("minutes", "--set minutes=: minutes takes a number from 0 up."),
    ],
)
def test_a_setting_that_cannot_be_one_is_refused_in_a_sentence(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        stretch_of([text])


def test_every_setting_is_explained_in_the_docs():
    told = (ROOT / "docs/photos.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)
    assert explained == list(SETTINGS)


def test_the_command_hands_all_of_it_to_the_distiller(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(command, "run", lambda *arguments: asked.append(arguments))
    done = CliRunner().invoke(
        app,
        ["train", "--recipe", "distil", "--data", "a.zip=0.5", "--data", "b", "--teacher", "x.safetensors",
         "--teacher", "resnet18=y.safetensors", "--set", "stage=2", "--size", "224", "--batch", "8",
         "--out", str(tmp_path), "--labelled", "held", "--threads", "1", "--precision", "float32"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (stretch, out, sources, teachers, start, labelled, device, threads, precision), *others = asked
    assert others == []
    assert stretch == Stretch(2, size=224, batch=8)
    assert (out, labelled, device, threads, precision) == (tmp_path, Path("held"), "cpu", 1, "float32")
    assert sources == [Source(Path("a.zip"), 0.5), Source(Path("b"))]
    assert teachers[1] == TeacherSpec("resnet18", Path("y.safetensors"))
    assert start == Path("assets/models/photos")
