"""The network sees what the camera sees: its picture is not mirrored on the way."""

import numpy as np
import pytest

from explorer.bench.browser import CHROMIUM_ARGS, find_chromium
from tests.browser.hands import painted

WIDTH, HEIGHT = 320, 240
LEFT, RIGHT = 220, 40  # luminance
SHOWN = "() => !window.ExitExplorer.store.busy && window.ExitExplorer.store.example?.id?.startsWith('upload')"
# Mean luminance of the left and of the right half of what the visitor is shown.
HALVES = """async () => {
  const image = new Image();
  image.src = window.ExitExplorer.store.example.image;
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 2, height: 1 });
  canvas.getContext("2d").drawImage(image, 0, 0, 2, 1);
  const { data } = canvas.getContext("2d").getImageData(0, 0, 2, 1);
  return [data[0], data[4]];
}"""


@pytest.fixture
def camera(chromium, address, tmp_path):
    """The page in a Chromium whose camera films a wall that is light on its left and dark on its right."""
    film = tmp_path / "wall.y4m"
    light = np.full((HEIGHT, WIDTH), RIGHT, np.uint8)
    light[:, : WIDTH // 2] = LEFT
    grey = np.full(HEIGHT * WIDTH // 2, 128, np.uint8)  # both chroma planes, 4:2:0
    frame = b"FRAME\n" + light.tobytes() + grey.tobytes()
    film.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n".encode() + frame * 10)
    devices = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    films = chromium.browser_type.launch(
        executable_path=find_chromium(),
        args=[*CHROMIUM_ARGS, *devices, f"--use-file-for-fake-video-capture={film}"],
    )
    page = films.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera"]).new_page()
    page.goto(address)
    page.wait_for_function("window.ExitExplorer?.store?.trace", timeout=120_000)
    painted(page)
    yield page
    films.close()


def test_a_picture_of_the_camera_arrives_as_the_camera_saw_it(camera):
    upload = camera.locator("#ee-tab-explore .ee-upload")
    upload.get_by_label("Capture from camera").click()
    prompt = upload.get_by_text("Click to Access Webcam")
    asked, buttons = prompt.bounding_box(), upload.get_by_label("Capture from camera").bounding_box()
    assert asked["y"] + asked["height"] <= buttons["y"]  # nothing lies under anything
    prompt.click()
    camera.wait_for_function("document.querySelector('#ee-tab-explore .ee-upload video')?.videoWidth > 0")
    upload.get_by_label("capture photo").click()
    camera.wait_for_function(SHOWN, timeout=60_000)
    left, right = camera.evaluate(HALVES)
    assert left > 180
    assert right < 80
