"""The drop zone: Gradio's image input, except that the file is handed over as it came."""

from __future__ import annotations

import gradio as gr
from gradio.data_classes import ImageData


class Upload(gr.Image):
    """Reading an image, with all its ways to fail, is `read_image`'s; Gradio's own reading would come first.

    Alone in its file, because Gradio writes a .pyi beside any file that defines a component.
    """

    is_template = True  # Gradio then uses Image's own front end

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of the uploaded file, or None."""
        return payload.path if payload else None
