"""Models published on the hub: fetching one, and which of those the page offers are available."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from threading import Lock

from huggingface_hub import HfApi, cached_assets_path, snapshot_download

from explorer.model.bundle import ModelError
from explorer.model.convert import convert_lgvit, is_lgvit

# The page offers these by id, apart from its own: the one published LGViT whose layout we know (a ViT's).
PUBLISHED = {"FALcon6/LGViT-ViT-Cifar100": "LGViT on ViT-B/16 for CIFAR-100, by the authors of LGViT"}
PATIENCE = 3  # seconds for the hub to answer whether it has a model
ASKED_AGAIN = 600  # seconds after which the hub is asked again
# All that a model folder holds, and all that is fetched and sent: never code.
MODEL_FILES = (
    "*.json", "labels.txt", "*.safetensors", "evaluation.npz", "conformal.npz", "README.md", "addons/*.safetensors",
    "gallery*", "*.svg",
)  # fmt: skip
_THEIRS = ["preprocessor_config.json", "pytorch_model*.bin", "*.index.json"]

_answered: dict[str, tuple[float, bool]] = {}
# By model: two visitors who choose the same must not convert it into one folder at the same time.
_fetching: dict[str, Lock] = {}


def is_repo(name: str) -> bool:
    """Whether that is a hub id, owner/name."""
    return re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name) is not None


def refusal(error: Exception) -> str:
    """Why the hub did not take what was sent, in a sentence: the client raises many kinds of error."""
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return f"The hub did not take it ({reason}); log in by `hf auth login`, check the name and try again"


def fetch(name: str) -> Path:
    """The model folder of a hub id, `owner/name` or `owner/name@revision` (a branch, tag or commit).

    From this machine's cache, else downloaded. One in the LGViT authors' layout is converted once, and kept in the
    hub client's cache for derived files. Raises `ModelError`, one sentence.
    """
    with _fetching.setdefault(name, Lock()):
        return _fetch(*name.partition("@")[::2])


def _fetch(repo: str, revision: str) -> Path:
    try:
        converted = _converted(repo, revision)
    except OSError as error:
        raise ModelError(
            "The folder for downloaded models cannot be written to; name another by the variable HF_HOME."
        ) from error
    if (converted / "config.json").exists():
        return converted
    folder = snapshot(repo, revision or None)
    if not is_lgvit(folder):
        return folder
    return convert_lgvit(folder, converted, PUBLISHED.get(repo, f"{repo}, converted"))


def _converted(repo: str, revision: str = "") -> Path:
    kept = f"converted-{revision}" if revision else "converted"
    return cached_assets_path("exit-explorer", namespace=repo, subfolder=kept)


def _whole(folder: Path) -> bool:
    """Whether all files that a config names are there: an interrupted download lacks some."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = config.get("weights")
    except (OSError, ValueError, AttributeError):
        return False
    if not isinstance(weights, dict):
        return True  # another layout, which names no files
    addons = [f"addons/{Path(name).name}.safetensors" for name in config.get("addons") or ()]
    grains = ["grains.json"] if config.get("grains") else []
    needed = ["labels.txt", *grains, *(Path(name).name for name in weights), *addons]
    return all((folder / name).is_file() for name in needed)


def snapshot(repo: str, revision: str | None = None) -> Path:
    """What a hub id holds, as it is published, at a branch, tag or commit. Raises `ModelError`, one sentence."""
    reason: Exception | None = None
    for here in (True, False):
        try:
            folder = Path(
                snapshot_download(
                    repo, revision=revision, allow_patterns=[*MODEL_FILES, *_THEIRS], local_files_only=here
                )
            )
            if _whole(folder) or not here:
                return folder
        except Exception as error:  # the hub's client raises many kinds, all meaning the same here
            reason = error
    at = f" at '{revision}'" if revision else ""
    raise ModelError(
        f"The model '{repo}'{at} is not on this machine and the hub did not give it; "
        "check its name and the network."
    ) from reason


def reachable() -> list[str]:
    """Those of PUBLISHED that were fetched before or that the hub has; others are left out without an error."""
    return [repo for repo in PUBLISHED if _kept(repo) or _hub_has(repo)]


def _kept(repo: str) -> bool:
    try:
        return (_converted(repo) / "config.json").exists()
    except OSError:  # the folder cannot be written to, or the disk is full
        return False


def _hub_has(repo: str) -> bool:
    when, known = _answered.get(repo, (-ASKED_AGAIN, False))
    if time.monotonic() - when < ASKED_AGAIN:
        return known
    try:
        HfApi().model_info(repo, timeout=PATIENCE)
        known = True
    except Exception:  # as above; offline mode, no network, a time-out, a repository that is gone
        known = False
    _answered[repo] = (time.monotonic(), known)
    return known
