"""The page served inside the test's own process, and requests to it as a stranger may send them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import anyio
import httpx

from explorer.bench.browser import free_port
from explorer.web.page import build, launch_kwargs

META = {"_type": "gradio.FileData"}


def in_a_loop_of_its_own(work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """`anyio.run` in a fresh thread: where browser tests came before, this one's has a loop that runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, work, *args).result()


@contextmanager
def serving(**options: Any) -> Iterator[httpx.Client]:
    """The whole page behind its guard on a free port; a client whose paths begin there."""
    kwargs = launch_kwargs()
    page = build()
    page.launch(
        prevent_thread_lock=True,
        server_name="127.0.0.1",
        server_port=free_port(),
        quiet=True,
        **(kwargs | options),
    )
    try:
        with httpx.Client(base_url=page.local_url, timeout=60) as client:
            client.page = page  # type: ignore[attr-defined]
            yield client
    finally:
        page.close(verbose=False)


def upload(client: httpx.Client, content: bytes, name: str = "picture.png") -> str:
    """The path under which the server stored a file."""
    answer = client.post("/gradio_api/upload", files={"files": (name, content)})
    answer.raise_for_status()
    return answer.json()[0]


def call(client: httpx.Client, name: str, **asked: Any) -> Any:
    """What a named endpoint answers, as curl would ask; {"refused": sentence} where the request itself is refused."""
    address = f"/gradio_api/call/v2/{name}"
    posted = client.post(address, json=asked)
    if posted.status_code != 200:
        return {"refused": posted.json().get("detail"), "status": posted.status_code}
    events = client.get(f"{address}/{posted.json()['event_id']}").text
    event, data_line = events.strip().split("\n\n")[-1].split("\n")[:2]
    answer = json.loads(data_line.removeprefix("data: "))
    return answer[0] if event == "event: complete" else {"failed": answer}


def question(client: httpx.Client, name: str, asked: Any) -> httpx.Response:
    """What the page's server function of that name answers."""
    blocks = client.page.blocks.values()  # type: ignore[attr-defined]
    host = next(block for block in blocks if getattr(getattr(block, name, None), "_is_server_fn", False))
    body = {"data": asked, "component_id": host._id, "session_hash": "test", "fn_name": name}
    return client.post("/gradio_api/component_server", json=body)
