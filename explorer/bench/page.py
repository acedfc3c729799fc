"""Benches of the page: from a movement to the repaint, against a server-side slider; and a cold start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from explorer.bench.browser import browser, served

MOVES = 60
STARTS = 3

# For each event of a kind, as the browser hands it to the page: when it came, when the frame after it began, and when
# that frame had been painted (a message posted in a frame's callback is handled right after the paint). `until` may
# name a text that must have changed first, as when a server answers.
_LISTEN = """
([kind, until]) => {
  const text = () => (until ? document.querySelector(until)?.textContent : null);
  window.taken = [];
  window.forget?.();
  const hear = (event) => {
    const came = performance.now(), before = text();
    const frame = () => requestAnimationFrame((began) => {
      if (until && text() === before) return frame();
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.taken.push([performance.now() - came, performance.now() - began]);
      channel.port2.postMessage(0);
    });
    frame();
  };
  document.addEventListener(kind, hear, true);
  window.forget = () => document.removeEventListener(kind, hear, true);
}
"""


@dataclass(frozen=True)
class Gesture:
    """One kind of movement on the page, and the event by which the browser reports it."""

    what: str
    event: str
    make: Callable[[Any], None]  # with a Playwright page
    until: str | None = None  # a selector whose text must have changed before the paint counts
    aim: str = "one frame (16.7 ms) and the wait for it"


def _drag(page: Any, locator: Any, across: bool) -> None:
    """Hold the middle of a control and move it back and forth, one step a frame."""
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(MOVES):
        step = (40 if i // 10 % 2 else -40) * (i % 10) / 10
        page.mouse.move(x + step if across else x, y if across else y + step)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()


def _slider(page: Any, tab: str) -> None:
    _drag(page, page.locator(f"#ee-tab-{tab}").get_by_role("slider").first, across=True)


def _line(page: Any) -> None:
    _drag(page, page.locator("#ee-tab-explore score-curve").get_by_role("slider").first, across=False)


def _choices(page: Any, group: str) -> None:
    """Choose each of a group of choices in Explore in turn; finally the one that was chosen at first."""
    radios = page.locator(f"#ee-tab-explore rule-controls .{group}").get_by_role("radio")
    count = radios.count()
    first = [radio.is_checked() for radio in radios.all()].index(True)
    for i in range(MOVES):
        radios.nth((first + 1 + i) % count).check(force=True)
    radios.nth(first).check(force=True)


def _tune(page: Any) -> None:
    _slider(page, "tune")


GESTURES = (
    Gesture("the threshold's slider", "input", lambda page: _slider(page, "explore")),
    Gesture("the dragged line", "pointermove", _line),
    Gesture("another rule", "click", lambda page: _choices(page, "rules")),
    Gesture("another grain", "click", lambda page: _choices(page, "grains")),
    Gesture("Tune's threshold, 10,000 images", "input", _tune, aim="<= 33 ms at p95"),
)


def _measure(page: Any, gesture: Gesture) -> tuple[list[float], list[float]]:
    """Milliseconds from each event to its paint, and of the frame that painted it."""
    page.evaluate(_LISTEN, [gesture.event, gesture.until])
    gesture.make(page)
    page.wait_for_timeout(500)
    taken = page.evaluate("() => { window.forget(); return window.taken; }")
    return sorted(t for t, _ in taken), sorted(f for _, f in taken)


def _at(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))]


def _row(gesture: Gesture, page: Any) -> tuple[str, str, str]:
    taken, frame = _measure(page, gesture)
    value = f"{_at(taken, 0.5):.1f}, {_at(taken, 0.95):.1f} ms (the frame {_at(frame, 0.95):.1f} ms)"
    return f"{gesture.what}: input to paint, p50, p95 of {len(taken)}", value, gesture.aim


# The same slider as pages are usually wired: every movement calls the server, which decides on the trace it was sent.
_WIRED = """
import gradio as gr
from explorer.rules import decide
from explorer.web.model_page import model_json
from explorer.model.catalog import DEFAULT

trace = model_json(DEFAULT)["examples"][0]["trace"]
with gr.Blocks(analytics_enabled=False) as page:
    slider = gr.Slider(0, 1, 0.5, step=0.005, label="Threshold")
    facts = gr.JSON(trace, visible="hidden")
    shown = gr.HTML("", elem_id="shown")

    def answer(threshold, facts):
        exit_index = int(decide(facts["scores"]["confidence"], threshold))
        return f"{threshold} {exit_index} {facts['macs'][exit_index]}"

    slider.input(answer, [slider, facts], shown, trigger_mode="always_last", show_progress="hidden")
page.launch()
"""
WIRED = Gesture(
    "the same slider wired through the server",
    "input",
    lambda page: _drag(page, page.get_by_role("slider").first, across=True),
    until="#shown",
    aim="",
)


def latency(model: str) -> list[tuple[str, str, str]]:
    """From input to paint for each gesture, how many requests they made, and the same slider through a server."""
    with browser() as chromium:
        with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _):
            page = chromium.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.wait_for_function("window.ExitExplorer?.store?.trace")
            # What explains the ladder comes a moment after it, and only while Explore is open.
            page.wait_for_function("!document.querySelector('#ee-tab-explore :not(:defined)')")
            page.evaluate("() => window.ExitExplorer.store.setTab('tune')")
            page.wait_for_function("document.querySelector('.ee-tune')?.dataset.state === 'ready'")
            page.get_by_role("radio", name="Test").check()
            page.wait_for_timeout(3000)  # let the page finish loading first
            requests: list[str] = []
            page.on("request", lambda request: requests.append(request.url))
            rows = []
            for gesture in GESTURES:
                page.evaluate(
                    "(tab) => window.ExitExplorer.store.setTab(tab)",
                    "tune" if gesture.make is _tune else "explore",
                )
                page.wait_for_timeout(300)
                rows.append(_row(gesture, page))
        asked = "".join(f", {urlsplit(url).path}" for url in requests)
        rows.append(("requests to the server during all these", f"{len(requests)}{asked}", "0"))
        with served(["-c", _WIRED], EXIT_EXPLORER_MODEL=model) as (address, _):
            page = chromium.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.get_by_role("slider").first.wait_for()
            page.wait_for_timeout(1000)
            rows.append(_row(WIRED, page))
    return rows


# From the arrival of the HTML until the first example has been painted.
_FIRST = """() => performance.getEntriesByName("first-example")[0].startTime
  - performance.getEntriesByType("navigation")[0].responseEnd"""


def first_example(model: str) -> list[tuple[str, str, str]]:
    """How long after the HTML the first example is on the screen: with an empty cache, and on a later visit."""
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _), browser() as chromium:
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
            with served(program, EXIT_EXPLORER_MODEL=model) as (_, taken):
                seconds.append(taken)
    best, least = min(ours), min(empty)
    return [
        (
            f"cold start / empty page with the same imports, best of {STARTS}",
            f"{best / least:.2f}x ({best:.1f} / {least:.1f} s)",
            "",
        )
    ]
