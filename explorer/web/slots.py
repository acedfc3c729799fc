"""Gradio's parts for the slots of the tabs: the drop zones, and what becomes of the files."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from explorer.web.language import speak, word
from explorer.web.tabs.explore import analyse
from explorer.web.tabs.tab import Slot
from explorer.web.upload import Upload


def picture(picker: gr.Dropdown) -> None:
    """One picture, analysed by the picker's model as soon as it is there; it leaves the drop zone empty again."""
    upload = Upload(
        label=word("your_image"),
        placeholder=word("drop_image"),
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        height=150,
        elem_classes="ee-upload",
    )
    speak(upload, label="your_image", placeholder="drop_image")
    answer = gr.JSON(visible="hidden")
    upload.input(None, js="() => window.ExitExplorer.host.await()")
    upload.input(
        analyse,
        [upload, picker],
        [answer],
        api_name="analyse",
        concurrency_id="network",
        show_progress="hidden",
        trigger_mode="always_last",
    ).then(
        None,
        answer,
        upload,
        js="(answer) => { window.ExitExplorer.host.receive(answer); return [null]; }",
    )


def files(_picker: gr.Dropdown) -> None:
    """Many files, handed over in the browser: what is done with them, the widgets ask for step by step."""
    dropped = gr.File(
        label="Pictures or a zip archive",
        file_count="multiple",
        height=180,
        elem_classes="ee-upload ee-batch-files",
    )
    dropped.change(None, dropped, None, js="(files) => window.ExitExplorer.host.receiveFiles(files)")


SLOTS: dict[Slot, Callable[[gr.Dropdown], None]] = {Slot.PICTURE: picture, Slot.FILES: files}
