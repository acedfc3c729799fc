"""From a picture to a trace, and the library's face."""

import doctest
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer import rules
from explorer.model.bundle import InputSpec, ModelError, load_model_folder
from explorer.pipeline import analyse, default_threshold, infer, see, to_image, to_tensor
from explorer.rules import decide, rules_with


@pytest.fixture(scope="module")
def model(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


def garment(seed: int) -> Image.Image:
    """Noise with a black border, which the garment's sight leaves as it is."""
    pixels = np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = 0
    return Image.fromarray(pixels)


def test_grey_pixels_become_one_normalised_channel(model):
    grey = replace(model, input=InputSpec("garment", (0.2,), (0.5,)))
    tensor = to_tensor(grey, np.array([[0, 51], [102, 255]], np.uint8))
    torch.testing.assert_close(tensor, torch.tensor([[[[-0.4, 0.0], [0.4, 1.6]]]]))
    assert tensor.dtype == torch.float32


def test_each_colour_has_its_own_mean_and_deviation(model):
    colours = replace(model, input=InputSpec("garment", (0.0, 0.2, 1.0), (1.0, 0.5, 2.0)))
    tensor = to_tensor(colours, Image.new("RGB", (3, 2), (255, 51, 0)))
    assert tensor.shape == (1, 3, 2, 3)
    torch.testing.assert_close(tensor[0, :, 0, 0], torch.tensor([1.0, 0.0, -0.5]))


def test_analyse_runs_what_the_network_sees(model):
    image = garment(0)
    trace = analyse(model, image.convert("RGB"))
    assert trace.logits.shape == (5, 10)
    expected = model.network.analyse(to_tensor(model, np.asarray(image))).logits[0]
    np.testing.assert_array_equal(trace.logits, expected)


def test_infer_takes_the_models_threshold_else_the_rules_unless_told_otherwise(model):
    images = [garment(seed) for seed in range(6)]
    traces = [analyse(model, image) for image in images]
    assert default_threshold(model, "confidence") == 0.7
    assert default_threshold(model, "patience") == 3
    for rule, given, used in (
        ("confidence", None, 0.7),
        ("patience", None, 3),
        ("patience", [9, 2, 2, 2], None),
    ):
        limits = given if used is None else used
        expected = [int(decide(trace.scores[rule], limits)) for trace in traces]
        assert infer(model, images, rule, given).exit.tolist() == expected
    with pytest.raises(ValueError, match="there is no exit rule 'luck'"):
        infer(model, images, "luck")


def test_a_trace_holds_every_rules_scores(model):
    trace = analyse(model, garment(0))
    assert list(trace.scores) == list(rules_with(model.network.addons))


def test_an_unknown_sight_is_refused_with_those_there_are(model):
    other = replace(model, name="m", input=InputSpec("radar", (0.0,), (1.0,)))
    with pytest.raises(ModelError, match="m needs the sight 'radar'; there are: garment"):
        see(other, garment(0))


def test_every_name_of_the_library_is_there():
    for name in explorer.__all__:
        assert getattr(explorer, name).__name__ == name if name != "RULES" else explorer.RULES is rules.RULES
    with pytest.raises(AttributeError, match="module 'explorer' has no attribute 'guess'"):
        explorer.guess  # noqa: B018


@pytest.mark.parametrize("module", ["explorer", "explorer.trace", "explorer.rules", "explorer.__main__"])
def test_light_modules_stay_light(module):
    check = (
        f"import sys, {module}; print([m for m in ('torch', 'timm', 'gradio', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_nothing_below_the_page_imports_gradio():
    check = (
        "import sys, explorer.classify, explorer.evaluate.command, explorer.train.command, "
        "explorer.explain.registry as r; r.methods(); print('gradio' in sys.modules, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(
    "given",
    [
        lambda path, _: path,
        lambda path, _: str(path),
        lambda path, _: path.read_bytes(),
        lambda _, image: image.convert("RGB"),
        lambda _, image: image,
        lambda _, image: image.convert("RGBA"),
        lambda _, image: np.asarray(image),
        lambda _, image: np.asarray(image)[..., None],
        lambda _, image: np.asarray(image.convert("RGB")),
        lambda _, image: np.asarray(image.convert("RGBA")),
    ],
)
def test_a_picture_may_be_given_in_any_form(model, tmp_path, given):
    image = garment(0)
    image.save(tmp_path / "a.png")
    expected = analyse(model, image.convert("RGB")).logits
    picture = given(tmp_path / "a.png", image)
    np.testing.assert_array_equal(analyse(model, picture).logits, expected)
    assert infer(model, [picture, picture], "patience").exit.shape == (2,)


def test_transparency_lies_on_white():
    clear = np.zeros((2, 2, 4), np.uint8)
    assert to_image(clear).getextrema() == ((255, 255),) * 3
    assert to_image(Image.new("RGBA", (1, 1), (0, 0, 0, 51))).getpixel((0, 0)) == (204, 204, 204)


@pytest.mark.parametrize(
    ("picture", "kind", "said"),
    [
        (np.zeros((3, 28, 28), np.uint8), ValueError, r"this one is uint8 of shape \(3, 28, 28\)"),
        (np.zeros((28, 28)), ValueError, r"this one is float64 of shape \(28, 28\)"),
        (np.zeros((0, 28), np.uint8), ValueError, "must be uint8 of shape"),
        ("missing.png", ValueError, "There is no image file missing.png"),
        ([1, 2], TypeError, "a picture is a PIL image, an array or a path, not a list"),
        (None, TypeError, "not a NoneType"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(model, picture, kind, said):
    with pytest.raises(kind, match=said):
        analyse(model, picture)


@pytest.mark.parametrize(
    "images", [[], (), "a.png", Image.new("L", (9, 9)), np.zeros((9, 9, 3), np.uint8), iter(["a.png"])]
)
def test_infer_wants_a_list_of_at_least_one(model, images):
    with pytest.raises(ValueError, match="a list of at least one picture"):
        infer(model, images, "confidence")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda model, image: analyse(image, model), "a model, as load_model gives it, not a Image."),
        (lambda _, image: infer("fashion", [image]), "a model, as load_model gives it, not a str."),
        (lambda model, image: decide(analyse(model, image), 0.5), "the scores of one rule, .* not a Trace."),
        (lambda *_: decide(0.5, 0.5), "the scores of all exits, not a single number."),
        (lambda *_: decide([0.1, 1], "0.5"), "a threshold is a number, .* not a str."),
        (lambda *_: decide([0.1, 1], None), "a threshold is a number, .* not a NoneType."),
        (
            lambda model, image: infer(model, [image], thresholds={}),
            "a threshold is a number, .* not a dict.",
        ),
        (lambda *_: explorer.load_model(None), "by its name, folder or hub id, not by a NoneType."),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(model, ask, said):
    with pytest.raises(TypeError, match=said):
        ask(model, Image.new("L", (9, 9)))


def test_a_model_is_named_by_a_path_too(tiny_model_folder):
    assert explorer.load_model(tiny_model_folder).name == "tiny"
    assert "load_model" in dir(explorer)


def test_the_first_example_of_the_documentation_runs(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    assert doctest.testmod(explorer) == (0, 6)
