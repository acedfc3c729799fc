"""Your own models as a page without a server: a folder as training leaves it, and a wrapped one of timm's."""

import shutil

import pytest
import timm
import torch
from safetensors.torch import save_file

import explorer
from explorer.model.catalog import ROOT
from explorer.model.wrap import wrap
from explorer.web.analysis import page_trace
from explorer.web.site import build_site
from tests.browser.site_hands import MINUTE, SHIRT, STORE, alike, hosted, needs_npm, upload

pytestmark = needs_npm

CAT = ROOT / "assets" / "examples" / "photos" / "cheetah.jpg"


@pytest.fixture
def own(tiny_model_folder, tmp_path, monkeypatch):
    """A folder with two models without examples, gallery or evaluation of their own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = timm.create_model("test_vit", num_classes=3)
    save_file(
        {name: tensor.half().float() for name, tensor in network.state_dict().items()}, "mine.safetensors"
    )
    (tmp_path / "labels.txt").write_text("a <b>\nb\nc\n")
    wrap("test_vit", tmp_path / "wrapped", tmp_path / "mine.safetensors", tmp_path / "labels.txt")


@pytest.mark.usefixtures("own")
def test_a_trained_and_a_wrapped_folder_answer_in_the_browser_as_in_python(context, tmp_path):
    build_site(tmp_path / "some" / "path", ["tiny", "wrapped"])
    with hosted(tmp_path) as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        for name, path in (("tiny", SHIRT), ("wrapped", CAT)):
            page.select_option("#ee-model", name)
            page.wait_for_function(
                f"(name) => {STORE}.model === name && !{STORE}.busy", arg=name, timeout=MINUTE
            )
            upload(page, path)
            model = explorer.load_model(name)
            found = page.evaluate(f"{STORE}.rawTrace")
            alike(found, page_trace(model, explorer.analyse(model, explorer.read_image(path))))
        assert page.evaluate(f"{STORE}.methods.filter((one) => one.here !== false).length") > 2
