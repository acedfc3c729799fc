"""Bench of the Tune tab: from a moved threshold to the repaint, with a whole test set behind it."""

from __future__ import annotations

from explorer.bench.browser import browser, served

MOVES = 120

# As in page.py: one input event a frame on the tab's own slider, until the frame it led to has been painted.
MEASURE = """
async (moves) => {
  const slider = document.querySelector(".ee-tune rule-controls").shadowRoot.querySelector("input[type=range]");
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
READY = "document.querySelector('.ee-tune')?.dataset.state === 'ready'"


def tune(model: str) -> list[tuple[str, str, str]]:
    """Threshold-to-paint latency on the test images, and how many requests moving the threshold made."""
    with served(["app.py"]) as (address, _), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function("window.ExitExplorer?.store?.trace")
        page.get_by_role("tab", name="Tune").click()
        page.wait_for_function(READY, timeout=60_000)
        page.get_by_role("radio", name="Test").check()
        page.wait_for_timeout(1500)  # whatever the page still loads, it loads before
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        taken = page.evaluate(MEASURE, MOVES)
        images = page.locator("tune-summary .choices label").nth(1).inner_text()
    return [
        (
            f"Tune ({images} images), threshold to paint, {MOVES} moves: p50, p95",
            f"{taken['p50']:.1f}, {taken['p95']:.1f} ms",
            "<= 33 ms at p95",
        ),
        (
            "of that, the widgets' own work: p50, p95",
            f"{taken['work50']:.1f}, {taken['work95']:.1f} ms",
            "",
        ),
        ("requests to the server during them", str(len(requests)), "0"),
    ]
