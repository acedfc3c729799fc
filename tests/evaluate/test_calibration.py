"""Calibration by hand-worked numbers."""

import numpy as np
import pytest

from explorer.evaluate.calibration import calibration_error, fit_temperature


def test_the_error_is_the_gap_per_bin_weighted_by_count():
    # Bin (0.5, 1]: three at 0.9, two right: gap |2 - 2.7| = 0.7. Bin (0, 0.5]: one at 0.4, wrong: gap 0.4.
    confidence = np.array([0.9, 0.9, 0.9, 0.4])
    correct = np.array([True, True, False, False])
    assert calibration_error(confidence, correct, bins=2) == pytest.approx((0.7 + 0.4) / 4)


def test_a_confidence_on_a_border_belongs_to_the_lower_bin():
    assert calibration_error(np.array([0.5, 0.6]), np.array([True, False]), bins=2) == pytest.approx(1.1 / 2)
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True]), bins=2) == 0


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found_again(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    probabilities = np.exp(logits / temperature)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_no_picture_is_refused_in_words():
    with pytest.raises(ValueError, match="at least one"):
        fit_temperature(np.zeros((0, 3)), np.zeros(0, np.int64))
