"""Bench of an upload: how soon its ladder stands, beside what the network itself takes for the image."""

from __future__ import annotations

from io import BytesIO
from statistics import median

from PIL import Image

from explorer.bench.browser import browser, served
from explorer.bench.network import example_paths

UPLOADS = 12

# When an upload's answer has been painted, in milliseconds of the page's own clock, as its resource timings are.
_WATCH = """() => {
  window.stood = [];
  window.ExitExplorer.store.subscribe((changed) => {
    if (!changed.has("trace")) return;
    requestAnimationFrame(() => setTimeout(() => window.stood.push(performance.now())));
  });
}"""
# From the end of the last upload to that paint, and the network's own pass through all exits.
_TAKEN = """() => {
  const sent = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/upload"));
  return [window.stood.at(-1) - sent.at(-1).responseEnd, window.ExitExplorer.store.trace.ms.at(-1)];
}"""


def _file(picture: Image.Image, number: int) -> dict[str, object]:
    """The picture with one pixel changed: the page keeps answers, so the same file again would cost no pass at all."""
    own = picture.convert("RGB")
    own.putpixel((0, 0), (number, number, number))
    buffer = BytesIO()
    own.save(buffer, "PNG")
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def upload(model: str) -> list[tuple[str, str, str]]:
    """From the end of an upload to its ladder on the screen, in times of the network's own pass over that image."""
    path = example_paths(model)[0]
    picture = Image.open(path)
    waits, passes = [], []
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function(f"window.ExitExplorer?.store?.trace?.model === '{model}'", timeout=120_000)
        page.evaluate(_WATCH)
        for number in range(UPLOADS + 2):  # the first two pay for loading the network
            page.set_input_files("#ee-tab-explore input[type=file]", _file(picture, number))
            page.wait_for_function(f"window.stood.length > {number}", timeout=60_000)
            wait, taken = page.evaluate(_TAKEN)
            waits.append(wait)
            passes.append(taken)
            page.wait_for_timeout(200)
    wait, taken = median(waits[2:]), median(passes[2:])
    value = f"{wait / taken:.1f}x ({wait:.0f} / {taken:.1f} ms)"
    return [
        (f"from an upload's end to its ladder / the network's own pass, p50 of {UPLOADS}", value, "<= 1.5x")
    ]
