import base64
import json

import numpy as np
import pytest

from explorer.explain.packing import FLAT, pack_attention, pack_saliency


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


def test_attention_comes_back_within_one_step_of_each_heads_peak(weights):
    packed = pack_attention(weights)
    peaks = np.array(packed["peak"])[..., None, None]
    back = unpack(packed["data"], 3, 2, 4, 5) / 255 * peaks
    assert (np.abs(back - weights) <= peaks / 255).all()


def test_attention_says_its_shape_and_peaks(weights):
    packed = pack_attention(weights)
    assert (packed["grid"], packed["blocks"], packed["heads"]) == ([4, 5], 3, 2)
    np.testing.assert_allclose(packed["peak"], weights.max(axis=(2, 3)), rtol=5e-6)


def test_attention_bytes_are_the_ones_worked_out_by_hand():
    weights = np.array([[[[0.0, 0.1], [0.2, 0.4]]]], dtype=np.float32)
    packed = pack_attention(weights)
    assert unpack(packed["data"], 4).tolist() == [0, 64, 128, 255]  # 63.75, 127.5 (to even), 255
    assert packed["peak"] == [[0.4]]


def test_head_that_looks_at_no_patch_is_zeros(weights):
    packed = pack_attention(weights)
    assert packed["peak"][1][1] == 0.0
    assert (unpack(packed["data"], 3, 2, 4, 5)[1, 1] == 0).all()


def test_saliency_comes_back_within_one_step_of_its_peak():
    saliency = np.random.default_rng(1).random((4, 6)).astype(np.float32) * 0.03
    packed = pack_saliency(2, 7, saliency)
    assert (packed["exit"], packed["class"], packed["grid"]) == (2, 7, [4, 6])
    assert packed["peak"] == pytest.approx(saliency.max(), rel=5e-6)
    back = unpack(packed["data"], 4, 6) / 255 * packed["peak"]
    assert (np.abs(back - saliency) <= packed["peak"] / 255).all()


@pytest.mark.parametrize("value", [0.0, FLAT / 2])
def test_flat_map_has_peak_zero_and_no_colour(value):
    saliency = np.zeros((3, 3), dtype=np.float32)
    saliency[1, 1] = value
    packed = pack_saliency(0, 0, saliency)
    assert packed["peak"] == 0.0
    assert (unpack(packed["data"], 3, 3) == 0).all()


def test_map_just_above_flat_keeps_its_peak():
    saliency = np.zeros((3, 3), dtype=np.float32)
    saliency[1, 1] = 2 * FLAT
    packed = pack_saliency(0, 0, saliency)
    assert packed["peak"] == 2e-6
    assert unpack(packed["data"], 3, 3).tolist() == [[0, 0, 0], [0, 255, 0], [0, 0, 0]]


def test_packed_saliency_leaves_the_map_alone():
    saliency = np.full((2, 2), FLAT / 2, dtype=np.float32)
    pack_saliency(0, 0, saliency)
    assert (saliency == np.float32(FLAT / 2)).all()


def test_peaks_have_six_significant_digits():
    packed = pack_saliency(0, 0, np.full((1, 1), 1 / 3, dtype=np.float32))
    assert packed["peak"] == 0.333333


def test_json_gives_back_the_same_even_from_numpy_numbers(weights):
    for packed in (
        pack_attention(weights),
        pack_saliency(np.int64(1), np.int64(3), weights[0, 0]),  # type: ignore[arg-type]
    ):
        assert json.loads(json.dumps(packed, allow_nan=False)) == packed
