"""What a tab is to the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from explorer.web.questions import Question


@dataclass(frozen=True)
class Tab:
    """One tab. Its words are in strings/*/NAME.json, its widgets in widgets/NAME/ (Explore's in widgets/ itself).

    `build(picker)` lays it out inside its own column; `picker` is the page's model picker, for events that need it.
    `questions` are the server functions its widgets ask by name (widgets/ask.js).
    """

    name: str
    build: Callable[[gr.Dropdown], None]
    questions: tuple[Question, ...] = ()


def static(markup: str, **options: Any) -> gr.HTML:
    """Markup of our own on the page: elements that the widgets' script brings to life."""
    return gr.HTML(html_template=markup, apply_default_css=False, elem_classes="ee-html", **options)
