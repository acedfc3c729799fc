"""The evaluation as the Tune tab gets it: nothing lost on the way, and one sentence where there is none."""

import json
import shutil
import zlib
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from explorer.data.fashion import Split
from explorer.evaluate.gallery import choose, ease, read_gallery, write_gallery
from explorer.evaluate.record import Record, evaluate, load_records, save_records
from explorer.model.bundle import ModelError, load_model_folder
from explorer.model.catalog import find_model
from explorer.web import records
from explorer.web.analysis import open_model
from explorer.web.pictures import from_data_uri
from explorer.web.records import analyse_gallery, evaluation_json, pack_array, sets_json


def unpack(packed):
    kind = np.dtype(packed["kind"]).newbyteorder("<")
    planes = np.frombuffer(zlib.decompress(b64decode(packed["data"])), np.uint8)
    return planes.reshape(kind.itemsize, -1).T.copy().view(kind).reshape(packed["shape"])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(12).reshape(3, 4), "uint8"),
        (np.array([0, 256, 65535]), "uint16"),
        (np.array([0.0, 70_000.0]), "float32"),
        (np.array([1.0, 2.0, 9.0]), "uint8"),
        (np.float32([[0.1, np.nan], [1, -1]]).astype(float), "float32"),
        (np.array([]), "float32"),
    ],
)
def test_an_array_is_packed_small_and_whole(values, kind):
    packed = pack_array(values)
    assert packed["kind"] == kind
    np.testing.assert_array_equal(unpack(packed), values)


@pytest.fixture(scope="module")
def folder(tiny_model_folder, tmp_path_factory):
    """The tiny model with an evaluation and a gallery of random pictures."""
    place = shutil.copytree(tiny_model_folder, tmp_path_factory.mktemp("tune") / "tiny")
    rng = np.random.default_rng(0)
    splits = {
        name: Split(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))
        for name, n in (("validation", 6), ("test", 9))
    }
    model = load_model_folder(place)
    found = {name: list(evaluate(model, split))[-1] for name, split in splits.items()}
    save_records(found, place / "evaluation.npz")
    write_gallery(place, found["test"], lambda i: Image.fromarray(splits["test"].images[i]))
    return place, splits["test"]


def test_the_page_gets_every_answer_and_score_of_both_splits(folder):
    place, _ = folder
    facts, network = evaluation_json(str(place)), open_model(str(place)).network
    assert [e["block"] for e in facts["exits"]] == [2, 3, 4, 5, 6]
    assert facts["macs"] == network.macs.tolist()
    assert facts["teacher"] is False
    for name, record in load_records(place / "evaluation.npz").items():
        packed = facts["splits"][name]
        np.testing.assert_array_equal(unpack(packed["labels"]), record.labels)
        np.testing.assert_array_equal(unpack(packed["predicted"]), record.predicted)
        assert packed["scores"].keys() == record.scores.keys()
        for rule, scores in record.scores.items():
            sent = packed["scores"][rule]  # float32; a rule may have the very scores of another
            sent = packed["scores"][sent["same"]] if "same" in sent else sent
            np.testing.assert_allclose(unpack(sent), scores, rtol=1e-6)
        assert packed["scores"]["sdn"] == {"same": "confidence"}


def test_a_model_without_an_evaluation_is_one_sentence(tiny_model_folder):
    with pytest.raises(ModelError, match="ships no evaluation to tune on; choose another model"):
        evaluation_json(str(tiny_model_folder))


def test_a_damaged_evaluation_is_one_sentence(tiny_model_folder, tmp_path):
    place = shutil.copytree(tiny_model_folder, tmp_path / "damaged")
    (place / "evaluation.npz").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(ModelError, match="cannot be read; evaluate the model again"):
        evaluation_json(str(place))


def test_the_page_gets_every_test_images_sets_and_what_was_promised_of_them():
    place = find_model("fashion")
    facts = json.loads((place / "conformal.json").read_text())["grains"]
    for grain in ("classes", "kinds"):
        sent = sets_json("fashion", grain)
        assert (sent["model"], sent["grain"]) == ("fashion", grain)
        assert list(sent["levels"]) == list(sent["test"]) == ["0.9", "0.95", "0.99"]
        for coverage, level in sent["levels"].items():
            packed = unpack(sent["test"][coverage])
            assert packed.shape == (10_000, 9)
            assert level == {key: facts[grain][coverage][key] for key in ("coverage", "size")}
            np.testing.assert_allclose((packed // 2).mean(axis=0), level["size"], atol=1e-4)
            np.testing.assert_allclose((packed % 2).mean(axis=0), level["coverage"], atol=1e-5)
    assert sets_json("fashion", "genera") == {"model": "fashion", "grain": "genera", "levels": {}, "test": {}}


def test_a_model_without_sets_has_none_and_damaged_ones_are_one_sentence(tiny_model_folder, tmp_path):
    assert sets_json(str(tiny_model_folder))["levels"] == {}
    place = shutil.copytree(tiny_model_folder, tmp_path / "damaged")
    shutil.copy(find_model("fashion") / "conformal.json", place)
    (place / "conformal.npz").write_bytes(b"PK no archive")
    with pytest.raises(
        ModelError, match=r"The conformal sets of .* cannot be read; evaluate the model again"
    ):
        sets_json(str(place))


def test_the_hardest_are_those_answered_wrongly_and_surely():
    record = Record(
        labels=np.array([0, 1, 2, 3]),
        predicted=np.array([[0, 0], [0, 0], [0, 2], [3, 3]]),
        scores={"confidence": np.array([[0.6, 0.8], [0.9, 1.0], [0.5, 0.5], [1.0, 1.0]])},
        blocks=np.array([1, 2]),
        macs=np.array([1, 2]),
        macs_full=2,
    )
    np.testing.assert_allclose(ease(record), [0.7, -0.95, 0.0, 1.0])
    assert choose(record, 1) == ([1], [3])
    assert choose(record) == ([1, 2], [3, 0])  # half each: no image is in both


def test_a_picture_of_the_gallery_is_analysed_as_it_was_evaluated(folder):
    place, test = folder
    gallery, model = read_gallery(place), open_model(str(place))
    record = load_records(place / "evaluation.npz")["test"]
    assert (gallery.hardest, gallery.easiest) == choose(record)
    for number, index in enumerate(gallery.indices):
        example = analyse_gallery(str(place), number)
        assert example["id"] == f"test-{index}"
        assert example["label"] == model.labels[test.labels[index]]
        np.testing.assert_array_equal(from_data_uri(example["saw"], model), test.images[index])
        np.testing.assert_allclose(
            example["trace"]["scores"]["confidence"], record.scores["confidence"][index], atol=1e-4
        )


@pytest.mark.parametrize("number", [-1, 8, 10**9])
def test_a_picture_that_is_not_in_the_gallery_is_one_sentence(folder, number):
    with pytest.raises(ModelError, match="not in the model's gallery"):
        analyse_gallery(str(folder[0]), number)


def test_a_model_without_a_gallery_has_none(tiny_model_folder):
    assert records.gallery_json(str(tiny_model_folder)) is None
