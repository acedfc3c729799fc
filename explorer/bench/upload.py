"""Bench of an upload: how soon its ladder appears, against the network's own time, and where the time goes."""

from __future__ import annotations

from io import BytesIO
from statistics import median

from PIL import Image

from explorer.bench.browser import browser, served
from explorer.bench.network import example_paths

UPLOADS = 12

# When a file was chosen, its trace given to the page, every element told of it, the next frame begun and painted, in
# milliseconds of the page's own clock.
_WATCH = """() => {
  const { store } = window.ExitExplorer;
  const at = {};
  window.stood = [];
  window.addEventListener("change", () => { at.chosen = performance.now(); }, true);
  const show = store.show.bind(store);
  store.show = (what) => { at.shown = performance.now(); show(what); };
  store.subscribe((changed) => {
    if (!changed.has("trace")) return;
    at.told = performance.now();
    const mine = { ...at };
    requestAnimationFrame(() => {
      mine.frame = performance.now();
      setTimeout(() => window.stood.push({ ...mine, painted: performance.now() }));
    });
  });
}"""
_SENT = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('explorer/analyse'))"
# Of the last upload, in milliseconds. The server reports how long before its answer the last byte had come, so the time
# for sending the answer counts as ours.
_TAKEN = f"""() => {{
  const {{ requestStart, responseStart, serverTiming }} = {_SENT}.at(-1);
  const server = Object.fromEntries(serverTiming.map(({{ name, duration }}) => [name, duration]));
  const {{ chosen, shown, told, frame, painted }} = window.stood.at(-1);
  const pass = window.ExitExplorer.store.trace.ms.at(-1);
  const ended = responseStart - server.answer;
  const steps = ["thread", "read", "see", "pass", "trace", "text"].map((name) => server[name]);
  const back = server.answer - steps.reduce((sum, step) => sum + step, 0);
  const [thread, read, see, looked, trace, text] = steps;
  return {{
    wait: {{ ended: painted - ended, answered: responseStart - ended, chosen: painted - chosen }},
    pass,
    steps: [
      requestStart - chosen, ended - requestStart, thread, read + see, pass, looked - pass, trace, text + back,
      shown - responseStart, told - shown, frame - told, painted - frame,
    ],
  }};
}}"""
STEPS = (
    "the page: from the choice of the file until its request leaves",
    "the request: until its last byte is there",
    "the server: until a thread begins",
    "the server: the picture is read, and made what the network sees",
    "the network's own pass",
    "the server: what every exit rule says",
    "the server: the trace at every grain",
    "the server: its text, and back from the thread",
    "the answer: headers, decompression, reading the text",
    "the page: every element draws anew",
    "the page: until the next frame begins",
    "the page: style, layout and paint of that frame",
)


def _file(picture: Image.Image, number: int) -> dict[str, object]:
    """The picture with one pixel changed: the page keeps answers, so the same file again would cost no pass at all."""
    own = picture.convert("RGB")
    own.putpixel((0, 0), (number, number, number))
    buffer = BytesIO()
    own.save(buffer, "PNG")
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def upload(model: str) -> list[tuple[str, str, str]]:
    """From choosing a file, and from its upload's end, to its ladder on the screen; against the network's own pass.

    Then the steps in between, each by its own median.
    """
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
    counted = taken[2:]
    alone = median(one["pass"] for one in counted)

    def row(what: str, which: str, aim: str) -> tuple[str, str, str]:
        wait = median(one["wait"][which] for one in counted)
        value = f"{wait / alone:.1f}x ({wait:.0f} / {alone:.1f} ms)"
        return f"{what} / the network's own pass, p50 of {UPLOADS}", value, aim

    steps = [median(times) for times in zip(*(one["steps"] for one in counted), strict=True)]
    return [
        row("from an upload's end to its ladder", "ended", "<= 1.5x"),
        row("the same, until its trace leaves the server", "answered", ""),
        row("from the choice of the file to its ladder", "chosen", ""),
        *((what, f"{ms:.1f} ms", "") for what, ms in zip(STEPS, steps, strict=True)),
    ]
