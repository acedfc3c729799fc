"""What README, the documentation and the packaging promise is what the repository holds."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]


def test_the_spaces_gradio_is_the_required_one():
    wanted = re.search(r"^gradio\[mcp\]==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted is not None
    assert f"sdk_version: {wanted[1]}\n" in README


def test_the_front_matter_names_a_file_that_is_there():
    name = re.search(r"^app_file: (\S+)$", README, re.MULTILINE)
    assert name is not None
    assert (ROOT / name[1]).exists()
    assert re.search(r'^python_version: "3\.1[0-2]"$', README, re.MULTILINE)
    (short,) = re.findall(r"^short_description: (.*)$", README, re.MULTILINE)
    assert len(short) <= 60  # the hub cuts off what is longer


def test_readme_is_one_screen():
    assert len(README.split("---\n", 2)[2].splitlines()) <= 75


def test_continuous_integration_runs_the_readmes_test_command():
    assert "```bash\nbash tests/run\n```" in README
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec bash tests/run")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_that_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "@@" not in text
    for path in re.findall(r"\]\(([^)#\s]+)\)", text):
        if not path.startswith(("http://", "https://")):
            assert ((ROOT / page).parent / path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_shown_exists(page):
    from explorer.__main__ import app

    commands = {command.callback.__name__ for command in app.registered_commands}
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in re.findall(r"python -m explorer ([a-z]\w*)", text):
        assert name in commands, name


def test_the_image_holds_what_the_space_does():
    from explorer.deploy import _FILES, _FOLDERS

    copied = re.findall(r"^COPY (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    named = {word for line in copied for word in line.split()[:-1]}
    assert named == {*_FILES, *_FOLDERS}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == named
