"""What the README promises in its front matter and commands is what the repository holds."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_spaces_gradio_is_the_required_one():
    wanted = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted is not None
    assert f"sdk_version: {wanted[1]}\n" in README


def test_the_front_matter_names_a_file_that_is_there():
    name = re.search(r"^app_file: (\S+)$", README, re.MULTILINE)
    assert name is not None
    assert (ROOT / name[1]).exists()


def test_continuous_integration_runs_the_readmes_test_command():
    assert "```bash\nbash tests/run\n```" in README
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec bash tests/run")


def test_no_placeholder_and_no_missing_picture_is_left():
    assert "@@" not in README
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).exists()
