"""What a measurement keeps in a model's folder, and what of an older one it takes away."""

import json
import shutil

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from explorer.data.fashion import Split
from explorer.evaluate.keeping import measure_and_keep
from explorer.evaluate.record import load_records
from explorer.model.addons import addon_path, weights_digest
from explorer.model.bundle import load_model_folder, read_config


def made(seed):
    rng = np.random.default_rng(seed)
    return {
        name: Split(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))
        for name, n in (("validation", 6), ("test", 5))
    }


@pytest.fixture
def folder(tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    measure_and_keep(load_model_folder(folder), folder, made(0))
    return folder


def spoil(folder, **facts):
    """Performance control's bins as those of a network with more exits."""
    path = addon_path(folder, "performance")
    with safe_open(path, framework="numpy") as file:
        said = file.metadata()
        parts = {key: np.repeat(file.get_tensor(key), 3, axis=0) for key in file.keys()}  # noqa: SIM118
    save_file(parts, path, said | facts)


def test_bins_of_other_weights_are_passed_over_and_found_anew(folder):
    scores = load_records(folder / "evaluation.npz")["test"].scores
    assert "performance" in scores
    spoil(folder, weights="0" * 64)
    assert "performance" not in load_records(folder / "evaluation.npz")["test"].scores
    spoil(folder, weights=weights_digest(read_config(folder)))  # as if they were its own
    measure_and_keep(load_model_folder(folder), folder, made(0))
    again = load_records(folder / "evaluation.npz")["test"].scores
    np.testing.assert_array_equal(again["performance"], scores["performance"])


def test_what_shows_the_pictures_measured_before_goes_with_them(folder):
    for name in ("rules.json", "gallery.json"):
        (folder / name).write_text(json.dumps({"rows": []}))
    measure_and_keep(load_model_folder(folder), folder, made(0))  # the same pictures
    assert (folder / "rules.json").exists()
    assert (folder / "gallery.json").exists()
    measure_and_keep(load_model_folder(folder), folder, made(1))
    assert not (folder / "rules.json").exists()
    assert not (folder / "gallery.json").exists()
