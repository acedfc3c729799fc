"""Batches that a seed alone decides, and what augmentation does to an image."""

import numpy as np
import pytest
import torch

from explorer.data.fashion import Split
from explorer.train.batches import MIRRORED, PAD, Batches, normalise

COUNT, SIZE = 22, 5


@pytest.fixture
def split():
    """Images of noise; an image's label is its index, so a batch says which images it holds."""
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28), dtype=np.uint8)
    return Split(images, np.arange(COUNT))


@pytest.fixture
def batches(split):
    return Batches(split, SIZE, seed=7, mean=0.25, std=0.5)


def pixels(images):
    """A batch's images as bytes again, (N, 28, 28)."""
    return torch.round((images[:, 0] * 0.5 + 0.25) * 255).to(torch.uint8).numpy()


def variants(image):
    """All that augmentation may make of an image: pixels -> (dy, dx, mirrored)."""
    padded, made = np.pad(image, PAD), {}
    for y in range(2 * PAD + 1):
        for x in range(2 * PAD + 1):
            shifted = padded[y : y + 28, x : x + 28]
            made[shifted.tobytes()] = (y, x, False)
            made[shifted[:, ::-1].tobytes()] = (y, x, True)
    return made


def test_a_batch_is_normalised_images_and_labels(batches):
    images, labels = batches.batch(0, 0)
    assert images.shape == (SIZE, 1, 28, 28)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert images.min() == -0.5  # a black pixel: (0 - 0.25) / 0.5
    assert images.max() <= 1.5


def test_normalise_by_hand():
    values = normalise(torch.tensor([0, 51, 255], dtype=torch.uint8), 0.2, 0.5)
    torch.testing.assert_close(values, torch.tensor([-0.4, 0.0, 1.6]))


def test_the_same_step_is_the_same_batch_whatever_was_asked_before(split, batches):
    first = batches.batch(1, 6)
    for step in (0, 9, 3):
        batches.batch(0, step)
    again, other = batches.batch(1, 6), Batches(split, SIZE, seed=7, mean=0.25, std=0.5).batch(1, 6)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[0], other[0])
    assert torch.equal(first[1], other[1])


@pytest.mark.parametrize(("stage", "step", "seed"), [(0, 6, 7), (1, 7, 7), (1, 6, 8)])
def test_another_stage_step_or_seed_is_another_batch(split, batches, stage, step, seed):
    other = Batches(split, SIZE, seed, 0.25, 0.5).batch(stage, step)
    assert not torch.equal(batches.batch(1, 6)[1], other[1])


def test_every_image_comes_once_per_pass_and_the_ragged_rest_is_dropped(batches):
    assert batches.per_pass == 4
    orders = []
    for epoch in range(3):
        steps = range(epoch * 4, epoch * 4 + 4)
        orders.append(np.concatenate([batches.batch(0, step)[1] for step in steps]).tolist())
        assert len(set(orders[-1])) == 20
    assert orders[0] != orders[1] != orders[2]


def test_images_are_shifted_and_mirrored_and_nothing_else(split, batches):
    known = [variants(image) for image in split.images]
    seen = []
    for step in range(200):
        images, labels = batches.batch(0, step)
        seen += [known[label][image.tobytes()] for image, label in zip(pixels(images), labels, strict=True)]
    shifts = range(-PAD, PAD + 1)
    assert {(y - PAD, x - PAD) for y, x, _ in seen} == {(y, x) for y in shifts for x in shifts}
    assert np.mean([mirrored for *_, mirrored in seen]) == pytest.approx(MIRRORED, abs=0.04)


def test_the_same_image_is_augmented_anew_in_every_pass(batches):
    looks = {}
    for step in range(12):
        for image, label in zip(*batches.batch(0, step), strict=True):
            looks.setdefault(int(label), set()).add(image.numpy().tobytes())
    assert max(len(versions) for versions in looks.values()) > 1
