"""Joins the widgets' modules into one script, so that the page carries them itself and asks for no file."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

WIDGETS = Path(__file__).parent / "widgets"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def widgets_script(folder: Path = WIDGETS, entry: str = "index.js") -> str:
    """All modules that `entry` reaches, each in a function of its own after those it imports, as one script.

    The widgets keep to what this can join: named imports by relative path, exported functions, classes and
    constants, no circles. Raises `FileNotFoundError` for an import of a file that is not there, `ValueError` for a
    circle.
    """
    joined: dict[str, str] = {}  # a module's path -> its code
    open_modules: list[str] = []

    def variable(name: str) -> str:
        return "m_" + re.sub(r"\W", "_", name.removesuffix(".js"))

    def visit(name: str) -> None:
        if name in joined:
            return
        if name in open_modules:
            raise ValueError(f"modules import each other in a circle: {' > '.join([*open_modules, name])}.")
        open_modules.append(name)
        source = (folder / name).read_text(encoding="utf-8")

        def bind(match: re.Match[str]) -> str:
            names, path = match[1], match[2]
            needed = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            visit(needed)
            return f"const {{{names.replace(' as ', ': ')}}} = {variable(needed)};\n"

        body = _IMPORT.sub(bind, source)
        exported = ", ".join(match[2] for match in _EXPORT.finditer(body))
        body = _EXPORT.sub(r"\1", body)
        open_modules.pop()
        joined[name] = f"const {variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"

    visit(entry)
    return "(() => {\n" + "\n".join(joined.values()) + "\n})();"


def style_rules(css: str) -> str:
    """Our stylesheet, so that it wins against Gradio's own rules wherever they come.

    With server-side rendering Gradio puts its stylesheets after ours, without it before; so every rule is nested under
    the root, repeated three times for specificity. A rule that begins with `:root` means that same root.
    """
    nested = re.sub(r"^(\s*):root", r"\1&", css, flags=re.MULTILINE)
    return f":root:root:root {{\n{nested}\n}}"


def widgets_css(folder: Path = WIDGETS) -> str:
    """The stylesheets outside the shadow roots: how the widgets share the page, tab by tab."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("**/*.css")))
