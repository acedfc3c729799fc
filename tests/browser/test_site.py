"""The page without a server: it answers as Python does, keeps pictures on the device, and works offline."""

import re
import shutil
import threading
from base64 import b64decode
from contextlib import contextmanager
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer.data.corruptions import corrupt
from explorer.evaluate.gallery import read_gallery
from explorer.explain.map import Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain
from explorer.model.bundle import ModelError
from explorer.model.catalog import ROOT, find_model
from explorer.pipeline import see, to_tensor
from explorer.web.plain_server import file_server
from explorer.web.site import MOST_BYTES, build_site

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="the site's runtime comes from npm")

MINUTE = 60_000
STORE = "window.ExitExplorer.store"
SHIRT = ROOT / "assets" / "examples" / "fashion" / "shirt-117.png"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A site of the smallest model, under a path of its own as on a project's page."""
    root = tmp_path_factory.mktemp("host")
    build_site(root / "some" / "path", ["fashion"])
    return root


@contextmanager
def hosted(root, isolated=True):
    server, asked = file_server(root, isolated=isolated)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/some/path/", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def host(built):
    with hosted(built) as found:
        yield found


@pytest.fixture
def context(chromium):
    found = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield found
    found.close()


@pytest.fixture
def site(context, host):
    """The site in a browser that has not seen it yet; page errors and requests to other hosts fail the test."""
    page = context.new_page()
    errors, requests = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(host[0])
    page.wait_for_function(f"{STORE}?.trace")
    yield page
    assert errors == []
    assert [url for url in requests if not url.startswith((host[0], "data:", "blob:"))] == []


def upload(page, path=SHIRT):
    before = page.evaluate(f"{STORE}.example.id")
    page.set_input_files("[data-slot=picture] input", str(path))
    page.wait_for_function(
        f"(id) => {STORE}.example.id !== id || {STORE}.message", arg=before, timeout=MINUTE
    )
    assert page.evaluate(f"{STORE}.message") is None


def ask(page, name, question):
    return page.evaluate("([name, question]) => window.ExitExplorer.server[name](question)", [name, question])


def test_an_upload_gives_what_python_gives(site):
    upload(site)
    found = site.evaluate(f"{STORE}.trace")
    model = explorer.load_model("fashion")
    trace = explorer.analyse(model, explorer.read_image(SHIRT))
    for rule in ("confidence", "entropy", "patience"):
        assert found["scores"][rule] == pytest.approx(trace.scores[rule].tolist(), abs=1e-3)
    assert found["macs"] == trace.macs.tolist()
    answers = [found["classes"][place]["index"] for place in found["predicted"]]
    assert answers == trace.predicted.tolist()
    assert site.evaluate(f"{STORE}.example.note").startswith("Already a grey 28 x 28 picture on black")
    assert site.evaluate(f"{STORE}.maps.get({{ method: 'attention' }}).map.data.length") == 4 * -(
        -12 * 2 * 49 // 3
    )


def pictures_to_compare() -> list[Image.Image]:
    """200 pictures as the network is fed: those that ship with it, also mirrored, moved and turned upside down."""
    gallery = read_gallery(find_model("fashion"))
    shipped = [gallery.picture(place).convert("L") for place in range(len(gallery.indices))]
    shipped += [Image.open(path).convert("L") for path in sorted(SHIRT.parent.glob("*.png"))]
    pixels = [np.asarray(picture) for picture in shipped]
    changed = [
        *pixels,
        *(p[:, ::-1] for p in pixels),
        *(np.roll(p, 2, 1) for p in pixels),
        *(p[::-1] for p in pixels),
    ]
    return [Image.fromarray(np.ascontiguousarray(p)) for p in changed[:200]]


def run_batch(page, paths, count):
    page.evaluate(f"{STORE}.setTab('batch')")
    page.set_input_files("[data-slot=files] input", [str(path) for path in paths])
    page.wait_for_function(
        "(count) => { const { batch } = document.querySelector('batch-controls');"
        " return batch.message || (batch.rows.length === count && !batch.running); }",
        arg=count,
        timeout=3 * MINUTE,
    )
    assert page.evaluate("document.querySelector('batch-controls').batch.message") is None
    return page.evaluate("document.querySelector('batch-controls').batch.rows")


