"""What a network for photos sees of a picture."""

import numpy as np
import pytest
from PIL import Image

from explorer.data.photo import see_photo


def test_a_wide_picture_is_cropped_to_its_middle_square():
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 100:200] = (10, 200, 30)
    sight = see_photo(Image.fromarray(pixels))
    seen = np.asarray(sight.image)
    assert seen.shape == (224, 224, 3)
    assert (seen[:, 4:-4] == (10, 200, 30)).all()
    assert sight.note == "Cropped to its middle square and resized to 224 x 224 pixels."


def test_a_square_picture_is_only_resized():
    sight = see_photo(Image.new("RGB", (50, 50), (1, 2, 3)))
    assert sight.image.size == (224, 224)
    assert (np.asarray(sight.image) == (1, 2, 3)).all()
    assert sight.note == "Resized to 224 x 224 pixels."


def test_a_picture_of_the_networks_size_is_seen_as_it_is():
    image = Image.effect_noise((224, 224), 40).convert("RGB")
    sight = see_photo(image)
    assert np.array_equal(np.asarray(sight.image), np.asarray(image))
    assert sight.note == "Seen as it is."


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3, 2), (5000, 7)])
def test_any_shape_becomes_a_square(size):
    assert see_photo(Image.new("RGB", size)).image.size == (224, 224)
