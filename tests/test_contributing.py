"""The rule in CONTRIBUTING.md, put where it says, is found and decides as it says."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import explorer.rules
from explorer.model.bundle import load_model_folder
from explorer.rules import RULES, decide, get_rule
from explorer.rules.registry import find_rules

ROOT = Path(__file__).parents[1]


@pytest.fixture
def followed(tmp_path):
    """The rules with the example among them, for the time of a test."""
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "margin_example.py").write_text(code, encoding="utf-8")
    explorer.rules.__path__.append(str(tmp_path))
    find_rules()
    yield
    explorer.rules.__path__.remove(str(tmp_path))
    sys.modules.pop("explorer.rules.margin_example", None)
    find_rules()


def test_the_rule_that_is_shown_works_as_it_stands(followed, tiny_model_folder):
    assert "margin-example" in RULES
    network = load_model_folder(tiny_model_folder).network
    images = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    traces = network.analyse(images)
    best = np.sort(traces.probabilities, axis=-1)
    scores = traces.scores["margin-example"]
    np.testing.assert_allclose(scores, best[..., -1] - best[..., -2], atol=1e-6)
    threshold = float(np.median(scores[:, 0]))
    expected = [int(decide(row, threshold)) for row in scores]
    assert len(set(expected)) > 1
    assert network.infer(images, get_rule("margin-example"), threshold).exit.tolist() == expected
