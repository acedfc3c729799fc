"""Deploying: the dry run lists what goes, what goes arrives, and what is no longer there is deleted."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.deploy import deploy, space_files
from explorer.model.catalog import ROOT
from tests.data.hub import taking_hub

# The whole command, of a folder that stands for the repository: the real one would take the test a minute.
SCRIPT = """
import pathlib, sys
from explorer import deploy
deploy.ROOT = pathlib.Path(sys.argv.pop())
from explorer.__main__ import app
app()
"""


@pytest.fixture
def repository(tmp_path):
    contents = {
        "app.py": b"page",
        "README.md": b"---\nsdk: gradio\n---\n",
        "explorer/page.py": b"x = 1\n",
        "explorer/__pycache__/page.pyc": b"no",
        "explorer/page.pyi": b"no",
        "tests/test.py": b"no",
        "assets/models/[odd] name.json": b"{}",
        "assets/models/big.safetensors": bytes(range(256)) * 8000,
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path, {name: content for name, content in contents.items() if content != b"no"}


def called(hub, repository, *arguments):
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub,
        "HF_TOKEN": "hf_of_nobody",
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-c", SCRIPT, "deploy", "someone/space", *arguments, str(repository)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_dry_run_lists_what_a_space_needs_and_asks_nobody(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    result = CliRunner().invoke(app, ["deploy", "someone/space", "--dry-run"])
    assert result.exit_code == 0
    *lines, last = result.stdout.splitlines()
    listed = {line.split(None, 1)[1]: int(line.split()[0].replace(",", "")) for line in lines}
    needed = {
        "app.py",
        "README.md",
        "requirements.txt",
        "LICENSE",
        "explorer/web/page.py",
        "explorer/web/page.css",
    }
    assert needed <= set(listed)
    assert listed["app.py"] == (ROOT / "app.py").stat().st_size
    assert any(name.startswith("assets/models/photos/") for name in listed)
    assert not [
        n for n in listed if n.startswith(("tests/", "docs/", "checkpoints/", ".")) or "__pycache__" in n
    ]
    assert last == f"{len(listed)} files, {sum(listed.values()) / 1e6:.1f} MB would go to someone/space."


def test_every_module_that_the_page_imports_goes_along():
    import explorer.web.page  # noqa: F401

    imported = {
        Path(module.__file__).relative_to(ROOT).as_posix()
        for name, module in sys.modules.items()
        # Other tests put rules of their own among the modules, from folders of theirs.
        if name.startswith("explorer") and Path(getattr(module, "__file__", None) or "/").is_relative_to(ROOT)
    }
    assert imported <= set(space_files(ROOT))


def test_what_goes_arrives_large_files_by_lfs_and_what_is_gone_is_deleted(repository):
    folder, expected = repository
    with taking_hub() as (address, taken):
        taken.files = {"explorer/old.py": b"", ".gitattributes": b"kept"}
        result = called(address, folder)
        assert (result.returncode, result.stderr) == (0, "")
        assert taken.files == {**expected, ".gitattributes": b"kept"}
        assert taken.by_lfs == {"assets/models/big.safetensors"}
        (made,) = taken.created
        assert (made["name"], made["organization"], made["type"], made["sdk"]) == (
            "space",
            "someone",
            "space",
            "gradio",
        )
        assert result.stdout == "5 files, 2.0 MB are on the Space someone/space.\n"


def test_a_hub_that_refuses_is_one_sentence(repository):
    with taking_hub() as (address, taken):
        taken.refuse = True
        result = called(address, repository[0])
    assert result.returncode == 2
    assert result.stderr.startswith("error: The hub did not take it (")
    assert result.stderr.count("\n") == 1
    assert "hf auth login" in result.stderr


@pytest.mark.parametrize("name", ["space", "a/b/c", "../x", "a/", "https://x/y"])
def test_what_is_no_name_of_a_space_is_refused(name):
    with pytest.raises(ValueError, match="write it as USER/NAME"):
        deploy(name, dry_run=True)


def test_a_model_of_ones_own_goes_along_and_an_unknown_one_is_said(tiny_model_folder):
    with pytest.raises(ValueError, match="There is no model 'none'"):
        deploy("a/b", models=["none"], dry_run=True)
    with pytest.raises(ValueError, match="put the model into checkpoints/ first"):
        deploy("a/b", models=[str(tiny_model_folder)], dry_run=True)
    root = tiny_model_folder.parent.resolve()
    own = {
        name
        for name in space_files(root, [str(tiny_model_folder)])
        if name.startswith(tiny_model_folder.name)
    }
    assert f"{tiny_model_folder.name}/config.json" in own
    assert any(name.endswith(".safetensors") for name in own)


def test_github_publishes_by_the_commands_that_the_documentation_names():
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())["jobs"]["publish"][
        "steps"
    ]
    section = (ROOT / "docs" / "deploy.md").read_text().split("### GitHub Pages\n")[1].split("\n##")[0]
    shown = section.split("```bash\n")[1].split("```")[0].splitlines()
    assert [step["run"] for step in steps if "run" in step] == shown
    given = {step["uses"].split("@")[0]: step.get("with", {}) for step in steps if "uses" in step}
    versions = given["actions/setup-python"]["python-version"], given["actions/setup-node"]["node-version"]
    assert "Python {} and Node.js {}".format(*versions) in section
    assert shown[-1].split()[4] == given["actions/upload-pages-artifact"]["path"]
    assert given["actions/upload-pages-artifact"]["include-hidden-files"] is True  # .nojekyll
    used = set(re.findall(r"-r (\S+)", shown[0]))
    assert used == {"requirements.txt", "requirements-site.txt"}
    assert all((ROOT / name).exists() for name in used)
