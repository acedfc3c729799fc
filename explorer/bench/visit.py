"""Bench of a first visit: how many bytes travel until the first ladder is painted, and whose; and of a later visit."""

from __future__ import annotations

from typing import Any

from explorer.bench.browser import browser, served


def _traffic(chromium: Any, address: str, visits: int) -> list[dict[str, float]]:
    """Bytes as they travelled, of ours and all, until the first ladder and then until it is quiet, by visit."""
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
        page.wait_for_function("performance.getEntriesByName('first-example').length > 0", timeout=120_000)
        first = {"ours": sum(ours), "all": sum(ours) + sum(theirs)}
        page.wait_for_load_state("networkidle")
        found.append({**first, "ours in the end": sum(ours), "in the end": sum(ours) + sum(theirs)})
        page.close()
    context.close()
    return found


def visit(model: str) -> list[tuple[str, str, str]]:
    """The traffic of a first visit and of the next one, in kB."""
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _), browser() as chromium:
        first, later = _traffic(chromium, address, 2)

    def kb(visit: dict[str, float]) -> str:
        return ", ".join(f"{size / 1000:.0f}" for size in visit.values()) + " kB"

    return [
        (
            "first visit: ours and all until the first ladder; the same until quiet",
            kb(first),
            "ours <= 400 kB",
        ),
        ("the next visit", kb(later), ""),
    ]
