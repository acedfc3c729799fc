"""Calibration by hand-worked numbers."""

import numpy as np
import pytest

from explorer.evaluate.calibration import ece_by_chance, fit_temperature, reliability_of


def test_the_error_is_the_gap_per_bin_weighted_by_count():
    # Bin (13/15, 14/15]: three at 0.9, two right: gap |2 - 2.7| = 0.7. Bin (5/15, 6/15]: one at 0.4, wrong: gap 0.4.
    found = reliability_of(np.array([0.9, 0.9, 0.9, 0.4]), np.array([True, True, False, False]))
    assert found.ece == pytest.approx((0.7 + 0.4) / 4)
    assert found.count[[5, 13]].tolist() == [1, 3]


def test_a_confidence_on_a_border_belongs_to_the_lower_bin():
    found = reliability_of(np.array([1 / 3, 0.0, 1.0]), np.array([True, False, True]))
    assert found.count[[0, 4, 14]].tolist() == [1, 1, 1]
    assert found.ece == pytest.approx((2 / 3) / 3)


def test_faultless_confidences_show_an_error_by_chance():
    # Four coins in one bin: 0, 1, 2, 3 or 4 heads with chances 1, 4, 6, 4, 1 of 16, off by 1/2, 1/4, 0, 1/4, 1/2.
    assert ece_by_chance(np.full(4, 0.5), draws=4000) == pytest.approx(3 / 16, abs=0.01)
    assert ece_by_chance(np.ones(7)) == 0
    assert ece_by_chance(np.full(400, 0.5)) < 0.03 < ece_by_chance(np.full(40, 0.5))


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
