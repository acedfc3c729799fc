"""Gradio's parts for the slots of the tabs: the drop zones, and what happens to the files."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from explorer.web.language import speak, word
from explorer.web.tabs.tab import Slot


def picture(_picker: gr.Dropdown) -> None:
    """One picture, analysed by the picker's model as soon as it arrives; the drop zone is then emptied."""
    upload = gr.Image(
        label=word("your_image"),
        placeholder=word("drop_image"),
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        height=150,
        elem_classes="ee-upload",
        webcam_options=gr.WebcamOptions(mirror=False),  # the network should see what the camera sees
    )
    speak(upload, label="your_image", placeholder="drop_image")
    # Handed over in the browser; the widgets request its analysis.
    upload.input(
        None,
        upload,
        upload,
        js="(file) => { window.ExitExplorer.host.take(file); return [null]; }",
        show_progress="hidden",
    )


def files(_picker: gr.Dropdown) -> None:
    """Many files, handed over in the browser; the widgets request the work on them step by step."""
    dropped = gr.File(
        label="Pictures or a zip archive",
        file_count="multiple",
        height=180,
        elem_classes="ee-upload ee-batch-files",
    )
    dropped.change(None, dropped, None, js="(files) => window.ExitExplorer.host.receiveFiles(files)")


SLOTS: dict[Slot, Callable[[gr.Dropdown], None]] = {Slot.PICTURE: picture, Slot.FILES: files}
