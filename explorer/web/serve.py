"""Serving the page until it is told to stop: running work gets time to finish, and every upload is deleted."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse

from explorer.model.catalog import DEFAULT, list_models
from explorer.web.answers import forget_old
from explorer.web.crowd import crowd
from explorer.web.handing_out import forget_network
from explorer.web.mcp import answer_in_json
from explorer.web.uploads import UPLOADS_CHECKED, bytes_kept, delete_all, delete_old

GRACE = 8.0  # seconds for running work when the server is told to stop; systems kill after ten


async def health(_: Request) -> JSONResponse:
    """Whether the server takes questions, and if not why: 200 or 503."""
    problems = []
    if crowd.closing:
        problems.append("The server is about to stop.")
    if crowd.inside >= crowd.most:
        problems.append(f"The server is busy for about {crowd.wait} seconds.")
    models = await asyncio.to_thread(list_models)
    if not models:
        problems.append("There is no model on this machine.")
    try:
        kept = await asyncio.to_thread(bytes_kept)
    except OSError:
        kept = 0
        problems.append("The folder for uploads cannot be read.")
    facts = {
        "ready": not problems,
        "problems": problems,
        "models": len(models),
        "default_model": DEFAULT in [entry.name for entry in models],
        "waiting": crowd.inside,
        "upload_bytes": kept,
    }
    return JSONResponse(facts, 200 if not problems else 503, {"Cache-Control": "no-store"})


@asynccontextmanager
async def upkeep(app: Any) -> AsyncIterator[None]:
    """Deletes old uploads and answers while the server runs, and the rest when it ends."""
    answer_in_json(app.get_blocks())

    async def look() -> None:
        while True:
            await asyncio.sleep(UPLOADS_CHECKED)
            await asyncio.to_thread(delete_old)
            forget_old()

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        delete_all()
        forget_network()


def serve(page: gr.Blocks, options: dict[str, Any]) -> None:
    """Launch the page, and end on SIGTERM or Ctrl+C: new questions are refused, running ones get GRACE seconds."""
    told = threading.Event()
    crowd.closing = False
    # Before the launch: Gradio answers a while before `launch` returns, and may be told to stop as soon as it answers.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    page.launch(prevent_thread_lock=True, **options)
    while not told.wait(1.0):
        pass
    crowd.closing = True
    until = time.monotonic() + GRACE
    while crowd.inside and time.monotonic() < until:
        time.sleep(0.05)
    # Gradio waits for streams that only end when their page closes; nothing else should wait for them.
    threading.Thread(target=page.close, kwargs={"verbose": False}, daemon=True).start()
    time.sleep(0.3)
    delete_all()
    forget_network()
