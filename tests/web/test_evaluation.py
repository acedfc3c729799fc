"""A model's evaluation as the lessons and the card get it."""

import json

import numpy as np
import pytest

from explorer.evaluate.record import load_records
from explorer.evaluate.tradeoff import at_threshold
from explorer.model.bundle import read_config
from explorer.model.catalog import DEFAULT, SHIPPED, list_models
from explorer.web.evaluation import evaluation_json
from explorer.web.tabs import learn


@pytest.fixture(scope="module")
def facts():
    return evaluation_json(DEFAULT)


@pytest.fixture(scope="module")
def test_record():
    return load_records(SHIPPED / DEFAULT / "evaluation.npz")["test"]


def test_it_is_small_and_json(facts):
    assert len(json.dumps(facts)) < 40_000
    assert facts["reference"] == "labels"


def test_each_exits_bins_hold_all_images_and_give_its_accuracy_and_ece(facts, test_record):
    for exit_, found in enumerate(facts["exits"]):
        bins = found["bins"]
        assert sum(b["share"] for b in bins) == pytest.approx(1)
        right = sum(b["share"] * b["accuracy"] for b in bins)
        assert right == pytest.approx(test_record.accuracy[exit_], abs=1e-4)
        gap = sum(b["share"] * abs(b["accuracy"] - b["confidence"]) for b in bins)
        assert found["ece"] == pytest.approx(gap, abs=1e-4)


def test_the_curves_are_what_each_threshold_gives(facts, test_record):
    assert facts["thresholds"][:2] == [0.0, 0.01]
    assert facts["thresholds"][-1] == 1.0
    for i in (0, 50, 68, 100):
        point = at_threshold(test_record, "confidence", facts["thresholds"][i])
        assert facts["curves"]["test"]["accuracy"][i] == pytest.approx(point.accuracy, abs=1e-5)
        assert facts["curves"]["test"]["macs"][i] == round(point.macs)
    assert (np.diff(facts["curves"]["validation"]["macs"]) >= 0).all()


def test_the_models_own_point_is_at_its_own_threshold(facts):
    own = read_config(SHIPPED / DEFAULT)["thresholds"]["confidence"]
    assert facts["own"]["threshold"] == own
    assert sum(facts["own"]["leaving"]) == pytest.approx(1, abs=1e-4)


def test_wasteful_destructive_and_hopeless_images_are_all_there_are(facts, test_record):
    any_right = test_record.correct.any(axis=1).mean()
    only_last = (~test_record.correct[:, :-1].any(axis=1) & test_record.correct[:, -1]).mean()
    assert facts["wasteful"] + facts["destructive"] + only_last == pytest.approx(any_right)


def test_the_question_names_the_models_there_are_to_choose():
    answer = learn.evaluated({"model": DEFAULT})
    assert [m["name"] for m in answer["models"]] == [entry.name for entry in list_models()]
    assert answer["evaluation"]["model"] == DEFAULT
    assert "does not offer" in learn.evaluated({"model": "../x"})["error"]


def test_a_model_without_an_evaluation_has_none(tiny_model_folder, monkeypatch):
    for module in ("evaluation", "shelf"):
        monkeypatch.setattr(f"explorer.web.{module}.find_model", lambda _: tiny_model_folder)
    assert evaluation_json("tiny-without-evaluation") is None
