"""Bench of the page without a server: the network in a browser against torch, and what leaving early saves."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch

from explorer.bench.browser import browser
from explorer.bench.network import example_paths
from explorer.data.reading import read_image
from explorer.model.catalog import load_model
from explorer.pipeline import see, to_tensor
from explorer.web.plain_server import file_server
from explorer.web.site import build_site

REPEATS = 12
WARM = 24  # passes before any is timed: a browser compiles a program again while it runs, for speed
FRAMES = 48  # of the Live tab's film

_STORE = "window.ExitExplorer.store"
_LIVE = "document.querySelector('live-view').live"
# One picture as the Live tab requests it, with thresholds under which it leaves at a chosen exit.
_PASSES = """async ([model, uri, exit, early, repeats, plain]) => {
  const thresholds = Array.from({ length: early }, (_, e) => (e === exit ? 0 : 2));
  const found = [];
  for (let i = 0; i < repeats; i++) {
    const image = await createImageBitmap(await (await fetch(uri)).blob());
    const asked = { model, frame: image, rule: "confidence", thresholds, plain };
    found.push(await window.ExitExplorer.server.live(asked));
  }
  return found.map(({ ms, macs, exit: left, error }) => error ?? [ms.used, ms.full, macs.used, macs.full, left.index]);
}"""
# What the page requested until its first example was painted.
_FIRST = """() => {
  const until = performance.getEntriesByName("first-example")[0].startTime;
  const all = performance.getEntriesByType("resource").filter(({ startTime }) => startTime < until);
  return ["/", ...all.map(({ name }) => name)].map((name) => new URL(name, location.href).pathname);
}"""
_SESSIONS = "performance.getEntriesByName('session').reduce((sum, one) => sum + one.duration, 0)"
_WATCH_FRAMES = """() => {
  window.gaps = [];
  let last = performance.now();
  const step = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step);
}"""


@contextmanager
def _site(model: str) -> Iterator[tuple[str, list[str], Path]]:
    """The model's site on a plain host, whose pages have one thread: address, requested files, its folder."""
    with TemporaryDirectory() as work:
        out = Path(work) / "site"
        build_site(out, [model])
        server, asked = file_server(out, isolated=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked, out
        finally:
            server.shutdown()
            server.server_close()


def _megabytes(asked: list[str], out: Path) -> float:
    """The size of those files, each counted once."""
    names = {path.partition("?")[0].lstrip("/") or "index.html" for path in asked}
    return sum((out / name).stat().st_size for name in names if (out / name).is_file()) / 1e6


def _zipped_kilobytes(asked: list[str], out: Path) -> float:
    """The size of those files as sent by a host that compresses."""
    names = {path.lstrip("/") or "index.html" for path in asked}
    return (
        sum(len(gzip.compress((out / name).read_bytes())) for name in names if (out / name).is_file()) / 1e3
    )


def site(model: str) -> list[tuple[str, str, str]]:
    """The site of a model in Chromium: uploads, passes that leave at each exit, live frames, downloads."""
    path = example_paths(model)[0]
    with _site(model) as (address, asked, out), browser() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function(f"{_STORE}?.trace", timeout=120_000)
        page.wait_for_function("performance.getEntriesByName('first-example').length")
        paint = page.evaluate("performance.getEntriesByName('first-example')[0].startTime")
        opening = _zipped_kilobytes(page.evaluate(_FIRST), out)
        uri = page.evaluate(f"{_STORE}.example.image")
        early = page.evaluate(f"{_STORE}.trace.exits.length") - 1
        _passes(page, model, uri, 0, early, 1, plain=False)  # timing the plain backbone would load all of it
        first = _megabytes(asked, out)
        cold = _upload(page, path)
        whole = _megabytes(asked, out)
        page.wait_for_function("document.documentElement.dataset.eeKept", timeout=300_000)
        kept = _megabytes(asked, out)
        warm = [_upload(page, path) for _ in range(REPEATS)]
        made = page.workers[0].evaluate(_SESSIONS)
        _passes(page, model, uri, early, early, WARM)
        passes: dict[int, list[list[float]]] = {exit_: [] for exit_ in range(early + 1)}
        for _ in range(REPEATS):  # in turn, so that a busy minute hits all exits alike
            for exit_, found in passes.items():
                found += _passes(page, model, uri, exit_, early, 1)
        rates, frame = _live(page)
    # The fastest of each: on a busy machine the others include the browser's waiting.
    full = min(row[1] for rows in passes.values() for row in rows)
    ours = _torch_ms(model, path)
    rows = [
        ("download to a first answer", f"{first:.1f} MB", "<= 22 MB photos, <= 6 MB fashion"),
        ("download to the whole ladder", f"{whole:.1f} MB", ""),
        ("all that is kept to work without a net", f"{kept:.1f} MB", ""),
        ("the page until its first ladder, compressed (gzip)", f"{opening:.0f} kB", "<= 400 kB"),
        ("first example painted, no network yet", f"{paint:.0f} ms", "<= 1000 ms"),
        ("sessions of all pieces", f"{made:.0f} ms", ""),
        ("upload to ladder, pieces not loaded yet", f"{cold:.0f} ms", ""),
        ("upload to ladder, p50", f"{median(warm):.0f} ms", ""),
        (
            "plain backbone / torch's, one thread each, the quickest pass",
            f"{full / ours:.2f}x ({full:.1f} / {ours:.1f} ms)",
            "",
        ),
    ]
    for exit_, found in sorted(passes.items()):
        used, macs = min(row[0] for row in found) / full, found[0][2] / found[0][3]
        saved = f", saved time / saved MACs {(1 - used) / (1 - macs):.2f}" if macs < 0.95 else ""
        rows.append(
            (
                f"leaving at exit {exit_ + 1}",
                f"{used:.2f} of the time, {macs:.2f} of the MACs{saved}",
                ">= 0.85",
            )
        )
    end = passes[early]
    taken = (min(row[0] for row in end) - full) / early
    at_pace = (end[0][2] / end[0][3] - 1) * full / early
    heads = f"{taken:.3f} / {at_pace:.3f} ms"
    rows.append(("a head, on average / its MACs at the pace of the blocks", heads, ""))
    gain = rates["fps"] / rates["plainFps"]
    live = f"{rates['fps']:.1f} / {rates['plainFps']:.1f} = {gain:.2f}x"
    rows.append(("live frames a second with exits / without", live, ""))
    rows.append(("the page's own frames meanwhile, p95", f"{frame:.0f} ms", "<= 33 ms"))
    return rows


def _passes(
    page: Any, model: str, uri: str, exit_: int, early: int, repeats: int, plain: bool = True
) -> list[list[float]]:
    found = page.evaluate(_PASSES, [model, uri, exit_, early, repeats, plain])
    for row in found:
        if isinstance(row, str):
            raise ValueError(row)
        assert row[4] == exit_
    return found


def _upload(page: Any, path: Path) -> float:
    """Milliseconds from a chosen file to its ladder."""
    before, start = page.evaluate(f"{_STORE}.example.id"), perf_counter()
    page.set_input_files("[data-slot=picture] input", str(path))
    page.wait_for_function(f"(id) => {_STORE}.example.id !== id", arg=before, timeout=300_000)
    return (perf_counter() - start) * 1000


def _live(page: Any) -> tuple[dict[str, float], float]:
    """The Live tab's rates over its film, and the 95th percentile of the page's own frames meanwhile, in ms."""
    page.evaluate(f"{_STORE}.setTab('live')")
    page.wait_for_function(_LIVE)  # its script comes when the tab is opened
    page.evaluate(f"() => {{ {_LIVE}.start('sequence'); }}")  # not awaited: it ends when it is stopped
    page.wait_for_function(f"{_LIVE}.history.length >= 8", timeout=300_000)
    page.evaluate(_WATCH_FRAMES)
    page.wait_for_function(f"{_LIVE}.history.length >= {FRAMES}", timeout=300_000)
    gaps = sorted(page.evaluate("window.gaps"))
    rates = page.evaluate(f"{_LIVE}.rates")
    page.evaluate(f"{_LIVE}.stop()")
    return rates, gaps[int(0.95 * len(gaps))]


@torch.inference_mode()
def _torch_ms(name: str, path: Path) -> float:
    """The plain backbone's milliseconds for one picture by torch in float32 on one thread, the fastest pass."""
    model = load_model(name)
    image = to_tensor(model, see(model, read_image(path)).image)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = []
        for _ in range(REPEATS + 2):
            start = perf_counter()
            model.network(image, heads=False)
            times.append((perf_counter() - start) * 1000)
    finally:
        torch.set_num_threads(before)
    return min(times)
