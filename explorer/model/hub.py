"""Models published on the hub: fetching one, and which of those the page offers are there to be had."""

from __future__ import annotations

import time
from pathlib import Path

from huggingface_hub import HfApi, cached_assets_path, snapshot_download

from explorer.model.bundle import ModelError
from explorer.model.convert import convert_lgvit, is_lgvit

# The page offers these by id, apart from its own: the one published LGViT whose layout we know (a ViT's).
PUBLISHED = {"FALcon6/LGViT-ViT-Cifar100": "LGViT on ViT-B/16 for CIFAR-100, by the authors of LGViT"}
PATIENCE = 3  # seconds for the hub to answer whether it has a model
ASKED_AGAIN = 600  # seconds after which the hub is asked anew
# Only what a model folder holds is fetched, never code.
_OURS = ["config.json", "labels.txt", "*.safetensors", "README.md", "evaluation.npz", "training.json"]
_THEIRS = ["preprocessor_config.json", "pytorch_model*.bin", "*.index.json"]

_answered: dict[str, tuple[float, bool]] = {}


def fetch(repo: str) -> Path:
    """The model folder of a hub id: from this machine's cache, else downloaded. Raises `ModelError`, one sentence.

    One in the LGViT authors' layout is converted once, and kept where the hub's client keeps what libraries derive.
    """
    try:
        converted = _converted(repo)
    except OSError as error:
        raise ModelError(
            "The folder for downloaded models cannot be written to; name another by the variable HF_HOME."
        ) from error
    if (converted / "config.json").exists():
        return converted
    folder = snapshot(repo)
    if not is_lgvit(folder):
        return folder
    return convert_lgvit(folder, converted, PUBLISHED.get(repo, f"{repo}, converted"))


def _converted(repo: str) -> Path:
    return cached_assets_path("exit-explorer", namespace=repo, subfolder="converted")


def snapshot(repo: str, revision: str | None = None) -> Path:
    """What a hub id holds, as it is published, at a branch, tag or commit. Raises `ModelError`, one sentence."""
    for here in (True, False):
        try:
            return Path(
                snapshot_download(
                    repo, revision=revision, allow_patterns=[*_OURS, *_THEIRS], local_files_only=here
                )
            )
        except Exception as error:  # the hub's client raises many kinds, all meaning the same here
            reason = error
    raise ModelError(
        f"The model '{repo}' is not on this machine and the hub did not give it; "
        "check its name and the network."
    ) from reason


def reachable() -> list[str]:
    """Those of PUBLISHED that were fetched before or that the hub has; the others are left out, without an error."""
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
