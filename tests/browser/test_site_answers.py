"""The page without a server answers as Python does: decisions, probabilities, maps, at every grain."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.data.corruptions import corrupt
from explorer.explain.map import Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.grain import choose_grain
from explorer.model.catalog import ROOT
from explorer.pipeline import default_threshold, see, to_tensor
from explorer.rules import decide, rules_with
from explorer.rules.reading import at_grain
from explorer.trace import softmax
from explorer.web.analysis import page_trace
from explorer.web.pictures import data_uri
from explorer.web.site import MOST_BYTES, build_site
from tests.browser.site_hands import SHIRT, STORE, alike, ask, hosted, needs_npm, run_batch, upload, visiting

pytestmark = needs_npm


@pytest.fixture(scope="module")
def site(chromium, host):
    """One page for all of these: its network is started once."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    with visiting(context, host[0]) as page:
        yield page
    context.close()


def test_an_upload_gives_what_python_gives_under_every_rule_and_grain(site):
    upload(site)
    found = site.evaluate(f"{STORE}.rawTrace")
    model = explorer.load_model("fashion")
    expected = page_trace(model, explorer.analyse(model, explorer.read_image(SHIRT)))
    assert set(found["scores"]) == set(rules_with(model.network.addons))
    alike(found, expected)
    assert site.evaluate(f"{STORE}.example.note").startswith("Already a grey 28 x 28 picture on black")


def pictures_to_compare() -> list[Image.Image]:
    """200 random test images as the network is fed, and the examples."""
    sheet = np.asarray(Image.open(ROOT / "tests" / "data" / "garments-200.png"))  # by make_garments.py
    tiles = sheet.reshape(10, 28, 20, 28).transpose(0, 2, 1, 3).reshape(200, 28, 28)
    examples = [Image.open(path).convert("L") for path in sorted(SHIRT.parent.glob("*.png"))]
    return [*map(Image.fromarray, tiles), *examples]


LEAVE = """async (all) => {
  const found = [];
  for (const { uri, ...asked } of all) {
    const frame = await createImageBitmap(await (await fetch(uri)).blob());
    const answer = await window.ExitExplorer.server.live({ model: "fashion", frame, plain: false, ...asked });
    if (answer.error) return answer.error;
    const [{ label, probability }] = answer.prediction;
    found.push([answer.exit.index, label, answer.macs.used, probability]);
  }
  return found;
}"""


def test_examples_and_two_hundred_random_test_images_leave_where_python_lets_them_leave_and_say_the_same(
    site,
):
    model = explorer.load_model("fashion")
    pictures = pictures_to_compare()
    ways = [(rule, grain) for rule in rules_with(model.network.addons) for grain in ("classes", "kinds")]
    asked, expected = [None] * len(pictures), [None] * len(pictures)
    for i, (rule, name) in enumerate(ways):
        places = range(i, len(pictures), len(ways))
        grain = choose_grain(model.grains, name)
        limit = default_threshold(model, rule, grain)
        left_out = [4, 6] if i % 3 == 0 else []
        seen = [pictures[p].convert("RGB") for p in places]
        left = explorer.infer(model, seen, rule, limit, name, left_out)
        labels = (grain or model).labels
        for row, place in enumerate(places):
            uri = data_uri(pictures[place], "PNG")
            asked[place] = {
                "uri": uri,
                "rule": rule,
                "thresholds": limit,
                "grain": name,
                "left_out": left_out,
            }
            chances = softmax(left.logits[row])
            best = int(left.logits[row].argmax())
            expected[place] = [int(left.exit[row]), labels[best], int(left.macs[row]), float(chances[best])]
    found = site.evaluate(LEAVE, asked)
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    assert [row[3] for row in found] == pytest.approx([row[3] for row in expected], abs=1e-3)
    assert len({row[0] for row in found}) == 8  # exits that were left by


TRACES = """async (uris) => {
  const found = [];
  for (const picture of uris) {
    const { trace, error } = await window.ExitExplorer.server.analyse({ model: "fashion", picture });
    if (error) return error;
    const read = ({ scores, classes, predicted }) => ({ scores, labels: predicted.map((c) => classes[c].label) });
    found.push({ classes: read(trace), kinds: read(trace.readings.kinds) });
  }
  return found;
}"""


def test_every_exit_of_these_pictures_decides_under_every_rule_and_grain_as_in_python(site):
    model = explorer.load_model("fashion")
    pictures = pictures_to_compare()
    found = site.evaluate(TRACES, [data_uri(picture, "PNG") for picture in pictures])
    grains = {"classes": None, "kinds": choose_grain(model.grains, "kinds")}
    for picture, seen in zip(pictures, found, strict=True):
        whole = explorer.analyse(model, picture.convert("RGB"))
        for name, grain in grains.items():
            trace = whole if grain is None else at_grain(whole, grain, model.network.addons)
            labels = (grain or model).labels
            assert seen[name]["labels"] == [labels[logits.argmax()] for logits in trace.logits]
            assert set(seen[name]["scores"]) == set(trace.scores)
            for rule, scores in trace.scores.items():
                limit = default_threshold(model, rule, grain)
                theirs = np.array(seen[name]["scores"][rule], float)
                left = int(decide(scores, limit))
                assert int(decide(theirs, limit)) == left, (rule, name)
                until = slice(left + 1)  # behind the exit that fires, a gate divides what is left of nothing
                assert theirs[until] == pytest.approx(scores[until], abs=1e-3, nan_ok=True), (rule, name)


