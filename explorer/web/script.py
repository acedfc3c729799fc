"""Joins the widgets' modules into one script, so that the page carries them itself and asks for no file."""

from __future__ import annotations

import re
from pathlib import Path

WIDGETS = Path(__file__).parent / "widgets"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def widgets_script(folder: Path = WIDGETS, entry: str = "index.js") -> str:
    """All modules that `entry` reaches, each after those it imports, as one function that runs once.

    The widgets keep to what this can join: one-line named imports of siblings, names unique across files. Raises
    `FileNotFoundError` for an import of a file that is not there.
    """
    ordered: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        source = (folder / name).read_text(encoding="utf-8")
        for needed in _IMPORT.findall(source):
            visit(needed)
        ordered[name] = _EXPORT.sub("", _IMPORT.sub("", source))

    visit(entry)
    return "(() => {\n" + "\n".join(ordered.values()) + "\n})();"


def widgets_css(folder: Path = WIDGETS) -> str:
    """The one stylesheet outside the shadow roots: how the widgets share the page."""
    return (folder / "explore.css").read_text(encoding="utf-8")