def test_two_hundred_pictures_of_a_zip_leave_where_python_lets_them_leave_and_say_the_same(site, tmp_path):
    model, pictures = explorer.load_model("fashion"), pictures_to_compare()
    with ZipFile(tmp_path / "all.zip", "w", ZIP_DEFLATED) as archive:
        for i, picture in enumerate(pictures):
            picture.save(tmp_path / "one.png")
            archive.write(tmp_path / "one.png", f"{i:03}.png")
    rows = run_batch(site, [tmp_path / "all.zip"], 200)
    left = explorer.infer(model, [picture.convert("RGB") for picture in pictures], "confidence")
    assert [row["image"] for row in rows] == [f"all.zip/{i:03}.png" for i in range(200)]
    assert [row["exit"]["index"] for row in rows] == left.exit.tolist()
    answers = [model.labels[c] for c in left.logits.argmax(axis=1)]
    assert [row["prediction"][0]["label"] for row in rows] == answers
    assert len({row["exit"]["index"] for row in rows}) == 9  # every exit was left by


def test_a_pass_that_stops_loads_no_piece_behind_its_exit(site, host):
    site.evaluate(f"{STORE}.setThresholds(0)")
    host[1].clear()
    (row,) = run_batch(site, [SHIRT], 1)
    assert row["exit"]["block"] == 4
    heads = {path.split("/")[-1].split("-")[0] for path in host[1] if "/kept/fashion/h" in path}
    assert heads == {"h04"}


def test_attention_and_saliency_are_pythons_within_a_grey_level(site):
    upload(site)
    model = explorer.load_model("fashion")
    batch = to_tensor(model, see(model, explorer.read_image(SHIRT)).image)
    shelf = f"{STORE}.maps.get({{ method: 'attention' }}).map"
    pairs = [(site.evaluate(shelf), pack(explain("attention", model.network, batch, Target(0))))]
    saw = site.evaluate(f"{STORE}.example.saw")
    for exit_, target in ((0, 6), (3, 2)):
        asked = {"model": "fashion", "saw": saw, "method": "grad-cam", "exit": exit_, "classes": [target]}
        expected = pack(explain("grad-cam", model.network, batch, Target(exit_, (target,))))
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


@pytest.mark.parametrize("isolated", [True, False])
def test_it_answers_with_and_without_the_headers_that_allow_threads(built, context, isolated):
    with hosted(built, isolated) as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        assert page.evaluate("crossOriginIsolated") is isolated
        upload(page)


def test_a_second_visit_fetches_nothing_and_the_page_opens_and_computes_offline(context, built):
    with hosted(built) as (address, asked):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        page.wait_for_function("navigator.serviceWorker.controller")
        upload(page)
        asked.clear()
        page.goto(f"{address}?threshold=0.3")
        page.wait_for_function(f"{STORE}?.trace")
        upload(page)
        assert [path for path in asked if not path.endswith("/sw.js")] == []
    context.set_offline(True)
    page.reload()
    page.wait_for_function(f"{STORE}?.trace")
    assert page.evaluate(f"{STORE}.thresholds") == 0.3
    upload(page)


