"""Fashion-MNIST's files: read gzipped or plain, split without overlap, refused in plain words."""

import gzip
import struct

import numpy as np
import pytest

from explorer.data import fashion
from explorer.data.fashion import LABELS, find_folder, load_fashion

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
TRAIN, TEST = 30, 8


def idx(array) -> bytes:
    array = np.asarray(array, np.uint8)
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def numbered(count, start):
    """Images whose pixels all are their own number, and labels that follow from it."""
    numbers = np.arange(start, start + count, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None], (count, 28, 28)), numbers % 10


@pytest.fixture(params=["plain", "gzipped"])
def folder(request, tmp_path, monkeypatch):
    monkeypatch.setattr(fashion, "VALIDATION", 7)
    for name, array in zip(FILES, [*numbered(TRAIN, 0), *numbered(TEST, 100)], strict=True):
        raw = idx(array)
        if request.param == "gzipped":
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(raw))
        else:
            (tmp_path / name).write_bytes(raw)
    return tmp_path


def test_the_splits_have_their_sizes_and_share_no_image(folder):
    splits = load_fashion(folder)
    assert {name: len(split) for name, split in splits.items()} == {"train": 23, "validation": 7, "test": 8}
    numbers = {name: split.images[:, 0, 0].tolist() for name, split in splits.items()}
    assert sorted(numbers["train"] + numbers["validation"]) == list(range(30))
    assert numbers["test"] == list(range(100, 108))


def test_images_keep_their_labels_and_their_types(folder):
    for split in load_fashion(folder).values():
        assert split.images.shape == (len(split), 28, 28)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int64
        assert (split.images == split.images[:, :1, :1]).all()
        assert split.labels.tolist() == (split.images[:, 0, 0] % 10).tolist()


def test_the_validation_images_are_always_the_same(folder):
    first, again = load_fashion(folder), load_fashion(folder)
    np.testing.assert_array_equal(first["validation"].images, again["validation"].images)
    assert first["validation"].images[:, 0, 0].tolist() != list(range(7))  # drawn, not the first ones


def test_a_folder_that_is_named_is_the_one_that_is_read(folder):
    assert find_folder(folder) == folder


def test_debians_package_is_found_without_being_named(folder, monkeypatch):
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", folder)
    assert find_folder() == folder
    assert len(load_fashion()["test"]) == TEST


def test_a_download_that_fails_is_said_plainly(tmp_path, monkeypatch):
    def no_mirror(*args, **kwargs):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", tmp_path / "none")
    monkeypatch.setattr("torchvision.datasets.FashionMNIST", no_mirror)
    with pytest.raises(
        FileNotFoundError, match="install Debian's package dataset-fashion-mnist or name a folder"
    ):
        load_fashion()


def test_a_missing_file_is_named(folder):
    for path in folder.glob("t10k-labels*"):
        path.unlink()
    with pytest.raises(
        FileNotFoundError,
        match=r"no t10k-labels-idx1-ubyte\[\.gz\] in .*--data needs Fashion-MNIST's four idx files",
    ):
        load_fashion(folder)


GOOD = idx(np.zeros((2, 28, 28)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0",
        b"\0\0\x08",
        b"<html>404</html>",
        b"\0\0\x0d\x01\0\0\0\x01\0",
        GOOD[:10],
        GOOD[:-1],
        GOOD + b"\0",
    ],
    ids=["empty", "short", "no sizes", "a web page", "floats", "half a header", "cut off", "too long"],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_damaged_file_is_named(tmp_path, raw, suffix):
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(gzip.compress(raw) if suffix else raw)
    with pytest.raises(
        ValueError, match=rf"{path.name} is damaged or no idx file; fetch Fashion-MNIST again"
    ):
        load_fashion(tmp_path)


# With names of their own: gzip writes the time, and test processes that collect in different seconds would disagree.
@pytest.mark.parametrize(
    "raw",
    [b"", b"no gzip at all", gzip.compress(GOOD)[:30], gzip.compress(GOOD)[:-4] + b"\0\0\0\0"],
    ids=["empty", "no gzip", "cut off", "wrong length"],
)
def test_a_damaged_archive_is_named(tmp_path, raw):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(raw)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is damaged or no idx file"):
        load_fashion(tmp_path)


def test_the_ten_labels():
    assert len(set(LABELS)) == 10
    assert (LABELS[0], LABELS[7], LABELS[9]) == ("T-shirt/top", "Sneaker", "Ankle boot")
