"""python -m explorer push: push a model folder to the Hugging Face hub, with a card that the hub can read."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub import HfApi, ModelCard, SpaceCard

from explorer.model.bundle import ModelError, read_config, read_labels
from explorer.model.card import TAGS
from explorer.model.hub import MODEL_FILES, is_repo, refusal
from explorer.model.verify import verify

_USE = """
## Use it

```bash
exit-explorer classify picture.jpg --model {repo}
```

```python
import explorer

model = explorer.load_model("{repo}")  # or "{repo}@REVISION"
trace = explorer.analyse(model, "picture.jpg")
```
"""


def push(
    folder: Path, repo: str, private: bool = False, revision: str | None = None, space: str | None = None
) -> str:
    """Create the repository if there is none, and sync its files to the model folder's, in one commit. Returns its id.

    Args:
        folder: checked first, as `verify` does; only what a model folder holds is sent.
        repo: "USER/NAME" of the model.
        private: only for a repository that is created now.
        revision: a branch, created if there is none; else the main one.
        space: "USER/NAME" of a Space that shows the model: its README names it, so that the hub links the two.

    Raises:
        ModelError: a wrong name, a faulty folder, or a refusal by the hub; one plain sentence.
    """
    for name in (repo, space):
        if name is not None and not is_repo(name):
            raise ModelError(f"'{name}' is no name on the hub; write it as USER/NAME.")
    for _ in verify(folder):
        pass
    hub = HfApi()
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        for path in model_files(folder):
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, home / path)
        (home / "README.md").write_text(card_text(folder, repo), encoding="utf-8")
        try:
            hub.create_repo(repo, private=private or None, exist_ok=True)
            if revision is not None:
                hub.create_branch(repo, branch=revision, exist_ok=True)
            commit = hub.upload_folder(
                repo_id=repo,
                folder_path=home,
                revision=revision,
                delete_patterns=["*"],  # files of an earlier version that this one lacks
                commit_message=f"{read_config(folder)['title']}, by Exit Explorer",
            )
            if space is not None:
                _name_in_space(hub, space, repo)
        except (
            Exception
        ) as error:  # the client raises many kinds: no account, no permission, no network, no space
            raise ModelError(f"{refusal(error)}.") from error
    return commit.oid


def model_files(folder: Path) -> list[Path]:
    """The files in a folder that make up the model, as paths in it."""
    found: Iterable[Path] = (path for pattern in MODEL_FILES for path in folder.glob(pattern))
    return sorted({path.relative_to(folder) for path in found if path.is_file()})


def card_text(folder: Path, repo: str) -> str:
    """The folder's README.md with what the hub reads in front, and how to use the model at the end."""
    own = folder / "README.md"
    text = own.read_text(encoding="utf-8-sig") if own.exists() else _plain_card(folder)
    card = ModelCard(text, ignore_metadata_errors=True)
    facts: Any = card.data  # the front matter, with whatever entries it has
    facts.library_name = facts.get("library_name") or "timm"
    facts.pipeline_tag = facts.get("pipeline_tag") or "image-classification"
    facts.tags = list(dict.fromkeys([*(facts.get("tags") or []), *TAGS]))
    use = "" if f'load_model("{repo}")' in card.content else _USE.format(repo=repo)
    return f"{str(card).rstrip()}\n{use}"


def _plain_card(folder: Path) -> str:
    config = read_config(folder)
    exits = ", ".join(str(spec["block"]) for spec in config["exits"])
    return f"# {config['title']}\n\nExits behind blocks {exits}; {len(read_labels(folder))} classes.\n"


def _name_in_space(hub: HfApi, space: str, repo: str) -> None:
    """Add the model to the `models` of a Space's README."""
    card = SpaceCard.load(space)
    models = list(card.data.models or [])
    if repo in models:
        return
    card.data.models = [*models, repo]
    hub.upload_file(
        path_or_fileobj=str(card).encode(),
        path_in_repo="README.md",
        repo_id=space,
        repo_type="space",
        commit_message=f"Shows {repo}",
    )
