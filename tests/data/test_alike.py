"""Near copies of a photograph have nearly its fingerprint, other photographs have not."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from explorer.data.alike import ALIKE, fingerprint, nearest


def photograph(seed):
    """Smooth blobs with some noise, 200 x 150."""
    rng = np.random.default_rng(seed)
    blobs = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(
        (200, 150), Image.Resampling.BICUBIC
    )
    return Image.fromarray(
        np.clip(np.asarray(blobs, np.int16) + rng.normal(0, 4, (150, 200, 3)), 0, 255).astype(np.uint8)
    )


def recompressed(image):
    file = BytesIO()
    image.save(file, "JPEG", quality=60)
    return Image.open(file)


def test_a_fingerprint_says_which_places_are_brighter_than_their_left_neighbours():
    rising = np.tile(np.arange(17, dtype=np.uint8) * 10, (16, 1))
    assert np.bitwise_count(fingerprint(Image.fromarray(rising))).sum() == 256
    assert np.bitwise_count(fingerprint(Image.fromarray(rising[:, ::-1].copy()))).sum() == 0
    rising[3, 5:] = 0  # of row 3 only the first four steps rise
    assert np.bitwise_count(fingerprint(Image.fromarray(rising))).sum() == 256 - 12


@pytest.mark.parametrize(
    "copied",
    [lambda i: i.resize((90, 70)), recompressed, lambda i: ImageEnhance.Brightness(i).enhance(0.7)],
    ids=["smaller", "recompressed", "darker"],
)
def test_copies_are_alike_and_other_photographs_are_not(copied):
    images = [photograph(seed) for seed in range(20)]
    prints = np.stack([fingerprint(image) for image in images])
    assert nearest(np.stack([fingerprint(copied(image)) for image in images]), prints).max() <= ALIKE
    others = np.stack([fingerprint(photograph(100 + seed)) for seed in range(20)])
    assert nearest(others, prints).min() > 4 * ALIKE
    assert nearest(prints, prints[:0]).tolist() == [256] * 20
