"""What is measured of a photo model, and the folder it is shipped in."""

import json
import re
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from explorer.model.bundle import load_model_folder
from explorer.rules import decide
from explorer.train.photos import command
from explorer.train.photos.crops import SIZE
from explorer.train.photos.labels import KNOWN, imagenet_labels
from explorer.train.photos.measure import Held, agreement, composed, held, natural, progress
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.ship import Splits, ship
from explorer.train.photos.student import at_size, seen_by
from tests.train.photos.tiny import STRETCH, TINY, picture, trained


def test_agreement_counts_only_where_the_teacher_is_sure():
    teacher = torch.tensor([[9.0, 0, 0], [0, 9, 0], [0.1, 0, 0]])
    logits = np.array([[[5, 1, 0], [0, 1, 2]], [[1, 0, 2], [0, 2, 1]], [[0, 1, 0], [0, 1, 0]]], np.float32)
    part = Held(torch.zeros(3, 3, 1, 1), teacher)
    assert part.sure.tolist() == [True, True, False]
    assert agreement(logits, part).tolist() == [0.5, 0.5]
    assert agreement(logits, part, 3).tolist() == [1.0, 1.0]


def test_every_known_photo_has_classes_and_all_labels_differ():
    labels = imagenet_labels()
    assert len(set(labels)) == len(labels) == 1000
    assert (labels[281], labels[134], labels[517]) == ("tabby", "crane (bird)", "crane (machine)")
    assert {label for right in KNOWN.values() for label in right} <= set(labels)


def test_a_shipped_folder_is_calibrated_measured_and_can_be_gone_on_from(
    network, tmp_path, folder, pictures, teacher, monkeypatch
):
    photos = tmp_path / "natural"
    photos.mkdir()
    for number, name in enumerate(("chelsea.png", "other.png")):
        picture(50 + number).save(photos / name)
    validation = held(composed(load_pictures([folder], held_out=True), 12), teacher)
    test = held(natural([picture(7), picture(8)], 4), teacher)
    big = at_size(network, SIZE).eval()
    run = trained(network, tmp_path / "run", pictures, teacher, STRETCH)
    ship(
        big,
        run.history,
        Splits(validation, test, {"validation": 12, "test": 2}),
        photos,
        tmp_path / "photos",
        TINY | {"img_size": SIZE},
    )

    model = load_model_folder(tmp_path / "photos")
    assert test.sure.any()
    assert model.reference == "teacher"
    assert model.labels == imagenet_labels()
    assert len(set(model.network.temperatures)) > 1
    assert all(path.stat().st_size < 10_000_000 for path in (tmp_path / "photos").iterdir())
    facts = json.loads((tmp_path / "photos" / "training.json").read_text())
    assert facts["history"] == run.history
    assert facts["measured"]["crops"] == {"validation": 12, "test": 10}
    assert facts["measured"]["known photos"]["photos"] == 1
    assert facts["measured"]["agreement with the own final read-out"][-1] == 1.0
    with np.load(tmp_path / "photos" / "evaluation.npz") as stored:
        assert stored["test_labels"].tolist() == test.teacher.argmax(dim=-1).tolist()
        confidence = stored["test_confidence"]
        predicted = stored["test_predicted"]
    left = decide(confidence, model.thresholds["confidence"])
    answers, final = predicted[np.arange(len(left)), left], predicted[:, -1]
    own = facts["measured"]["at its own threshold"]
    assert own["threshold"] == model.thresholds["confidence"]
    assert own["agreement"] == pytest.approx((answers == test.teacher.argmax(dim=-1).numpy()).mean())
    assert own["agreement with the own final read-out"] == pytest.approx((answers == final).mean())
    assert own["fewer MACs"] == pytest.approx(big.macs_full / big.macs[left].mean(), abs=1e-4)
    # Calibrated logits are what every rule sees, in the record as in the running model.
    trace = model.network.analyse(seen_by(test.crops[:3], SIZE))
    np.testing.assert_allclose(trace.probabilities.max(axis=-1), confidence[:3], atol=1e-4)
    card = (tmp_path / "photos" / "README.md").read_text()
    assert "agreement with the teacher" in card
    assert "Training is unfinished" in card
    assert re.search(r"\| 16 \| 0\.\d\d \| 1 \| 56 \| 50 \| 75 \|", card)
    assert "Blocks 1 to 6 are still as they were" in card

    # The next sitting has this folder alone: it goes on with its weights, its crops and its curve.
    data = tmp_path / "data"
    shutil.copytree(folder, data / "pictures")
    monkeypatch.setattr(command, "load_teacher", lambda _: teacher)
    monkeypatch.setattr(command, "MEASURED", 4)
    monkeypatch.setattr(command, "held", lambda crops, _: Held(torch.stack(crops), 9 * torch.eye(1000)[:4]))
    following = replace(STRETCH, crops=4)
    with pytest.raises(FileNotFoundError, match="there is no run"):
        command.ship_run(tmp_path / "x", tmp_path / "next", data, photos, 1)
    command.run(following, tmp_path / "next", data, tmp_path / "photos", None, 1)
    history = json.loads((tmp_path / "next" / "run" / "history.json").read_text())
    assert history[:1] == run.history
    assert history[1]["settings"] == asdict(following)
    assert history[1]["curve"][-1]["crops"] == 20
    assert {"held_out", "trained_on", "trained_on_block_4"} < set(history[1]["curve"][-1])
    state = torch.load(tmp_path / "next" / "run" / "last.pt", weights_only=True)["network"]
    for name, tensor in model.network.state_dict().items():
        if ".blocks.5." in name:  # frozen
            assert torch.equal(state[name], tensor), name


def test_a_line_of_the_curve_names_every_exit(network, teacher, pictures):
    network.eval()
    row = progress(network, {"natural": held(composed(pictures, 4), teacher)})
    assert set(row) == {"natural", "natural_top5", *(f"natural_block_{b}" for b in range(4, 12))}
