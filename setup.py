"""What pyproject.toml cannot say: the models and examples in assets/ are installed inside the package."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

ASSETS = ["assets", *(str(path) for path in Path("assets").rglob("*") if path.is_dir())]
# assets/models/photos is installed as explorer/assets/models/photos.
INSIDE = {f"explorer.{'.'.join(Path(folder).parts)}": folder for folder in ASSETS}

setup(
    packages=[*find_namespace_packages(include=["explorer", "explorer.*"]), *INSIDE],
    package_dir=INSIDE,
    package_data={"": ["*"]},
)
