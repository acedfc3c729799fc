"""Joins the widgets' modules into a few scripts: what the page begins with, and a part for each tab."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer.web.language import strings

WIDGETS = Path(__file__).parent / "widgets"
ENTRY = "index.js"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


class Modules:
    """The modules of a folder. Each becomes a function of its own, after those it imports.

    The widgets use only what this can join: named imports by relative path, exported functions, classes and constants,
    no circles.
    """

    def __init__(self, folder: Path = WIDGETS) -> None:
        self.folder = folder

    def needed(self, entry: str, open_modules: tuple[str, ...] = ()) -> list[str]:
        """Every module that `entry` reaches, in the order in which they can run; itself last.

        Raises `FileNotFoundError` for an import of a file that is not there, `ValueError` for a circle.
        """
        if entry in open_modules:
            raise ValueError(f"modules import each other in a circle: {' > '.join([*open_modules, entry])}.")
        found: dict[str, None] = {}
        for _, path in _IMPORT.findall(self._source(entry)):
            found |= dict.fromkeys(self.needed(_beside(entry, path), (*open_modules, entry)))
        return [*found, entry]

    def joined(self, names: Iterable[str]) -> str:
        """Those modules as one piece of script, in that order."""
        return "\n".join(map(self._wrapped, names))

    def _wrapped(self, name: str) -> str:
        def bind(match: re.Match[str]) -> str:
            return f"const {{{match[1].replace(' as ', ': ')}}} = {_variable(_beside(name, match[2]))};\n"

        body = _IMPORT.sub(bind, self._source(name))
        exported = ", ".join(match[2] for match in _EXPORT.finditer(body))
        body = _EXPORT.sub(r"\1", body)
        return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"

    @lru_cache  # noqa: B019  a page is built once or twice
    def _source(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def _beside(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _variable(name: str) -> str:
    return "m_" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _script(*lines: str) -> str:
    return "\n".join(("(() => {", *lines, "})();"))


def one_script(entry: str = ENTRY, folder: Path = WIDGETS) -> str:
    """All modules that `entry` reaches, as one self-contained script."""
    modules = Modules(folder)
    return _script(modules.joined(modules.needed(entry)))


def first_script(folder: Path = WIDGETS) -> str:
    """What the page begins with: all that index.js reaches, and what several parts share.

    It hands its modules to the parts that come later, as `window.ExitExplorer.modules`.
    """
    modules = Modules(folder)
    names, handed = _first(modules)
    shared = ", ".join(map(_variable, sorted(handed)))
    # If it runs again, later parts must still get the page's own store.
    return _script(modules.joined(names), f"(window.ExitExplorer ??= {{}}).modules ??= {{ {shared} }};")


def part_scripts(folder: Path = WIDGETS) -> dict[str, str]:
    """By name, the parts that are loaded when needed: what a folder's index.js reaches beyond the first script."""
    modules = Modules(folder)
    first = set(_first(modules)[0])
    scripts = {}
    for part in _parts(modules):
        needed = modules.needed(f"{part}/{ENTRY}")
        taken = ", ".join(_variable(name) for name in needed if name in first)
        own = modules.joined(name for name in needed if name not in first)
        scripts[part] = _script(f"const {{ {taken} }} = window.ExitExplorer.modules;", own)
    return scripts


def _parts(modules: Modules) -> list[str]:
    return sorted(path.parent.name for path in modules.folder.glob(f"*/{ENTRY}"))


def _first(modules: Modules) -> tuple[list[str], set[str]]:
    """The modules of the first script in their order, and those of them that parts need."""
    needed = [modules.needed(f"{part}/{ENTRY}") for part in _parts(modules)]
    users = Counter(name for names in needed for name in names)
    several = [name for names in needed for name in names if users[name] > 1]
    names = list(dict.fromkeys([*several, *modules.needed(ENTRY)]))
    return names, set(names) & set(users)


def opening_script(files: dict[str, Any]) -> str:
    """The few lines in the page itself: where its files are, and what fetches the first of them.

    `files` has addresses relative to the page: `words` by language, `begin` in the order they run, maybe a `module`
    after them, `parts` by name, `plotly`.
    """
    return f"(window.ExitExplorer ??= {{}}).files = {json.dumps(files)};\n{one_script('opening.js')}"


def words_script(language: str, texts: dict[str, str]) -> str:
    """A language's words; if it is not English also the server's English sentences, to recognise them by."""
    script = f"((window.ExitExplorer ??= {{}}).strings ??= {{}}).{language} = {json.dumps(texts, ensure_ascii=False)};"
    if language == "en":
        return script
    english = {key: text for key, text in strings("en").items() if key.startswith("server.")}
    return f"{script}\nwindow.ExitExplorer.english = {json.dumps(english, ensure_ascii=False)};"


def style_rules(css: str) -> str:
    """Our stylesheet, made to win over Gradio's own rules wherever they come.

    With server-side rendering Gradio puts its stylesheets after ours, without it before; so every rule is nested under
    the root, repeated three times for specificity. A rule that begins with `:root` means that same root.
    """
    nested = re.sub(r"^(\s*):root", r"\1&", css, flags=re.MULTILINE)
    return f":root:root:root {{\n{nested}\n}}"


def widgets_css(folder: Path = WIDGETS) -> str:
    """The stylesheets outside the shadow roots: how the widgets share the page, tab by tab."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("**/*.css")))
