"""Live in the browser's own network: films, cameras that are there, refused, missing or pulled out."""

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer.bench.browser import CHROMIUM_ARGS, find_chromium
from tests.browser.site_hands import MINUTE, SHIRT, STORE, needs_npm

pytestmark = needs_npm

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


@pytest.fixture(scope="module")
def with_camera(chromium, tmp_path_factory):
    """A Chromium whose camera films the shirt, grey on black, 64 x 48 pixels at 10 frames a second."""
    picture = Image.new("L", (64, 48))
    picture.paste(Image.open(SHIRT).convert("L"), (18, 10))
    grey = np.full(64 * 48 // 2, 128, np.uint8).tobytes()
    film = tmp_path_factory.mktemp("camera") / "shirt.y4m"
    frame = b"FRAME\n" + picture.tobytes() + grey
    film.write_bytes(b"YUV4MPEG2 W64 H48 F10:1 Ip A1:1 C420jpeg\n" + 5 * frame)
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    found = chromium.browser_type.launch(executable_path=find_chromium(), args=[*CHROMIUM_ARGS, *camera])
    yield found
    found.close()


def open_live(chromium, host, permissions):
    context = chromium.new_context(permissions=permissions)
    page = context.new_page()
    page.goto(host[0])
    page.wait_for_function(f"{STORE}?.trace")
    page.evaluate(f"{STORE}.setTab('live')")
    page.evaluate("""() => {
      const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (asked) => (window.stream = await own(asked));
    }""")
    page.get_by_role("button", name="Use the camera").click()
    return context, page


def test_a_camera_s_frames_run_here_until_it_is_pulled_out_and_again_until_the_page_is_hidden(
    with_camera, host
):
    context, page = open_live(with_camera, host, ["camera"])
    page.wait_for_function(f"{LIVE}.history.length >= 3 || {LIVE}.message", timeout=2 * MINUTE)
    assert page.evaluate(f"{LIVE}.message") is None
    assert page.evaluate(f"[{LIVE}.canvas.width, {LIVE}.canvas.height]") == [64, 48]
    assert page.evaluate(f"{LIVE}.frame.runs.kind") == "wasm"
    assert page.locator("live-view .runs").inner_text().startswith("Computed on this device’s processor")
    page.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    page.wait_for_function(f"!{LIVE}.running")
    assert page.locator("live-view [role=alert]").inner_text().startswith("The camera is gone; plug it in")
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_function(f"{LIVE}.history.length >= 1 && {LIVE}.running", timeout=MINUTE)
    page.evaluate("""() => {
      Object.defineProperty(document, 'hidden', { get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    }""")
    page.wait_for_function(f"!{LIVE}.running")
    assert page.evaluate("window.stream.getTracks().every((track) => track.readyState === 'ended')")
    context.close()


def test_a_camera_that_is_not_allowed_gets_its_sentence(with_camera, host):
    context, page = open_live(with_camera, host, [])
    page.wait_for_function(f"{LIVE}.message", timeout=MINUTE)
    assert page.locator("live-view [role=alert]").inner_text().startswith("Camera access was denied")
    context.close()


def test_on_a_phone_the_ladder_stands_below_the_picture_and_above_the_controls(site):
    site.set_viewport_size({"width": 390, "height": 844})
    site.evaluate(f"{STORE}.setTab('live')")
    site.wait_for_selector("live-ladder li")
    view, ladder, rule, strip = (
        site.locator(f"#ee-tab-live {name}").bounding_box()["y"]
        for name in ("live-view", "live-ladder", "rule-controls", "live-strip")
    )
    assert view < ladder < rule < strip
