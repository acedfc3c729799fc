"""Calibration and overthinking worked out by hand, and the fixture the browser's twin is held to."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from explorer.evaluate.calibration import reliability
from explorer.evaluate.overthinking import overthinking
from explorer.evaluate.record import Record
from explorer.evaluate.tradeoff import at_thresholds

DATA = Path(__file__).parents[1] / "data"


def make_tuning():
    spec = importlib.util.spec_from_file_location("make_tuning", DATA / "make_tuning.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_fixture_is_what_python_computes():
    stored, module = json.loads((DATA / "tuning.json").read_text()), make_tuning()
    assert json.loads(json.dumps(module.facts(module.read(stored["record"])))) == stored


# Exits behind blocks 4, 8 and 12. Image 0: always right; 1: right from the second exit on; 2: right, then lost;
# 3: never right; 4: only the last exit is right.
RECORD = Record(
    labels=np.array([0, 1, 2, 3, 4]),
    predicted=np.array([[0, 0, 0], [9, 1, 1], [2, 2, 9], [9, 9, 9], [9, 9, 4]]),
    scores={
        "confidence": np.array(
            [[0.95, 0.9, 1], [0.5, 0.7, 0.9], [0.95, 0.4, 0.8], [0.3, 0.2, 0.6], [0.35, 0.3, 0.7]]
        )
    },
    blocks=np.array([4, 8, 12]),
    macs=np.array([40, 70, 100]),
    macs_full=90,
)


def test_overthinking_of_images_that_all_go_to_the_end():
    found = overthinking(RECORD)
    assert found.wasteful == 2 / 5  # images 0 and 1
    assert found.destructive == 1 / 5  # image 2
    assert found.too_early == 0
    assert found.some_exit_right == 4 / 5
    assert found.wasted_macs == ((100 - 40) + (100 - 70)) / 2


def test_overthinking_at_thresholds_counts_what_was_passed_on_the_way():
    found = overthinking(RECORD, np.array([1, 1, 0, 0, 1]))
    assert found.wasteful == 1 / 5  # image 0 was right one exit before; image 1 left at its first right exit
    assert found.destructive == 0
    assert found.too_early == 1 / 5  # image 4
    assert found.wasted_macs == 30


def test_nothing_is_wasted_where_everyone_leaves_at_once():
    found = overthinking(RECORD, np.zeros(5, dtype=int))
    assert (found.wasteful, found.destructive, found.wasted_macs) == (0, 0, 0)
    assert found.too_early == 2 / 5  # images 1 and 4


def test_one_threshold_per_exit_and_the_accuracy_of_those_that_leave():
    found = at_thresholds(RECORD, "confidence", [0.9, 0.3])
    # 0.9 lets images 0 and 2 go at once; at 0.3 images 1 and 4 go at the second exit, 3 goes to the end.
    assert found.leaving.tolist() == [0.4, 0.4, 0.2]
    assert found.right.tolist() == [1, 0.5, 0]
    assert found.macs == (2 * 40 + 2 * 70 + 100) / 5
    assert np.isnan(at_thresholds(RECORD, "confidence", 0).right[1])
    with pytest.raises(ValueError, match="expected one threshold, or 2"):
        at_thresholds(RECORD, "confidence", [0.9])


def test_the_calibration_error_by_hand():
    found = reliability(RECORD, 0)
    # Bins of 1/15: .3 and .35 share (4/15, 5/15] no: .3 is in the fifth, .35 in the sixth, .5 in the eighth.
    assert {b: int(n) for b, n in enumerate(found.count) if n} == {4: 1, 5: 1, 7: 1, 14: 2}
    assert found.confidence[14] == pytest.approx(0.95)
    assert found.accuracy[14] == 1
    assert np.isnan(found.accuracy[0])
    assert found.ece == pytest.approx((0.3 + 0.35 + 0.5 + 2 * 0.05) / 5)


def test_a_confidence_on_a_bins_edge_belongs_below_it():
    edges = np.arange(1, 16) / 15
    record = Record(
        np.zeros(15, int),
        np.zeros((15, 1), int),
        {"confidence": edges[:, None]},
        np.array([1]),
        np.array([1]),
        1,
    )
    assert reliability(record, 0).count.sum() == 15
    assert reliability(record, 0).count[14] == 1
    assert reliability(record, 0).ece == pytest.approx((1 - edges).sum() / 15)