def test_attention_and_saliency_are_pythons_within_a_grey_level(site):
    upload(site)
    model = explorer.load_model("fashion")
    batch = to_tensor(model, see(model, explorer.read_image(SHIRT)).image)
    shelf = f"{STORE}.maps.get({{ method: 'attention' }}).map"
    pairs = [(site.evaluate(shelf), pack(explain("attention", model.network, batch, Target(0))))]
    saw = site.evaluate(f"{STORE}.example.saw")
    for exit_, target in ((0, (6,)), (3, (2,)), (1, (0, 2, 4, 6))):
        asked = {"model": "fashion", "saw": saw, "method": "grad-cam", "exit": exit_, "classes": list(target)}
        expected = pack(explain("grad-cam", model.network, batch, Target(exit_, target)))
        pairs.append((ask(site, "explain", asked)["map"], expected))
    rollout = explain("rollout", model.network, batch, Target(0))
    pairs.append((site.evaluate(f"{STORE}.maps.get({{ method: 'rollout' }}).map"), pack(rollout)))
    for asked, target in (
        ({"method": "attention", "patch": 12}, Target(0, patch=12)),
        ({"method": "rollout", "patch": 30}, Target(0, patch=30)),
        ({"method": "occlusion", "exit": 2, "classes": [1, 6]}, Target(2, (1, 6))),
        ({"method": "occlusion", "exit": 1, "classes": [6], "against": 0}, Target(1, (6,), against=0)),
    ):
        found = ask(site, "explain", {"model": "fashion", "saw": saw, **asked})["map"]
        expected = pack(explain(asked["method"], model.network, batch, target))
        assert (found["axes"], found["signed"], found["units"]) == (
            expected["axes"],
            expected["signed"],
            expected["units"],
        )
        pairs.append((found, expected))
    refused = ask(
        site, "explain", {"model": "fashion", "saw": saw, "method": "relevance", "exit": 0, "classes": [6]}
    )
    assert "needs the page with a server" in refused["error"]
    for found, expected in pairs:
        assert found["grid"] == expected["grid"]
        assert np.ravel(found["peak"]) == pytest.approx(np.ravel(expected["peak"]), abs=2e-3)
        bytes_found, bytes_expected = (
            np.frombuffer(b64decode(one["data"]), np.uint8).astype(int) for one in (found, expected)
        )
        assert np.abs(bytes_found - bytes_expected).max() <= 1


def test_stress_makes_pythons_pictures_and_jpeg_is_pillows_within_a_few_greys(site):
    saw = site.evaluate(f"{STORE}.example.saw")
    seen = Image.open(BytesIO(b64decode(saw.partition(",")[2])))
    found = ask(site, "stress", {"model": "fashion", "saw": saw, "corruption": "jpeg", "seed": 0})
    assert len(found["traces"]) == len(found["pictures"]) == 11
    for severity in (1, 5, 10):
        picture = Image.open(BytesIO(b64decode(found["pictures"][severity].partition(",")[2]))).convert("L")
        expected = corrupt(seen.convert("L"), "jpeg", severity)
        assert np.abs(np.asarray(picture, int) - np.asarray(expected, int)).mean() < 2


def test_the_photo_model_leaves_where_python_lets_it_leave_on_all_examples_and_loads_large_pieces_in_parts(
    context, tmp_path
):
    build_site(tmp_path / "some" / "path", ["photos"])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < MOST_BYTES
    paths = sorted((ROOT / "assets" / "examples" / "photos").glob("*.jpg"))
    with hosted(tmp_path) as (address, asked):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        name = page.evaluate(f"{STORE}.grain")
        rows = run_batch(page, paths, len(paths))
        assert any("/kept/photos/b04-2.onnx" in path for path in asked)
    model = explorer.load_model("photos")
    model.network.precision = torch.float32  # as in the browser, whatever is quicker on this processor
    grain = choose_grain(model.grains, name)
    assert grain.opens
    limit = default_threshold(model, "confidence", grain)
    left = explorer.infer(model, [explorer.read_image(path) for path in paths], "confidence", limit, name)
    assert [row["exit"]["index"] for row in rows] == left.exit.tolist()
    best = [row["prediction"][0] for row in rows]
    assert [one["label"] for one in best] == [grain.labels[logits.argmax()] for logits in left.logits]
    chances = softmax(left.logits).max(axis=-1)
    assert [one["probability"] for one in best] == pytest.approx(chances, abs=1e-3)
