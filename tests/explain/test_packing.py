import base64
import json

import numpy as np
import pytest

from explorer.explain.map import FLAT, Map
from explorer.explain.packing import pack


def unpack(data: str, *shape: int) -> np.ndarray:
    """The bytes as the page reads them, 0..255."""
    return np.frombuffer(base64.b64decode(data), dtype=np.uint8).reshape(shape)


@pytest.fixture
def weights() -> np.ndarray:
    """(3 blocks, 2 heads, 4, 5), each head at its own scale, block 1's head 1 empty."""
    random = np.random.default_rng(0)
    values = random.random((3, 2, 4, 5)) * 10.0 ** -np.arange(6).reshape(3, 2, 1, 1)
    values[1, 1] = 0
    return values.astype(np.float32)


def test_many_maps_come_back_within_one_step_of_each_ones_peak(weights):
    packed = pack(Map(weights, False, "attention", ("block", "head")))
    peaks = np.array(packed["peak"])[..., None, None]
    back = unpack(packed["data"], 3, 2, 4, 5) / 255 * peaks
    assert (np.abs(back - weights) <= peaks / 255).all()
    assert (packed["grid"], packed["axes"]) == ([4, 5], {"block": 3, "head": 2})
    np.testing.assert_allclose(packed["peak"], weights.max(axis=(2, 3)), rtol=5e-6)
    assert packed["peak"][1][1] == 0.0
    assert (unpack(packed["data"], 3, 2, 4, 5)[1, 1] == 0).all()


def test_bytes_are_the_ones_worked_out_by_hand():
    weights = np.array([[0.0, 0.1], [0.2, 0.4]], dtype=np.float32)
    packed = pack(Map(weights, False, "attention"))
    assert unpack(packed["data"], 4).tolist() == [0, 64, 128, 255]  # 63.75, 127.5 (to even), 255
    assert packed["peak"] == 0.4


def test_a_signed_map_has_its_zero_at_128():
    packed = pack(Map(np.array([[-2.0, -1.0, 0.0, 1.5]], np.float32), True, "logit"))
    assert unpack(packed["data"], 4).tolist() == [1, 64, 128, 223]  # 128 - 127, - 63.5 (to even), 128 + 95.25
    assert packed["peak"] == 2.0


@pytest.mark.parametrize(
    ("value", "evidence"), [(0.0, "flat"), (FLAT / 2, "flat"), (np.nan, "broken"), (np.inf, "broken")]
)
def test_a_flat_or_broken_map_says_so_and_holds_no_colour(value, evidence):
    values = np.zeros((3, 3), dtype=np.float32)
    values[1, 1] = value
    packed = pack(Map(values, False, "logit"))
    assert (packed["evidence"], packed["peak"], packed["data"]) == (evidence, 0.0, "")
    json.dumps(packed, allow_nan=False)


def test_a_map_just_above_flat_keeps_its_peak():
    values = np.zeros((3, 3), dtype=np.float32)
    values[1, 1] = 2 * FLAT
    packed = pack(Map(values, False, "logit"))
    assert packed["peak"] == 2e-6
    assert unpack(packed["data"], 3, 3).tolist() == [[0, 0, 0], [0, 255, 0], [0, 0, 0]]


def test_peaks_have_six_significant_digits():
    assert pack(Map(np.full((1, 1), 1 / 3, dtype=np.float32), False, "logit"))["peak"] == 0.333333


def test_json_gives_back_the_same(weights):
    packed = pack(Map(weights, False, "attention", ("block", "head")))
    assert json.loads(json.dumps(packed, allow_nan=False)) == packed


def test_one_map_of_many_is_taken_by_index_or_as_their_mean(weights):
    many = Map(weights, False, "attention", ("block", "head"))
    np.testing.assert_array_equal(many.at(2, 1).values, weights[2, 1])
    np.testing.assert_allclose(many.at(2, None).values, weights[2].mean(axis=0), rtol=1e-6)
    assert many.at(0, 0).axes == ()
    with pytest.raises(ValueError, match="an index for each"):
        many.at(0)


def test_a_map_whose_values_do_not_fit_its_axes_is_refused():
    with pytest.raises(ValueError, match="needs 3 dimensions, got 2"):
        Map(np.zeros((2, 2), np.float32), False, "logit", ("block",))
