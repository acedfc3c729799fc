"""Installed by pip, the package runs from anywhere: its command, its import, and README's Python example as written."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment with the package in it, and the folder to run in. Dependencies are those of this one."""
    home = tmp_path_factory.mktemp("installed")
    source = home / "source"
    # A copy of what is under version control: building leaves files behind.
    source.mkdir()
    for name in ("explorer", "assets"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    for name in ("pyproject.toml", "setup.py", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    venv.create(home / "env", with_pip=False)
    (packages,) = (home / "env" / "lib").glob("python*/site-packages")
    (packages / "these.pth").write_text(sysconfig.get_path("purelib") + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(home / "env" / "bin" / "python"), "install"]
    done = subprocess.run(
        [*command, "--no-deps", "--no-build-isolation", "--ignore-installed", "--no-compile", str(source)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    return home / "env" / "bin", elsewhere


def ran(command, folder):
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_lists_the_models_that_came_along(installed):
    programs, elsewhere = installed
    listed = ran([programs / "exit-explorer", "models"], elsewhere)
    assert "photos" in listed
    assert "fashion" in listed
    assert "shipped" in listed


def test_readmes_example_runs_as_written_from_another_folder(installed):
    programs, elsewhere = installed
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (picture,) = re.findall(r'"(assets/[^"]+)"', example)
    (elsewhere / picture).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / picture, elsewhere / picture)
    also = f"""
import numpy as np
from PIL import Image
from pathlib import Path

path = "{picture}"
image = Image.open(path)
for same in (Path(path), image, np.asarray(image)):
    again = explorer.analyse(model, same)
    assert np.allclose(again.logits, trace.logits, atol=1e-5), type(same)
print(Path(explorer.__file__).is_relative_to("{programs.parent}"))
print(model.labels[trace.predicted[-1]])
"""
    said = ran([programs / "python", "-c", example + also], elsewhere)
    assert said.splitlines() == ["True", "Bag"]
