"""The About tab."""

from __future__ import annotations

import gradio as gr

from explorer.web.tabs.tab import Tab, static


def build(_picker: gr.Dropdown) -> None:
    static('<div class="ee-panel"></div>')


TAB = Tab("about", build)
