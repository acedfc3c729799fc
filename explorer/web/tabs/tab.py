"""What a tab is to a page: columns of markup and slots, and questions. Data that each host places in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from explorer.web.questions import Question


class Slot(Enum):
    """A place for something that every host has in its own form."""

    PICTURE = "picture"  # one picture of the visitor's: a file, the camera, the clipboard
    FILES = "files"  # many pictures, or a zip archive


@dataclass(frozen=True)
class Column:
    """Parts from top to bottom: markup of our own elements, which the widgets' script brings to life, and slots.

    `name` says which column it is: "side", "main" or "why", whose places are in widgets/explore.css.
    """

    name: str
    parts: tuple[str | Slot, ...]


@dataclass(frozen=True)
class Tab:
    """One tab. Its words are in strings/*/NAME.json, its widgets in widgets/NAME/ (Explore's in widgets/ itself).

    `layout` is markup that lays itself out, or columns on one screen. `questions` are what its widgets ask by name
    (widgets/ask.js): a server answers with these functions, a page without one in its own way (web/browser/).
    """

    name: str
    layout: str | tuple[Column, ...]
    questions: tuple[Question, ...] = ()
