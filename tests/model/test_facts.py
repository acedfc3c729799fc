"""A list of models says what each is without loading it."""

import json
import shutil

import numpy as np

from explorer.model.catalog import find_model
from explorer.model.facts import Facts, facts_of


def test_classes_exits_bytes_and_accuracy_are_read_from_the_folder(tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert facts_of(folder) == Facts(10, 4, weights, None, "labels")
    predicted = np.array([[0, 1], [0, 2], [0, 3], [0, 9]], dtype=np.uint16)
    np.savez(folder / "evaluation.npz", test_predicted=predicted, test_labels=np.array([1, 2, 3, 4]))
    config = json.loads((folder / "config.json").read_text()) | {"reference": "teacher"}
    (folder / "config.json").write_text(json.dumps(config))
    assert facts_of(folder) == Facts(10, 4, weights, 0.75, "teacher")


def test_the_rules_it_has_trained_parts_for_and_whether_one_read_out_serves_all(tiny_model_folder, tmp_path):
    assert facts_of(find_model("fashion")).learned == ("berxit", "jei-dnn", "palbert", "palbert-mixed")
    assert (
        facts_of(find_model("fashion-sdn")).learned == ()
    )  # performance control has bins, which are not trained
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    assert facts_of(folder).shared is False
    config = json.loads((folder / "config.json").read_text())
    config["exits"] = [{**exit_, "head": "shared", "options": {}} for exit_ in config["exits"]]
    (folder / "config.json").write_text(json.dumps(config))
    assert facts_of(folder).shared is True


def test_parts_that_loading_would_leave_out_do_not_count(tmp_path):
    folder = shutil.copytree(find_model("fashion"), tmp_path / "fashion")
    probe = folder / "addons" / "berxit.safetensors"
    probe.write_bytes(probe.read_bytes()[:-1] + b"!")  # not the file that the config names
    assert facts_of(folder).learned == ("jei-dnn", "palbert", "palbert-mixed")
    config = json.loads((folder / "config.json").read_text())
    config["weights"] = dict.fromkeys(
        config["weights"], "0" * 64
    )  # other weights than the parts were trained on
    (folder / "config.json").write_text(json.dumps(config))
    assert facts_of(folder).learned == ()
    (folder / "addons" / "palbert.safetensors").write_bytes(b"no tensors")
    assert facts_of(folder).learned == ()


def test_a_damaged_evaluation_is_none_and_a_damaged_folder_has_no_facts(tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    (folder / "evaluation.npz").write_bytes(b"PK no archive")
    assert facts_of(folder).right is None
    (folder / "config.json").write_text("{")
    assert facts_of(folder) is None
