"""A model folder goes onto the hub and comes back by id and revision, through the hub's own client."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.model.push import card_text, model_files
from tests.data.model_hub import model_hub

ROOT = Path(__file__).parents[2]
REPO, SPACE = "someone/garments", "someone/show"
# The client reads its settings when it is imported: it lives in a process of its own, one for all steps.
SCRIPT = """
import sys
from pathlib import Path
from typer.testing import CliRunner
from explorer.__main__ import app
from explorer.model.catalog import load_model

first, second, repo, space, cache = sys.argv[1:]
for folder, *options in ((first, "--space", space), (second, "--revision", "next")):
    done = CliRunner().invoke(app, ["push", folder, repo, *options])
    assert done.exit_code == 0, done.output
    print(done.stdout.strip())
commit = done.stdout.strip().partition("@")[2]
for name in (repo, f"{repo}@next", f"{repo}@{commit}"):
    model = load_model(name)
    print(name, model.title, model.folder.joinpath("grains.json").exists())
shard = next(Path(cache).rglob("snapshots/*/exits.safetensors"))
shard.unlink()  # as a download that was cut off leaves it
print(load_model(repo).title)
try:
    load_model(f"{repo}@never")
except ValueError as error:
    print(error)
"""


@pytest.fixture
def folders(tiny_model_folder, tmp_path):
    """Two versions of a model, one with things that do not belong to it lying about."""
    first, second = (shutil.copytree(tiny_model_folder, tmp_path / name) for name in ("first", "second"))
    (first / "run").mkdir()
    (first / "run" / "last.pt").write_bytes(b"not for others")
    (first / "setup.py").write_text("raise SystemExit")
    (first / "grains.json").write_text("[]")
    (first / "README.md").write_text("---\nlicense: mit\ntags:\n- garments\n---\n\n# Mine <b>\n")
    config = json.loads((second / "config.json").read_text()) | {"title": "Tiny, next"}
    (second / "config.json").write_text(json.dumps(config))
    return first, second


def test_what_is_pushed_comes_back_by_id_branch_and_commit(folders, tmp_path):
    cache = tmp_path / "cache"
    with model_hub() as (address, kept):
        kept.make(f"spaces/{SPACE}", {"README.md": b"---\nsdk: gradio\nmodels:\n- a/b\n---\n\n# Show\n"})
        environment = {
            **os.environ,
            "HF_ENDPOINT": address,
            "HF_TOKEN": "hf_of_nobody",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_CACHE": str(cache),
            "HF_ASSETS_CACHE": str(tmp_path / "assets"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = [sys.executable, "-c", SCRIPT, *map(str, folders), REPO, SPACE, str(cache)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    heads = kept.branches[REPO]
    assert done.stdout.splitlines() == [
        f"{REPO}@{heads['main']}",
        f"{REPO}@{heads['next']}",
        f"{REPO} Tiny True",
        f"{REPO}@next Tiny, next False",
        f"{REPO}@{heads['next']} Tiny, next False",
        "Tiny",
        f"The model '{REPO}' at 'never' is not on this machine and the hub did not give it; "
        "check its name and the network.",
    ]
    sent = kept.commits[REPO][heads["main"]]
    assert set(sent) == {
        "README.md", "backbone.safetensors", "config.json", "exits.safetensors", "grains.json", "labels.txt",
    }  # fmt: skip
    assert "grains.json" not in kept.commits[REPO][heads["next"]]  # what a version has not is deleted
    assert sent["exits.safetensors"] == (folders[0] / "exits.safetensors").read_bytes()
    card = sent["README.md"].decode()
    assert card.startswith("---\n")
    for line in ("license: mit", "- garments", "- early-exit", "- exit-explorer", "library_name: timm"):
        assert f"\n{line}\n" in card
    assert f'explorer.load_model("{REPO}")' in card
    space = kept.commits[f"spaces/{SPACE}"][kept.branches[f"spaces/{SPACE}"]["main"]]["README.md"].decode()
    assert f"models:\n- a/b\n- {REPO}\n" in space


def test_a_folder_without_a_card_gets_a_plain_one(tiny_model_folder):
    text = card_text(tiny_model_folder, REPO)
    assert "# Tiny\n\nExits behind blocks 2, 3, 4, 5; 10 classes." in text
    assert "pipeline_tag: image-classification" in text


def test_a_faulty_folder_and_a_wrong_name_are_not_sent(tiny_model_folder, tmp_path):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    (folder / "exits.safetensors").write_bytes(b"other")
    for arguments, sentence in (
        ((folder, REPO), "is not the file its config names"),
        ((folder, "garments"), "'garments' is no name on the hub; write it as USER/NAME."),
    ):
        refused = CliRunner().invoke(app, ["push", *map(str, arguments)])
        assert (refused.exit_code, sentence in refused.stderr) == (2, True), refused.output


def test_only_what_a_model_folder_holds_is_the_model(folders):
    assert Path("setup.py") not in model_files(folders[0])
    assert not any("run" in path.parts for path in model_files(folders[0]))
