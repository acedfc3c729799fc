"""python -m explorer screens: every tab of the running page as a small PNG, and the figure of all rules."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from explorer.bench.browser import browser, served
from explorer.web.tabs import TABS

WIDTHS = {"desktop": (1440, 1000), "phone": (390, 844)}  # pixels; a taller page is cut off at TALLEST
TALLEST = 2400
COLOURS = 256  # of a palette: a page has few, and the pictures stay small
FIGURE = "rules"  # Tune's figure of all rules at every grain, by itself
FIGURE_LIMIT = 180_000  # milliseconds until every grain's evaluation has come
# When a tab is complete, where that is later than its script.
READY = {
    "tune": "() => document.querySelector('.ee-tune')?.dataset.state === 'ready'",
    "stress": "() => document.querySelector('stress-chart').shadowRoot.querySelectorAll('.strip image').length === 11",
}
_ALL_GRAINS = """() => {
  const drawn = document.querySelector("tune-rules").shadowRoot.querySelector(".figure").data ?? [];
  const groups = new Set(drawn.map(({ legendgroup }) => legendgroup));
  return groups.size === window.ExitExplorer.store.grains.length + 1;
}"""


def run(out: Path, only: list[str] | None) -> None:
    """Write TAB-WIDTH-MODE.png for the tabs named, or all, and rules-MODE.png, Tune's figure of all rules.

    Raises `ValueError` for an unknown name.
    """
    names = [*(tab.name for tab in TABS), FIGURE]
    for name in only or []:
        if name not in names:
            raise ValueError(f"there is no tab '{name}'; choose from {', '.join(names)}.")
    out.mkdir(parents=True, exist_ok=True)
    with served(["app.py"]) as (address, _), browser() as chromium:
        for mode in ("light", "dark"):
            for width, (across, down) in WIDTHS.items():
                page = chromium.new_page(
                    viewport={"width": across, "height": down}, reduced_motion="reduce", color_scheme=mode
                )
                page.goto(f"{address}?__theme={mode}")
                page.wait_for_function("window.ExitExplorer?.store?.trace")
                for name in only or names:
                    if name == FIGURE:
                        if width == "desktop":
                            _take_figure(page, out / f"{FIGURE}-{mode}.png")
                        continue
                    path = out / f"{name}-{width}-{mode}.png"
                    _take(page, name, path)
                page.close()


def _take(page: Any, tab: str, path: Path) -> None:
    page.evaluate("(tab) => window.ExitExplorer.store.setTab(tab)", tab)
    page.wait_for_timeout(1000)
    page.wait_for_load_state("networkidle")
    if tab in READY:
        page.wait_for_function(READY[tab])
    page.evaluate("() => scrollTo(0, 0)")
    tall = min(page.evaluate("() => document.documentElement.scrollHeight"), TALLEST)
    width = page.viewport_size["width"]
    _save(page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True), path)


def _take_figure(page: Any, path: Path) -> None:
    """Every rule's curve at every grain, as a visitor sees them with all switched on in the legend."""
    page.evaluate("() => window.ExitExplorer.store.setTab('tune')")
    view = page.locator("tune-rules")
    view.locator("button.open").click(timeout=FIGURE_LIMIT)
    page.get_by_role("radio", name="Test").check()
    page.wait_for_function(_ALL_GRAINS, timeout=FIGURE_LIMIT)
    figure = view.locator(".figure")
    figure.evaluate("(figure) => window.Plotly.restyle(figure, { visible: true })")
    page.mouse.move(0, 0)
    _save(figure.screenshot(), path)


def _save(shot: bytes, path: Path) -> None:
    """A screenshot as a PNG of few colours; says how large it is."""
    picture = Image.open(BytesIO(shot)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    Console(stderr=True).print(f"{path} {path.stat().st_size // 1024} kB")