def test_a_damaged_piece_is_refused_in_one_sentence(context, built, tmp_path):
    shutil.copytree(built, tmp_path / "host")
    piece = tmp_path / "host" / "some" / "path" / "kept" / "fashion" / "h06-1.onnx"
    data = bytearray(piece.read_bytes())
    data[len(data) // 2] ^= 1
    piece.write_bytes(data)
    with hosted(tmp_path / "host") as (address, _):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        page.set_input_files("[data-slot=picture] input", str(SHIRT))
        page.wait_for_function(f"{STORE}.message", timeout=MINUTE)
        assert page.evaluate(f"{STORE}.message").endswith("came damaged and was refused; reload the page.")


def test_a_link_brings_back_rule_threshold_example_and_tab(context, host):
    page = context.new_page()
    page.goto(f"{host[0]}?rule=entropy&threshold=0.5&example=shirt-117&tab=tune&lang=de")
    page.wait_for_function(f"{STORE}?.trace")
    found = page.evaluate(
        f"(() => {{ const s = {STORE}; return [s.rule, s.thresholds, s.example.id, s.tab]; }})()"
    )
    assert found == ["entropy", 0.5, "shirt-117", "tune"]
    words = page.locator("[data-slot=picture]").inner_text
    page.evaluate(f"{STORE}.setTab('explore')")
    page.wait_for_function("document.querySelector('[data-slot=picture]').innerText.includes('diesem Gerät')")
    assert "diesem Gerät" in words()


LIVE = "document.querySelector('live-view').live"


def test_live_plays_the_examples_through_the_network_and_stops_when_it_is_out_of_sight(site):
    site.evaluate(f"{STORE}.setTab('live')")
    site.get_by_role("button", name="Play the examples").click()
    site.wait_for_function(f"{LIVE}.history.length >= 12 && {LIVE}.rates", timeout=2 * MINUTE)
    rates = site.evaluate(f"{LIVE}.rates")
    assert rates["macsFull"] == explorer.load_model("fashion").network.macs_full
    assert rates["macs"] < rates["macsFull"]
    site.evaluate(f"{STORE}.setThresholds(0)")
    seen = site.evaluate(f"{LIVE}.history.length")
    site.wait_for_function(f"(seen) => {LIVE}.history.length > seen + 2", arg=seen, timeout=MINUTE)
    assert site.evaluate(f"{LIVE}.history.at(-1).block") == 4
    assert site.locator("live-ladder li[data-state=left] .block").inner_text() == "4"
    site.evaluate(f"{STORE}.setTab('tune')")
    site.wait_for_function(f"!{LIVE}.running")


def test_live_without_a_camera_says_so_in_one_sentence(site):
    site.evaluate(f"{STORE}.setTab('live')")
    site.get_by_role("button", name="Use the camera").click()
    site.wait_for_function(f"{LIVE}.message", timeout=MINUTE)
    assert site.locator("live-view [role=alert]").inner_text().startswith("There is no camera on this device")


@pytest.mark.parametrize(
    ("tab", "shows"),
    [
        ("compare", "compare-differences"),
        ("tune", "tune-summary"),
        ("learn", "lesson-page"),
        ("about", "model-evaluation"),
    ],
)
def test_tabs_that_need_no_network_load_none(site, host, tab, shows):
    host[1].clear()
    site.evaluate(f"{STORE}.setTab('{tab}')")
    site.wait_for_function(
        f"document.querySelector('{shows}').shadowRoot.textContent.match(/\\d/)", timeout=MINUTE
    )
    assert [path for path in host[1] if "/kept/" in path] == []


def test_the_photo_model_leaves_where_python_lets_it_leave_and_loads_its_large_pieces_in_parts(
    context, tmp_path
):
    build_site(tmp_path / "some" / "path", ["photos"])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < MOST_BYTES
    pictures = sorted((ROOT / "assets" / "examples" / "photos").glob("*.jpg"))[:2]
    model = explorer.load_model("photos")
    with hosted(tmp_path) as (address, asked):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{STORE}?.trace")
        rows = run_batch(page, pictures, 2)
        assert any("/kept/photos/b04-2.onnx" in path for path in asked)
    for row, path in zip(rows, pictures, strict=True):
        left = explorer.infer(model, [explorer.read_image(path)], "confidence")
        assert row["exit"]["index"] == left.exit[0]
        logits = left.logits[0].astype(float)
        assert row["prediction"][0]["label"] == model.labels[logits.argmax()]
        surest = 1 / np.exp(logits - logits.max()).sum()
        assert row["prediction"][0]["probability"] == pytest.approx(surest, abs=1e-3)


def test_every_file_is_small_and_every_link_within_the_page_is_relative(built):
    files = [path for path in built.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < MOST_BYTES
    home = built / "some" / "path"
    assert (home / ".nojekyll").exists()
    front = (home / "README.md").read_text().split("---")[1]
    assert "sdk: static" in front
    assert "cross-origin-embedder-policy: require-corp" in front
    page = (home / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="(?:/|https?:)', page)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ModelError, match="holds other files"):
        build_site(tmp_path, ["fashion"])
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_without_npm_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ModelError, match=r"install Node\.js with npm first"):
        build_site(tmp_path / "out", ["fashion"])
