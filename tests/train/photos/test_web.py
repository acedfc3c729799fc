"""Photographs out of npm packages, on packages written here."""

import csv
import io
import tarfile

import pytest
from PIL import Image

from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.web import PACKAGES, gather, photographs


def photo(colour, size=(200, 150), kind="JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def package(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_only_photographs_of_the_named_folders_are_taken(tmp_path):
    path = package(
        tmp_path / "theme.tgz",
        {
            "img/a.JPG": photo("red"),
            "img/logo.png": photo("red", kind="PNG"),
            "img/small.jpg": photo("red", (200, 40)),
            "img/deeper/b.jpg": photo("green"),
            "other/c.jpg": photo("blue"),
            "more/d.jpeg": photo("blue"),
        },
    )
    assert dict(photographs(path, "img more")) == {"img/a.JPG": photo("red"), "more/d.jpeg": photo("blue")}


def test_a_photograph_that_two_packages_hold_is_taken_once_and_training_reads_it(tmp_path):
    first = package(tmp_path / "a.tgz", {"img/a.jpg": photo("red"), "img/b.jpg": photo("green")})
    second = package(tmp_path / "b.tgz", {"img/again.jpg": photo("red"), "img/c.jpg": photo("blue")})
    packages = {"one@1.0": (first, "img", "scenes"), "two@2.0": (second, "img", "mixed")}
    gather(packages, tmp_path / "out")
    with (tmp_path / "out" / "SOURCES.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [(row["debian_package"], row["path_in_package"]) for row in rows] == [
        ("one@1.0", "img/a.jpg"), ("one@1.0", "img/b.jpg"), ("two@2.0", "img/c.jpg"),
    ]  # fmt: skip
    kinds = load_pictures([tmp_path / "out"]).kinds
    assert {kind: len(images) for kind, images in kinds.items()} == {"scenes": 2, "mixed": 1}
    with pytest.raises(FileNotFoundError, match=r"one@1\.0 holds no photographs in nowhere"):
        gather({"one@1.0": (first, "nowhere", "scenes")}, tmp_path / "x")


def test_every_package_is_pinned_and_of_a_kind_that_training_knows():
    assert all(name.rpartition("@")[0] for name in PACKAGES)
    assert {kind for _, kind in PACKAGES.values()} == {"scenes", "mixed"}
