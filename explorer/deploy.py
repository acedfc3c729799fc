"""python -m explorer deploy: put the page on a Hugging Face Space, as a Gradio app or as static files."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.model.bundle import ModelError
from explorer.model.catalog import ROOT, SHIPPED, find_model
from explorer.model.hub import MODEL_FILES, is_repo, refusal

# What a Space needs from the repository besides the named models: not the tests or the documentation.
_FILES = ("app.py", "README.md", "requirements.txt", "LICENSE")
_FOLDERS = ("explorer", "assets")
_LEFT_OUT = {"__pycache__", "node_modules"}


def deploy(
    repo_id: str,
    static: bool = False,
    models: Sequence[str] = (),
    private: bool = False,
    dry_run: bool = False,
) -> list[tuple[str, int]]:
    """Create the Space if there is none, and sync its files to what this page needs, in commits by the hub's client.

    The client sends large and binary files by Xet or LFS, which a plain git push would have to be set up for.

    Args:
        repo_id: "USER/NAME" of the Space.
        static: the edition without a server, `explorer.web.site`; needs npm.
        models: with `static`, the models of the site (the first one opens); else your own models to include.
        private: only for a Space that is created now.
        dry_run: only list what would be sent; sends nothing and needs no account.

    Returns:
        Path in the Space and bytes of every file, sorted.

    Raises:
        ValueError: a wrong name, a missing model or program, or a refusal by the hub; one plain sentence.
    """
    if not is_repo(repo_id):
        raise ValueError(f"'{repo_id}' is no name of a Space; write it as USER/NAME.")
    if not static:
        files = space_files(ROOT, models)
        if not dry_run:
            _send(repo_id, "gradio", ROOT, sorted(files), private)
        return _sizes(files)
    from explorer.web.site import build_site

    with TemporaryDirectory() as folder:
        out = Path(folder) / "site"
        build_site(out, models, repo_id)
        files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
        if not dry_run:
            _send(repo_id, "static", out, sorted(files), private)
        return _sizes(files)


def space_files(root: Path, models: Sequence[str] = ()) -> dict[str, Path]:
    """The files of the Gradio Space by their path in it. Raises `ModelError`."""
    paths = [root / name for name in _FILES if (root / name).is_file()]
    for folder in _FOLDERS:
        paths += [path for path in (root / folder).rglob("*") if path.is_file()]
    for name in models:
        own = find_model(name).resolve()
        if own.parent == SHIPPED:
            continue
        if not own.is_relative_to(root):
            raise ModelError(f"{own} lies outside this folder; put the model into checkpoints/ first.")
        paths += [path for pattern in MODEL_FILES for path in own.glob(pattern) if path.is_file()]
    files = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: path for name, path in files.items() if _wanted(name)}


def _wanted(name: str) -> bool:
    parts = name.split("/")
    return (
        not (_LEFT_OUT & set(parts))
        and not any(p.startswith(".") for p in parts)
        and not name.endswith(".pyi")
    )


def _sizes(files: dict[str, Path]) -> list[tuple[str, int]]:
    return [(name, path.stat().st_size) for name, path in sorted(files.items())]


def _send(repo_id: str, sdk: str, folder: Path, names: list[str], private: bool) -> None:
    from huggingface_hub import HfApi

    hub = HfApi()
    try:
        hub.create_repo(repo_id, repo_type="space", space_sdk=sdk, private=private or None, exist_ok=True)
        hub.upload_folder(
            repo_id=repo_id,
            repo_type="space",
            folder_path=folder,
            allow_patterns=[glob.escape(name) for name in names],
            delete_patterns=["*"],  # files of an earlier version that this one lacks
            commit_message="Exit Explorer",
        )
    except (
        Exception
    ) as error:  # the client raises many kinds: no account, no permission, no network, no space
        raise ValueError(f"{refusal(error)}: what has arrived is not sent twice.") from error
