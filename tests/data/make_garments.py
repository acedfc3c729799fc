"""Draws 200 of Fashion-MNIST's test images (MIT licence) at random, as one picture: tests/data/garments-200.png."""

from pathlib import Path

import numpy as np
from PIL import Image

from explorer.data.fashion import load_fashion

if __name__ == "__main__":
    places = np.sort(np.random.default_rng(200).choice(10_000, 200, replace=False))
    tiles = load_fashion()["test"].images[places].reshape(10, 20, 28, 28)
    sheet = Image.fromarray(tiles.transpose(0, 2, 1, 3).reshape(280, 560))
    sheet.save(Path(__file__).with_name("garments-200.png"), optimize=True)
