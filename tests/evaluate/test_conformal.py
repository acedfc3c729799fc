"""Conformal sets: the limit is a rank, coverage holds on exchangeable images, and an answer is in its own set."""

import numpy as np
import pytest

from explorer.evaluate.conformal import limits, sizes


def test_the_limit_is_the_ceiling_rank_of_n_plus_one():
    true = np.linspace(0.1, 0.9, 9)[:, None]  # N = 9: ceil(10 * 0.9) = 9, the smallest of nine
    assert limits(true, 0.9).tolist() == [pytest.approx(0.1)]
    assert limits(true, 0.8).tolist() == [pytest.approx(0.2)]
    assert limits(true, 0.95).tolist() == [0.0]  # too few images for it: every class is in


def test_new_images_like_those_have_their_class_in_the_set_that_often():
    rng = np.random.default_rng(0)

    def draw(count):
        p = rng.dirichlet(np.full(5, 0.5), count)
        labels = np.array([rng.choice(5, p=row) for row in p])
        return p, labels

    p, labels = draw(2000)
    limit = limits(p[np.arange(2000), labels][:, None], 0.9)
    p, labels = draw(4000)
    held = p[np.arange(4000), labels] >= limit[0]
    assert held.mean() == pytest.approx(0.9, abs=0.02)


def test_a_set_holds_the_answer_itself_even_below_the_limit():
    p = np.array([[[0.4, 0.35, 0.25], [0.9, 0.08, 0.02]]])
    assert sizes(p, np.array([0.5, 0.05])).tolist() == [[1, 2]]
