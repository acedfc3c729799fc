"""Folders as `train --data`, `wrap` and `convert` leave them answer on both hosts in Chromium as in Python."""

import shutil

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from playwright.sync_api import expect
from safetensors.torch import save_file
from typer.testing import CliRunner

import explorer
from explorer.__main__ import app
from explorer.model import catalog
from explorer.model.bundle import load_model_folder
from explorer.web.analysis import page_trace
from explorer.web.site import build_site
from tests.browser.hands import EXPLORE_UPLOAD, painted
from tests.browser.site_hands import MINUTE, STORE, alike, hosted, needs_npm
from tests.data import rederived
from tests.web.serving import serving

CAT = catalog.ROOT / "assets" / "examples" / "photos" / "cheetah.jpg"
COLOURS = {"a <b>": (20, 40, 200), "green": (30, 180, 40), "red": (200, 10, 10)}


def run(*options):
    done = CliRunner().invoke(app, list(map(str, options)))
    assert done.exit_code == 0, done.output


def train(work, out):
    """From pictures of three colours; one exit a block, solved in no pass."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (work / "pictures" / name).mkdir(parents=True)
        for i in range(20):
            pixels = np.clip(np.array(colour) + rng.normal(0, 40, (20, 26, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(work / "pictures" / name / f"{i}.png")
    run(
        "train", "--data", work / "pictures", "--backbone", "test_vit", "--scratch", "--size", 32,
        "--recipe", "lgvit", "--passes", 0, "--batch", 8, "--out", out,
    )  # fmt: skip


def wrap(work, out):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = timm.create_model("test_vit", num_classes=3)
    state = {name: tensor.half().float() for name, tensor in network.state_dict().items()}
    save_file(state, work / "mine.safetensors")
    (work / "labels.txt").write_text("\n".join(COLOURS))
    run(
        "wrap", "test_vit", "-o", out, "--weights", work / "mine.safetensors", "--labels", work / "labels.txt"
    )


def convert(work, out):
    """A Swin, as the authors publish one: the converted folder that is least like the shipped ones."""
    weights = rederived.Random()
    rederived.swin(weights, torch.zeros(1, 3, 64, 64))
    theirs = rederived.publish(work / "theirs", rederived.SWIN, weights.state)
    run("convert", "lgvit-official", theirs, out)


KINDS = {
    "trained": pytest.param(
        train, marks=pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")
    ),
    "wrapped": wrap,
    "converted": convert,
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def made(request, tmp_path_factory):
    """A folder of that kind, under a name that no test before has seen."""
    work = tmp_path_factory.mktemp("work")
    name = f"own-{request.param.__name__}"
    request.param(work, work / name)
    return work / name


def upload_and_compare(page, folder):
    """The picture is uploaded where the model is open; what the page then knows of it is what Python says."""
    before = page.evaluate(f"{STORE}.example?.id")
    page.set_input_files(EXPLORE_UPLOAD, str(CAT))
    page.wait_for_function(
        f"(id) => !{STORE}.busy && {STORE}.example?.id !== id || {STORE}.message", arg=before, timeout=MINUTE
    )
    assert page.evaluate(f"{STORE}.message") is None
    model = load_model_folder(folder)
    expected = page_trace(model, explorer.analyse(model, explorer.read_image(CAT)))
    alike(page.evaluate(f"{STORE}.rawTrace"), expected)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server that was started before any of these folders was made, and its `checkpoints`."""
    yours = tmp_path_factory.mktemp("checkpoints")
    with pytest.MonkeyPatch.context() as patch:
        for function in (catalog.list_models, catalog.find_model, catalog.is_here):
            patch.setattr(function, "__defaults__", (catalog.SHIPPED, yours))
        with serving() as client:
            yield str(client.base_url), yours


def test_the_running_page_lists_it_and_answers_as_python(context, running, made):
    address, yours = running
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=MINUTE)
    page.locator("model-facts summary").click()
    row = page.locator("model-facts").get_by_role("button", name=f"(yours: {made.name})")
    assert row.count() == 0
    shutil.copytree(made, yours / made.name)
    page.reload()
    page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=MINUTE)
    page.locator("model-facts summary").click()
    row.click()
    page.wait_for_function(
        f"(name) => {STORE}.model === name && !{STORE}.busy", arg=made.name, timeout=MINUTE
    )
    expect(page.locator("#ee-model input")).to_have_value(
        f"{load_model_folder(made).title} (yours: {made.name})"
    )
    painted(page)
    upload_and_compare(page, made)


@needs_npm
def test_a_site_is_built_of_it_and_answers_in_the_browser_as_python(context, made, tmp_path, monkeypatch):
    monkeypatch.chdir(made.parent)
    build_site(tmp_path / "some" / "path", [made.name])
    with hosted(tmp_path) as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"window.ExitExplorer?.store?.model && !{STORE}.busy", timeout=MINUTE)
        painted(page)
        upload_and_compare(page, made)
        assert page.evaluate(f"{STORE}.methods.filter((one) => one.here !== false).length") > 2
