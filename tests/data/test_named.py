"""Public sets by name: read from torchvision's own layouts, made here with a few pictures each."""

import json
import pickle
from hashlib import md5

import numpy as np
import pytest
from PIL import Image
from torchvision import datasets

from explorer.data.folders import load_split
from explorer.data.named import NAMES, is_named, list_named

SIZE = (16, 16)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError("no network in tests")

    for module in (datasets.cifar, datasets.food101, datasets.flowers102, datasets.oxford_iiit_pet):
        monkeypatch.setattr(module, "download_and_extract_archive", refuse)


def picture(path, shade):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 24), (shade, shade, 255 - shade)).save(path)


def counts(found):
    return {split: len(pairs) for split, pairs in found.parts.items()}


def test_pets(tmp_path):
    home = tmp_path / "oxford-iiit-pet"
    lines = {"trainval": [], "test": []}
    for number, breed in enumerate(("Abyssinian", "great_pyrenees"), 1):
        for i in range(6):
            name = f"{breed}_{i}"
            picture(home / "images" / f"{name}.jpg", 40 * number)
            lines["trainval" if i < 5 else "test"].append(f"{name} {number} 1 1")
    (home / "annotations").mkdir()
    for split, text in lines.items():
        (home / "annotations" / f"{split}.txt").write_text("\n".join(text) + "\n")
    found = list_named("pets", tmp_path)
    assert found.classes == ("Abyssinian", "Great Pyrenees")
    assert counts(found) == {"train": 9, "validation": 1, "test": 2}
    test = load_split(found.parts["test"], SIZE)
    assert test.images.shape == (2, 16, 16, 3)
    assert test.labels.tolist() == [0, 1]
    assert abs(int(test.images[1].mean()) - (80 + 80 + 175) // 3) <= 2


def test_food(tmp_path):
    home = tmp_path / "food-101"
    (home / "meta").mkdir(parents=True)
    for split, names in (("train", range(4)), ("test", range(4, 6))):
        table = {dish: [f"{dish}/{i}" for i in names] for dish in ("apple_pie", "waffles")}
        (home / "meta" / f"{split}.json").write_text(json.dumps(table))
        for paths in table.values():
            for path in paths:
                picture(home / "images" / f"{path}.jpg", 90)
    found = list_named("food101", tmp_path)
    assert found.classes == ("apple pie", "waffles")
    assert counts(found) == {"train": 7, "validation": 1, "test": 4}


def test_flowers_have_a_split_of_their_own(tmp_path, monkeypatch):
    scipy = pytest.importorskip("scipy.io")
    home = tmp_path / "flowers-102"
    for i in range(1, 8):
        picture(home / "jpg" / f"image_{i:05d}.jpg", 20 * i)
    scipy.savemat(home / "imagelabels.mat", {"labels": np.array([1, 2, 1, 2, 1, 2, 102])})
    scipy.savemat(home / "setid.mat", {"trnid": [1, 2, 3], "valid": [4, 5], "tstid": [6, 7]})
    of = datasets.Flowers102._file_dict
    files = {k: (of[k][0], md5((home / of[k][0]).read_bytes()).hexdigest()) for k in ("label", "setid")}
    monkeypatch.setattr(datasets.Flowers102, "_file_dict", of | files)
    found = list_named("flowers", tmp_path)
    assert len(found.classes) == 102
    assert counts(found) == {"train": 3, "validation": 2, "test": 2}
    assert [label for _, label in found.parts["test"]] == [1, 101]


@pytest.mark.parametrize(
    ("name", "kind", "labels", "names"),
    [
        ("cifar10", "CIFAR10", "labels", "label_names"),
        ("cifar100", "CIFAR100", "fine_labels", "fine_label_names"),
    ],
)
def test_cifar(tmp_path, monkeypatch, name, kind, labels, names):
    found = getattr(datasets, kind)
    home = tmp_path / found.base_folder
    home.mkdir()

    def write(file, value):
        (home / file).write_bytes(pickle.dumps(value))
        return [file, md5((home / file).read_bytes()).hexdigest()]

    def some(count):
        return {"data": np.full((count, 3072), 7, np.uint8), labels: [i % 2 for i in range(count)]}

    monkeypatch.setattr(found, "train_list", [write("train", some(8))])
    monkeypatch.setattr(found, "test_list", [write("test", some(3))])
    write("meta", {names: ["apple", "sea_bass"]})
    monkeypatch.setattr(
        found,
        "meta",
        {"filename": "meta", "key": names, "md5": md5((home / "meta").read_bytes()).hexdigest()},
    )
    read = list_named(name, tmp_path)
    assert read.classes == ("apple", "sea bass")
    assert counts(read) == {"train": 7, "validation": 1, "test": 3}
    assert load_split(read.parts["test"], SIZE).labels.tolist() == [0, 1, 0]


def test_fashion_mnist_is_read_from_its_four_files(tmp_path):
    def write(stem, array):
        head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
        (tmp_path / stem).write_bytes(head + array.astype(np.uint8).tobytes())

    for part, count in (("train", 5_004), ("t10k", 3)):
        write(f"{part}-images-idx3-ubyte", np.full((count, 28, 28), 9))
        write(f"{part}-labels-idx1-ubyte", np.arange(count) % 10)
    found = list_named("fashion-mnist", tmp_path)
    assert found.classes[9] == "Ankle boot"
    assert counts(found) == {"train": 4, "validation": 5_000, "test": 3}
    assert load_split(found.parts["test"], SIZE).images.shape == (3, 16, 16, 3)


def test_a_set_that_is_nowhere_is_one_sentence(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"pets is not in .* and cannot be downloaded; .* by --root\.$"
    ):
        list_named("pets", tmp_path / "none")


def test_a_folder_of_that_name_is_a_folder(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    assert all(is_named(Path(name)) for name in NAMES)
    (tmp_path / "pets").mkdir()
    assert not is_named(Path("pets"))
    assert not is_named(Path("birds"))
