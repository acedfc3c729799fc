"""Bench of an upload: how soon its ladder stands, beside what the network itself takes for the image."""

from __future__ import annotations

from io import BytesIO
from statistics import median

from PIL import Image

from explorer.bench.browser import browser, served
from explorer.bench.network import example_paths

UPLOADS = 12

# When a file was chosen, and when its answer has been painted, in milliseconds of the page's own clock.
_WATCH = """() => {
  window.stood = [];
  window.addEventListener("change", () => { window.chosen = performance.now(); }, true);
  window.ExitExplorer.store.subscribe((changed) => {
    if (!changed.has("trace")) return;
    requestAnimationFrame(() => setTimeout(() => window.stood.push(performance.now())));
  });
}"""
_SENT = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('explorer/analyse'))"
# Of the last upload, in milliseconds: from the file chosen to the paint; from the upload's end to the paint; from there
# to the trace in the browser; and the network's own pass through all exits. The server says how long before its answer
# the last byte had come, so the time that the answer travels counts as ours.
_TAKEN = f"""() => {{
  const sent = {_SENT}.at(-1);
  const ended = sent.responseStart - sent.serverTiming.find(({{ name }}) => name === "answer").duration;
  const painted = window.stood.at(-1);
  const pass = window.ExitExplorer.store.trace.ms.at(-1);
  return [painted - window.chosen, painted - ended, sent.responseStart - ended, pass];
}}"""


def _file(picture: Image.Image, number: int) -> dict[str, object]:
    """The picture with one pixel changed: the page keeps answers, so the same file again would cost no pass at all."""
    own = picture.convert("RGB")
    own.putpixel((0, 0), (number, number, number))
    buffer = BytesIO()
    own.save(buffer, "PNG")
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def upload(model: str) -> list[tuple[str, str, str]]:
    """From a file's choice, and from its upload's end, to its ladder on the screen; beside the network's own pass."""
    picture = Image.open(example_paths(model)[0])
    taken = []
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function(f"window.ExitExplorer?.store?.trace?.model === '{model}'", timeout=120_000)
        page.evaluate(_WATCH)
        for number in range(UPLOADS + 2):  # the first two pay for loading the network
            page.set_input_files("#ee-tab-explore input[type=file]", _file(picture, number))
            whole = f"window.stood.length > {number} && {_SENT}.length > {number}"
            page.wait_for_function(whole, timeout=60_000)
            taken.append(page.evaluate(_TAKEN))
            page.wait_for_timeout(200)
    chosen, ended, answered, alone = (median(times) for times in zip(*taken[2:], strict=True))

    def row(what: str, wait: float, aim: str) -> tuple[str, str, str]:
        return f"{what} / the network's own pass, p50 of {UPLOADS}", _ratio(wait, alone), aim

    return [
        row("from an upload's end to its ladder", ended, "<= 1.5x"),
        row("the same, until its trace leaves the server", answered, ""),
        row("from the choice of the file to its ladder", chosen, ""),
    ]


def _ratio(wait: float, alone: float) -> str:
    return f"{wait / alone:.1f}x ({wait:.0f} / {alone:.1f} ms)"
