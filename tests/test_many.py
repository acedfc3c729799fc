"""Many pictures: every way to name them, every file they are written to, and shards on two processes."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.sources import find_pictures
from explorer.many import shards
from explorer.many.shards import CHUNK, Place, checksum, find_shards, names_in
from explorer.many.writers import COLUMNS
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import ROOT
from explorer.rules import get_rule


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path):
    """A folder with two pictures, one of them deeper, a text and hidden files; and beside it a zip archive."""
    folder = tmp_path / "set"
    (folder / "deep" / ".git").mkdir(parents=True)
    (folder / "b.PNG").write_bytes(png(1))
    (folder / "deep" / "a.png").write_bytes(png(2))
    (folder / "deep" / ".git" / "c.png").write_bytes(png(3))
    (folder / "notes.txt").write_text("no picture")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for i in range(501):  # the page's limit is not the command line's
            archive.writestr(f"{i:03}.png", png(i % 7))
    return tmp_path


def call(*arguments, given=b"", model):
    return CliRunner().invoke(app, ["classify", *map(str, arguments), "--model", str(model)], input=given)


def test_folders_archives_and_patterns_give_their_pictures_in_order(pictures):
    folder = pictures / "set"
    named = [member.name for member in find_pictures([str(folder), str(pictures / "more.zip")])]
    assert named[:2] == [str(folder / "b.PNG"), str(folder / "deep" / "a.png")]
    assert named[2:] == [f"{pictures / 'more.zip'}/{i:03}.png" for i in range(501)]
    (found,) = find_pictures([str(folder / "**" / "a.p?g")])
    assert (found.name, found.problem) == (str(folder / "deep" / "a.png"), None)
    (folder / "[1].png").write_bytes(png(1))
    (found,) = find_pictures([str(folder / "[1].png")])  # a file's own name is no pattern
    assert found.problem is None


def test_what_is_named_and_not_there_is_said_for_itself(pictures):
    (pictures / "none").mkdir()
    said = [m.problem for m in find_pictures([str(pictures / "none"), str(pictures / "x*.png"), "a\0b"])]
    assert said[0] == "There is no picture in this folder."
    assert said[1].startswith("There is no image file")
    assert "check its name" in said[2]


def test_standard_input_brings_names_or_one_picture(pictures, tiny_model_folder):
    first, folder = pictures / "set" / "b.PNG", pictures / "set" / "deep"
    names = f"{first}\n\n{folder}\n".encode()
    lines = call("-", "--json", given=names, model=tiny_model_folder).stdout.splitlines()
    assert [json.loads(line)["image"] for line in lines] == [str(first), str(folder / "a.png")]
    (line,) = call("-", "--json", given=png(1), model=tiny_model_folder).stdout.splitlines()
    assert json.loads(line)["image"] == "-"
    assert json.loads(line)["prediction"] == json.loads(lines[0])["prediction"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_file_holds_what_the_json_lines_say(pictures, tiny_model_folder, kind):
    folder, out = pictures / "set", pictures / f"answers.{kind}"
    (folder / "=1+1.png").write_bytes(png(4))
    (folder / "bad.png").write_bytes(b"no picture")
    printed = call(folder, "--json", model=tiny_model_folder)
    expected = [json.loads(line) for line in printed.stdout.splitlines()]
    result = call(folder, "--out", out, model=tiny_model_folder)
    assert (printed.exit_code, result.exit_code) == (2, 2)
    assert result.stdout == f"{out}: 4 pictures, 1 of them could not be read\n"
    if kind == "csv":
        assert out.read_bytes().startswith(b"\xef\xbb\xbfimage,answer,")
        rows = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    elif kind == "parquet":
        rows = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
    else:
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["image"].removeprefix("'") for row in rows] == [facts["image"] for facts in expected]
    for row, facts in zip(rows, expected, strict=True):
        if kind == "jsonl":
            assert {k: row.get(k) for k in ("exit", "macs", "error")} == {
                k: facts.get(k) for k in ("exit", "macs", "error")
            }
            continue
        assert tuple(row) == COLUMNS
        if "error" in facts:
            assert (row["error"], row["answer"] or None) == (facts["error"], None)
        else:
            assert row["answer"] == facts["prediction"][0]["label"]
            assert float(row["probability"]) == pytest.approx(facts["prediction"][0]["probability"], abs=1e-5)
            assert int(row["exit_block"]) == facts["exit"]["block"]
            assert int(row["macs_used"]) == facts["macs"]["used"]


def test_a_formula_in_a_name_stays_text(pictures, tiny_model_folder, monkeypatch):
    monkeypatch.chdir(pictures)
    (pictures / "=1+1.png").write_bytes(png(4))
    call("=1+1.png", "--out", "a.csv", model=tiny_model_folder)
    (row,) = csv.DictReader((pictures / "a.csv").read_text("utf-8-sig").splitlines())
    assert row["image"] == "'=1+1.png"


@pytest.mark.parametrize(
    ("out", "said"),
    [("a.xlsx", r"must end in .csv, .jsonl or .parquet."), ("none/a.csv", "there is no folder")],
)
def test_a_file_that_cannot_be_written_is_refused(pictures, tiny_model_folder, out, said):
    result = call(pictures / "set", "--out", pictures / out, model=tiny_model_folder)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_device_that_is_not_there_is_refused(pictures, tiny_model_folder):
    result = call(pictures / "set", "--device", "nonsense", model=tiny_model_folder)
    assert result.stderr == "error: there is no device 'nonsense' here; try cpu, cuda or mps.\n"


# Shards.


@pytest.fixture
def data(tmp_path):
    """Two tar shards, webdataset-style: pictures beside labels and JSON; one picture is damaged."""
    folder, count = tmp_path / "data", 0
    folder.mkdir()
    for name, size in (("00000.tar", CHUNK + 40), ("00001.tar", 30)):
        with tarfile.open(folder / name, "w") as archive:
            for _ in range(size):
                for kind, content in (
                    ("cls", b"3"),
                    ("png", b"cut" if count == 7 else png(count % 50)),
                    ("json", b"{}"),
                ):
                    entry = tarfile.TarInfo(f"{count:06}.{kind}")
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
                count += 1
    return folder, count


def answers(out):
    return [
        json.loads(line) for part in sorted(out.glob("*-*.jsonl")) for line in part.read_text().splitlines()
    ]


def alone(model_folder, data, out, **place):
    model = load_model_folder(model_folder)
    settings = (get_rule("confidence"), 0.5, Place(**{"rank": 0, "world": 1, **place}))
    return list(shards.run(model, [str(data)], out, *settings))


def test_shards_are_found_and_their_pictures_named_in_order(data):
    folder, count = data
    first, second = find_shards([str(folder)])
    assert (first.name, second.name) == ("00000.tar", "00001.tar")
    assert names_in(first)[:2] == ["000000.png", "000001.png"]
    assert len(names_in(first)) + len(names_in(second)) == count
    with pytest.raises(ValueError, match="neither a folder nor a tar archive"):
        find_shards([str(folder / "none.tar")])


def test_two_processes_give_the_same_answers_none_lost_or_doubled(data, tiny_model_folder, tmp_path):
    folder, count = data
    alone(tiny_model_folder, folder, tmp_path / "one")
    launcher = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
    ]
    launcher += [
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        "--main_process_port",
        "0",
    ]
    command = ["-m", "explorer", "infer", "--data", str(folder), "--out", str(tmp_path / "two")]
    command += [
        "--model",
        str(tiny_model_folder),
        "--rule",
        "confidence",
        "--threshold",
        "0.5",
        "--device",
        "cpu",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    ran = subprocess.run([*launcher, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "process 1 of 2" in ran.stdout
    assert "process 2 of 2" in ran.stdout
    rows = answers(tmp_path / "two")
    assert len({row["image"] for row in rows}) == len(rows) == count
    assert rows[7]["error"].startswith("This file is not an image")
    assert checksum(tmp_path / "two") == checksum(tmp_path / "one")


def test_what_a_kill_left_undone_is_done_by_the_same_command_on_other_processes(
    data, tiny_model_folder, tmp_path, monkeypatch
):
    folder, count = data
    alone(tiny_model_folder, folder, tmp_path / "whole")
    real, seen = shards.read_image, []

    def killed(source):
        seen.append(source)
        if len(seen) > CHUNK + 20:
            raise KeyboardInterrupt
        return real(source)

    out = tmp_path / "out"
    monkeypatch.setattr(shards, "read_image", killed)
    with pytest.raises(KeyboardInterrupt):
        alone(tiny_model_folder, folder, out)
    assert sorted(path.name for path in out.iterdir()) == ["00000-00000.jsonl", "run.json"]  # no half part
    monkeypatch.setattr(shards, "read_image", real)
    done = [
        part.name
        for rank in (1, 0, 2)
        for part, _ in alone(tiny_model_folder, folder, out, rank=rank, world=3)
    ]
    assert sorted(done) == ["00000-00001.jsonl", "00001-00000.jsonl"]
    assert len(answers(out)) == count
    assert checksum(out) == checksum(tmp_path / "whole")
    assert alone(tiny_model_folder, folder, out) == []


def test_a_folder_of_another_run_is_refused(data, tiny_model_folder, tmp_path):
    folder, _ = data
    (folder / "00000.tar").unlink()
    alone(tiny_model_folder, folder, tmp_path / "out")
    shutil.copy(folder / "00001.tar", folder / "00002.tar")
    with pytest.raises(ValueError, match="holds the answers of another run; name another folder"):
        alone(tiny_model_folder, folder, tmp_path / "out")


def test_a_folder_of_pictures_is_a_shard_and_a_damaged_archive_is_said(tiny_model_folder, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").write_bytes(png(1))
    ((part, rows),) = alone(tiny_model_folder, tmp_path / "set", tmp_path / "out")
    assert (part.name, rows) == ("00000-00000.jsonl", 1)
    assert answers(tmp_path / "out")[0]["image"] == f"{tmp_path / 'set'}/a.png"
    with tarfile.open(tmp_path / "cut.tar", "w") as archive:
        archive.add(tmp_path / "set" / "a.png", "a.png")
        archive.add(tmp_path / "set" / "a.png", "b.png")
    whole = (tmp_path / "cut.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:700])
    with pytest.raises(ValueError, match="is damaged or"):
        names_in(tmp_path / "cut.tar")
