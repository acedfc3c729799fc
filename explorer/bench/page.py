"""Benches of the page: from a moved threshold to the repaint, and from a cold start to the first page."""

from __future__ import annotations

from explorer.bench.browser import browser, served

MOVES = 120
STARTS = 3

# Moves the slider as a hand does, one step a frame, and takes the time from each input event until the frame it led
# to has been painted: a message posted in the frame callback is handled right after the paint.
_MEASURE = """
async (moves) => {
  const slider = document.querySelector("rule-controls").shadowRoot.querySelector("input[type=range]");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(0);
  }));
  const taken = [], work = [];
  const { store } = window.ExitExplorer;
  for (let i = 0; i < moves; i += 1) {
    await frame();
    const start = performance.now();
    slider.value = String(0.2 + 0.79 * ((i * 37) % moves) / moves);
    slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    const before = performance.now();
    store.flush();
    work.push(performance.now() - before);
    taken.push(await painted() - start);
  }
  const at = (list, q) => list.sort((a, b) => a - b)[Math.floor(q * (list.length - 1))];
  return { p50: at(taken, 0.5), p95: at(taken, 0.95), work50: at(work, 0.5), work95: at(work, 0.95) };
}
"""


def paint(model: str) -> list[tuple[str, str, str]]:
    """Threshold-to-paint latency, and how many requests moving the threshold made."""
    with served(["app.py"]) as (address, _), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function("window.ExitExplorer?.store?.trace")
        page.wait_for_timeout(1500)  # whatever the page still loads, it loads before
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        taken = page.evaluate(_MEASURE, MOVES)
    return [
        (
            f"threshold to paint, {MOVES} moves: p50, p95",
            f"{taken['p50']:.1f}, {taken['p95']:.1f} ms",
            "one frame: 16.7 ms and the wait for it",
        ),
        (
            "of that, the widgets' own work: p50, p95",
            f"{taken['work50']:.1f}, {taken['work95']:.1f} ms",
            "<= 16.7 ms",
        ),
        ("requests to the server during them", str(len(requests)), "0"),
    ]


# From the arrival of the HTML until the first example has been painted.
_FIRST = """() => performance.getEntriesByName("first-example")[0].startTime
  - performance.getEntriesByType("navigation")[0].responseEnd"""


def first_example(model: str) -> list[tuple[str, str, str]]:
    """How long after the HTML the first example is on the screen: with an empty cache, and on a later visit."""
    with served(["app.py"]) as (address, _), browser() as chromium:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        taken = []
        for _ in range(1 + STARTS):
            page.goto(address)
            page.wait_for_function("performance.getEntriesByName('first-example').length > 0")
            taken.append(page.evaluate(_FIRST))
    return [
        (
            "HTML to first example: first visit, later ones (median)",
            f"{taken[0] / 1000:.2f}, {sorted(taken[1:])[STARTS // 2] / 1000:.2f} s",
            "<= 1.0 s",
        )
    ]


# The same imports as app.py, and nothing on the page.
_EMPTY = """
import explorer.web.page
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    pass
page.launch()
"""


def start(model: str) -> list[tuple[str, str, str]]:
    """Cold start until the page answers, against an empty page with the same imports; alternating, the best of each."""
    ours: list[float] = []
    empty: list[float] = []
    for _ in range(STARTS):
        for program, seconds in ((["app.py"], ours), (["-c", _EMPTY], empty)):
            with served(program) as (_, taken):
                seconds.append(taken)
    best, least = min(ours), min(empty)
    return [
        (
            f"cold start / empty page with the same imports, best of {STARTS}",
            f"{best / least:.2f}x ({best:.1f} / {least:.1f} s)",
            "",
        )
    ]
