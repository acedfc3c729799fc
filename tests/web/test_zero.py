"""@spaces.GPU stands only where `spaces` is, and what a lent card computes is what is computed here."""

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explorer.explain.map import Target
from explorer.explain.registry import explain
from explorer.model.bundle import load_model_folder
from explorer.web import zero


@pytest.fixture
def lending(monkeypatch):
    """A stand-in of the package `spaces`: what was decorated for how long, and what was called on the card."""
    seen = SimpleNamespace(decorated=[], called=[], fails=None)

    def gpu(duration):
        def decorate(work):
            seen.decorated.append((work.__name__, duration))

            def lent(*asked):
                seen.called.append(asked[:2])
                if seen.fails:
                    raise seen.fails
                return work(*asked)

            return lent

        return decorate

    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=gpu))
    yield seen, importlib.reload(zero)
    monkeypatch.undo()
    importlib.reload(zero)


@pytest.fixture(scope="module")
def tiny(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


PICTURE, TARGET = torch.linspace(-1, 1, 784).view(1, 1, 28, 28), Target(1, (3,))


def test_without_the_package_nothing_is_decorated():
    def work():
        pass

    assert "spaces" not in sys.modules
    assert zero.on_a_lent_card(work) is work


@pytest.mark.parametrize("fails", [None, RuntimeError("GPU quota exceeded")], ids=["lent", "none left"])
def test_explanations_of_many_passes_are_lent_a_card_and_others_not(lending, tiny, monkeypatch, fails):
    seen, module = lending
    assert seen.decorated == [("_explain_there", module.SECONDS)]
    seen.fails = fails
    module.explain_for(tiny, "occlusion", PICTURE, TARGET)
    assert seen.called == []  # the package alone does not make it ZeroGPU
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    for method in ("occlusion", "grad-cam"):
        found = module.explain_for(tiny, method, PICTURE, TARGET)
        np.testing.assert_array_equal(found.values, explain(method, tiny.network, PICTURE, TARGET).values)
    assert seen.called == [("tiny", "occlusion")]


def test_a_question_that_cannot_be_answered_is_not_asked_twice(lending, tiny, monkeypatch):
    seen, module = lending
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    with pytest.raises(ValueError, match="There is no such class"):
        module.explain_for(tiny, "occlusion", PICTURE, Target(1, (99,)))
    assert len(seen.called) == 1
