"""Gradio's MCP server, whose tools are the named endpoints: their answers go out as JSON."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr


def answer_in_json(page: gr.Blocks) -> None:
    """Makes a launched page's MCP tools answer in JSON; Gradio writes a dict as Python would print it.

    Nothing happens where there is no MCP server: `launch(mcp_server=True)` or GRADIO_MCP_SERVER=True starts one.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    written = server.postprocess_output_data

    def in_json(answers: Any, root_url: str) -> Any:
        texts = [json.dumps(one, ensure_ascii=False) if isinstance(one, dict) else one for one in answers]
        return written(texts, root_url)

    server.postprocess_output_data = in_json  # type: ignore[assignment, method-assign]
