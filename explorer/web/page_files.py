"""The page's own files, the same for every host: style, words, scripts; a host says where it puts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from explorer.web.language import LANGUAGES, strings
from explorer.web.records import get_plotlyjs
from explorer.web.script import first_script, part_scripts, style_rules, widgets_css, words_script

HERE = Path(__file__).parent
Text = str | Callable[[], str]  # fixed, or made again for each request


def page_files(
    put: Callable[[str, str, Text], str],
    start: Text,
    styles: Sequence[str] = ("page.css",),
    words: Callable[[str], dict[str, str]] = strings,
) -> tuple[str, dict[str, Any]]:
    """The stylesheet's address, and those of all scripts as `opening_script` takes them.

    `put(name, kind, text)` places a file and returns its address; `start` is the script with what the page opens with.
    """

    def script(name: str, text: Text) -> str:
        return put(name, "text/javascript", text)

    css = "".join((HERE / name).read_text(encoding="utf-8") for name in styles)
    return put("css", "text/css", style_rules(widgets_css() + css)), {
        "words": {code: script(f"words-{code}", words_script(code, words(code))) for code in LANGUAGES},
        "begin": [script("start", start), script("script", first_script())],
        "parts": {name: script(f"part-{name}", text) for name, text in part_scripts().items()},
        "plotly": script("plotly", get_plotlyjs()),
    }
