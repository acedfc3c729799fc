"""Bench of a first visit: the bytes sent until the first ladder is painted, and whose; and on a later visit."""

from __future__ import annotations

from typing import Any

from explorer.bench.browser import browser, served

SLOW = 1.6e6  # bits a second of a slow line, as DevTools would throttle to
_PAINTED = "performance.getEntriesByName('first-example').length > 0"


def _traffic(chromium: Any, address: str, visits: int) -> list[dict[str, float]]:
    """Bytes transferred, ours and all, until the first ladder and then until the network is idle, by visit."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    found = []
    for _ in range(visits):
        page = context.new_page()
        wire = context.new_cdp_session(page)
        names: dict[str, str] = {}
        ours: list[float] = []
        theirs: list[float] = []
        wire.on(
            "Network.requestWillBeSent", lambda e, n=names: n.update({e["requestId"]: e["request"]["url"]})
        )

        def count(event: Any, names: Any = names, ours: Any = ours, theirs: Any = theirs) -> None:
            url = names.get(event["requestId"], "")
            own = "/explorer/" in url or url.rstrip("/") == address.rstrip("/") or "component_server" in url
            (ours if own else theirs).append(event["encodedDataLength"])

        wire.on("Network.loadingFinished", count)
        wire.send("Network.enable")
        page.goto(address)
        page.wait_for_function(_PAINTED, timeout=120_000)
        first = {"ours": sum(ours), "all": sum(ours) + sum(theirs)}
        page.wait_for_load_state("networkidle")
        found.append({**first, "ours in the end": sum(ours), "in the end": sum(ours) + sum(theirs)})
        page.close()
    context.close()
    return found


def _seconds(chromium: Any, address: str) -> float:
    """Until the first ladder is painted in a browser with an empty cache, on a slow line."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": SLOW / 8, "uploadThroughput": SLOW / 8}
    wire.send("Network.emulateNetworkConditions", limits)
    page.goto(address, wait_until="commit")
    page.wait_for_function(_PAINTED, timeout=120_000)
    painted = page.evaluate("performance.getEntriesByName('first-example')[0].startTime")
    context.close()
    return float(painted) / 1000


def visit(model: str) -> list[tuple[str, str, str]]:
    """The traffic of a first visit and of the next one, in kB, and the seconds of a first one on a slow line."""
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _), browser() as chromium:
        first, later = _traffic(chromium, address, 2)
        slow = _seconds(chromium, address)

    def kb(visit: dict[str, float]) -> str:
        return ", ".join(f"{size / 1000:.0f}" for size in visit.values()) + " kB"

    return [
        (
            "first visit: ours and all until the first ladder; the same until quiet",
            kb(first),
            "ours <= 400 kB",
        ),
        ("the next visit", kb(later), ""),
        (f"first visit on a line of {SLOW / 1e6:g} Mbit/s until the first ladder", f"{slow:.1f} s", ""),
    ]
