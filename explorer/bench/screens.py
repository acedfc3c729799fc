"""python -m explorer screens: every tab of the running page as a small PNG, so that a change can be looked at."""

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


def run(out: Path, only: list[str] | None) -> None:
    """Write TAB-WIDTH-MODE.png for the tabs named, or all. Raises `ValueError` for a tab that is none."""
    names = [tab.name for tab in TABS]
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
                    path = out / f"{name}-{width}-{mode}.png"
                    _take(page, name, path)
                    Console(stderr=True).print(f"{path} {path.stat().st_size // 1024} kB")
                page.close()


def _take(page: Any, tab: str, path: Path) -> None:
    page.evaluate("(tab) => window.ExitExplorer.store.setTab(tab)", tab)
    page.wait_for_timeout(1000)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => scrollTo(0, 0)")
    tall = min(page.evaluate("() => document.documentElement.scrollHeight"), TALLEST)
    width = page.viewport_size["width"]
    shot = page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True)
    picture = Image.open(BytesIO(shot)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
