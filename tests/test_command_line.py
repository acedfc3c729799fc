"""The command line's manners: help that says what holds, numbers that make sense, one sentence for whatever fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.classify import cost_text

ROOT = Path(__file__).parents[1]


def call(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200", "TERM": "dumb"})


def refused(result, sentence):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.fullmatch(sentence + "\n", result.stderr), result.stderr


def test_help_keeps_its_square_brackets_and_says_the_default_that_holds():
    said = " ".join(call("classify", "--help").stdout.split())
    assert "[default: EXIT_EXPLORER_MODEL, else photos; or the thresholds' own]" in said
    assert "[default: confidence]" in said
    assert "[default:checkpoints/DATA-RECIPE;ofdistilcheckpoints/photos-run]" in "".join(
        call("train", "--help").stdout.split()
    )


def test_no_default_leads_out_of_the_folder():
    for command in ("ship", "train", "screens"):
        assert "../" not in call(command, "--help").stdout


@pytest.mark.parametrize(
    ("rule", "threshold", "said"),
    [
        ("confidence", "90", r"from 0 to 1, and 90 is none; did you mean 0\.9\?"),
        ("confidence", "nan", r"from 0 to 1, and nan is none\."),
        ("entropy", "-1", r"from 0 to 1, and -1 is none\."),
        ("confidence", "inf", r"from 0 to 1, and inf is none\."),
        ("patience", "9", r"from 1 to 5, and 9 is none\."),
    ],
)
def test_a_threshold_that_cannot_be_one_is_refused(tiny_model_folder, tmp_path, rule, threshold, said):
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    picture = tmp_path / "a.png"
    result = call("classify", picture, "--model", tiny_model_folder, "--rule", rule, "--threshold", threshold)
    refused(result, f"error: {rule} takes a threshold {said}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--passes", "0"], "--passes: a training on Fashion-MNIST takes 1 at least"),
        (["--lr", "nan"], "--lr nan: a learning rate is a number above 0"),
        (["--recipe", "distil", "--passes", "3"], "--passes: not with --recipe distil"),
        (["--recipe", "palbert", "--frozen", "--as-released"], "--frozen, --out: not with --recipe palbert"),
        (
            ["--size", "28", "--frozen"],
            "--size, --frozen: not on Fashion-MNIST; your own pictures need both --data and --backbone",
        ),
        (
            ["--set", "stage=2"],
            "--set: not on Fashion-MNIST; your own pictures need both --data and --backbone",
        ),
        (["--data", "a", "--data", "b"], "--data is given 2 times; only --recipe distil takes more than one"),
        (
            ["--data", "a", "--backbone", "photos", "--set", "own=1"],
            "--set: not with --recipe lgvit on your own pictures",
        ),
        (
            ["--recipe", "distil", "--data", "a"],
            "--recipe distil learns a --teacher's answers to the pictures of --data; name both",
        ),
    ],
)
def test_a_training_takes_its_own_options_alone(options, said, tmp_path):
    refused(call("train", *options, "--out", tmp_path / "x"), re.escape(f"error: {said}."))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("option", ["--threads", "--batch", "--size", "--images", "--passes"])
def test_a_training_takes_no_count_below_its_least(option, tmp_path):
    result = call("train", option, "-1", "--out", tmp_path / "x")
    assert (result.exit_code, f"Invalid value for '{option}'" in result.stderr) == (2, True)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("fewer", ["0", "-1", "nan"])
def test_a_factor_of_macs_is_above_0(fewer):
    refused(call("solve", "--fewer", fewer), f"error: --fewer {fewer}: the factor must be above 0\\.")


def test_what_costs_more_is_not_called_fewer():
    assert cost_text(50, 100) == "2.00x fewer MACs"
    assert cost_text(100, 100) == "1.00x fewer MACs"
    assert cost_text(108, 100) == "1.08x the MACs"


def test_a_name_that_the_terminal_cannot_write_costs_no_answer(tiny_model_folder, tmp_path):
    names = [tmp_path / name for name in ("Größe 漢字.png", "plain.png")]
    for name in names:
        Image.new("L", (28, 28)).save(name)
    ran = subprocess.run(
        [sys.executable, "-m", "explorer", "classify", *map(str, names), "--model", str(tiny_model_folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("left here") == 2
    assert r"Gr\xf6\xdfe" in ran.stdout.replace("\n", "")


def test_a_chart_into_a_missing_folder_is_refused_before_anything_runs(tmp_path):
    missing = tmp_path / "none" / "chart.html"
    sentence = f"error: there is no folder {missing.parent} to put the chart into; make it first."
    refused(call("evaluate", "--stored", "--chart", missing), re.escape(sentence))


def test_converting_a_missing_folder_says_that_it_is_missing(tmp_path):
    sentence = (
        f"error: There is no folder {tmp_path / 'none'}; name the one that holds the authors' config.json."
    )
    refused(call("convert", "lgvit-official", tmp_path / "none", tmp_path / "out"), re.escape(sentence))
