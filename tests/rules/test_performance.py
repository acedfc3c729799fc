"""Performance control: the score is the accuracy of validation images as sure as this one."""

import numpy as np
import pytest

from explorer.evaluate.performance import add_performance
from explorer.evaluate.tradeoff import Aim
from explorer.rules import Seen, Setting
from explorer.rules.performance import RULE, reliability_bins


def seen(*confidences):
    """Two classes, the first with these probabilities."""
    p = np.array(confidences)
    return Seen(np.log(np.stack([p, 1 - p], axis=1)).astype(np.float32))


def test_the_score_is_the_share_right_in_the_bin_of_that_confidence():
    confidence = np.array([[0.5], [0.6], [0.7], [0.8]])
    correct = np.array([[False], [True], [True], [True]])
    parts = {f"classes.{k}": v for k, v in reliability_bins(confidence, correct, bins=2).items()}
    reader = RULE.reader(Setting(1, 2, parts=parts))
    assert reader.step(0, seen(0.55, 0.62, 0.9)).score.tolist() == [0.5, 0.5, 1.0]


def test_surer_is_never_less_to_be_trusted():
    rng = np.random.default_rng(0)
    confidence = rng.random((500, 3))
    correct = rng.random((500, 3)) < 0.5  # by chance: neighbouring bins must be pooled
    accuracy = reliability_bins(confidence, correct)["accuracy"]
    assert (np.diff(accuracy, axis=1) >= 0).all()
    np.testing.assert_allclose(accuracy.mean(axis=1), correct.mean(axis=0), atol=0.01)


def test_at_a_grain_that_was_not_evaluated_it_says_nothing():
    parts = {f"classes.{k}": v for k, v in reliability_bins(np.ones((4, 1)), np.ones((4, 1), bool)).items()}
    score = RULE.reader(Setting(1, 2, parts=parts, grain="kinds")).step(0, seen(0.9)).score
    assert np.isnan(score).all()


def test_a_model_that_was_not_evaluated_has_no_bins(tmp_path):
    with pytest.raises(FileNotFoundError, match="evaluate the model first"):
        add_performance(tmp_path, Aim())
