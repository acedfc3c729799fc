"""Which models there are: shipped in assets/models, your own in checkpoints, published on the hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from explorer.model.bundle import Model, ModelError, load_model_folder, read_config
from explorer.model.hub import fetch

ROOT = Path(__file__).resolve().parents[2]
IN_CHECKOUT = (ROOT / "assets" / "models").is_dir()
# When installed by pip, the assets are inside the package, your own models in the working directory.
ASSETS = ROOT / "assets" if IN_CHECKOUT else Path(__file__).resolve().parents[1] / "assets"
SHIPPED = ASSETS / "models"
YOURS = (ROOT if IN_CHECKOUT else Path.cwd()) / "checkpoints"
# The default of the page and the command line; a Space or a class can name another by the variable.
DEFAULT = os.environ.get("EXIT_EXPLORER_MODEL") or "photos"


@dataclass(frozen=True)
class Entry:
    """A model that can be loaded by name."""

    name: str
    title: str
    folder: Path
    source: str  # "shipped" or "yours"


def list_models(shipped: Path = SHIPPED, yours: Path = YOURS) -> list[Entry]:
    """The models on this machine, the default first.

    Left out: a folder that cannot be read, and one of yours under a shipped name, which `find_model` would not find.
    """
    entries: dict[str, Entry] = {}
    for root, source in ((shipped, "shipped"), (yours, "yours")):
        for path in sorted(root.glob("*/config.json")):
            try:
                config = read_config(path.parent)
            except ModelError:
                continue
            name = path.parent.name
            entries.setdefault(name, Entry(name, config["title"], path.parent, source))
    return sorted(entries.values(), key=lambda entry: entry.name != DEFAULT)


def is_here(name: object, shipped: Path = SHIPPED, yours: Path = YOURS) -> bool:
    """Whether `list_models` lists that name; reads no other model's folder."""
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        return False
    for home in (shipped, yours):
        try:
            if (home / name / "config.json").exists():
                read_config(home / name)
                return True
        except (ModelError, OSError):  # unreadable, or not a possible file name
            continue
    return False


def find_model(name: str, shipped: Path = SHIPPED, yours: Path = YOURS) -> Path:
    """The folder of a model named by its shipped or own name, by a path, or by a hub id `owner/name[@revision]`.

    A hub id is looked up on this machine first, then downloaded if there is a network. Raises `ModelError`
    with the available names.
    """
    for folder in (shipped / name, yours / name, Path(name)):
        if (folder / "config.json").exists():
            return folder
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return fetch(name)
    known = ", ".join(entry.name for entry in list_models(shipped, yours)) or "none"
    raise ModelError(f"There is no model '{name}'; there are: {known}.")


def named_here(name: str) -> str:
    """The name, if it is one of `list_models`: for names from a file, which must not start a download.

    Raises `ModelError`.
    """
    if not is_here(name):
        names = [entry.name for entry in list_models()]
        raise ModelError(
            f"There is no model '{name}' on this machine; name one of these: {', '.join(names)}."
        )
    return name


def load_model(name: str | Path = DEFAULT, device: str = "cpu") -> Model:
    """Load a model by name, path or hub id, ready to use. Raises `ModelError`, or `TypeError` for no name."""
    if not isinstance(name, str | Path):
        raise TypeError(f"a model is named by its name, folder or hub id, not by a {type(name).__name__}.")
    return load_model_folder(find_model(str(name)), device)
