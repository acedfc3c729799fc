"""Natural photographs out of Python packages, to measure on and never to train on.

    python -m explorer.train.photos.natural FOLDER

downloads the packages with pip, without installing them, and copies the photographs named here into FOLDER, beside
those that `explorer.train.photos.gcompris` writes. Nobody may pass them on from here: each has its own licence, and
Foolbox's are of ImageNet's validation set.
"""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

# By package: folder in it, and the names of the photographs, by `fnmatch`.
PHOTOS = {
    "scikit-image==0.26.0": (
        "skimage/data",
        "astronaut.png camera.png chelsea.png coffee.png motorcycle_left.png rocket.jpg",
    ),
    "scikit-learn==1.9.1": ("sklearn/datasets/images", "china.jpg flower.jpg"),
    "ultralytics==8.4.190": ("ultralytics/assets", "bus.jpg zidane.jpg"),
    "gradio==6.31.0": ("gradio/media_assets/images", "cheetah.jpg cheetah1.jpg lion.jpg tower.jpg"),
    "imgaug==0.4.0": ("imgaug", "quokka.jpg"),
    "foolbox==3.3.4": ("foolbox/data", "imagenet_*.jpg"),
}


def photographs(wheel: Path, folder: str, patterns: str) -> dict[str, bytes]:
    """The named files of a folder in a wheel, by name. Raises `FileNotFoundError` for a pattern without a file."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for pattern in patterns.split():
            names = fnmatch.filter(archive.namelist(), f"{folder}/{pattern}")
            if not names:
                raise FileNotFoundError(f"{wheel.name} holds no {folder}/{pattern}.")
            found |= {PurePosixPath(name).name: archive.read(name) for name in names}
    return found


def main(out: Path) -> None:
    """Download every package and write its photographs into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as wheels:
        for package, (folder, patterns) in PHOTOS.items():
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            subprocess.run([*pip, "--dest", wheels, package], check=True)
            wheel = next(Path(wheels).glob(f"{package.partition('==')[0].replace('-', '_')}-*.whl"))
            for name, data in photographs(wheel, folder, patterns).items():
                (out / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
