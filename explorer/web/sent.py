"""A picture sent as the body of one request: its trace comes back as soon as it is ready, then pictures and maps.

The answer is a stream of JSON lines. The first has what the ladder is drawn from, and `short`; the second, of the same
pass, has `image`, `saw` and `maps`. A cached answer comes complete, on one line. An error is {"error": sentence}.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from threading import Event

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from explorer.data.reading import read_image
from explorer.explain.turns import Superseded
from explorer.web.analysis import analyses, begin_analysis, file_key, open_model
from explorer.web.crowd import Busy, crowd
from explorer.web.questions import offered, sentence

_LINES = "application/x-ndjson"
_LEFT = 499  # nobody reads it: the client is gone
_GZIP = 16 + zlib.MAX_WBITS
_working: set[asyncio.Task[None]] = set()  # asyncio itself keeps only weak references to tasks
_LEVEL = 1  # a trace shrinks to a fifth in less than a millisecond


def answer_in_lines(
    model_name: str,
    file: bytes,
    give: Callable[[bytes], None],
    unwanted: Callable[[], bool],
    done: Callable[[str], None] = lambda _: None,
) -> None:
    """`analyse_file`, part by part: calls `give` with each line as soon as it is ready.

    Before the first line it calls `done` as each step ends: "thread" when it begins, "read", those of
    `begin_analysis`, "text".

    Raises `UnreadableImage` or `ModelError`, both one plain sentence, or `Superseded`.
    """
    done("thread")
    name = offered(model_name)
    key = file_key(name, file)
    kept = analyses.kept(key)
    if kept is not None:
        give(_with(kept, {"model": name}))
        return
    if unwanted():
        raise Superseded
    image = read_image(file)
    done("read")
    first, rest = begin_analysis(open_model(name), image, unwanted=unwanted, done=done)
    text = json.dumps(first).encode()
    done("text")
    give(_with(text, {"model": name, "short": True}))
    later = json.dumps(rest()).encode()
    give(later)
    analyses.keep(key, text[:-1] + b", " + later[1:])


def _with(text: bytes, more: dict[str, object]) -> bytes:
    """A dict as JSON, with further entries."""
    return text[:-1] + b", " + json.dumps(more).encode()[1:]


class Steps:
    """Times an answer and each of its steps, from now on."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._taken: dict[str, float] = {}  # milliseconds

    def done(self, step: str) -> None:
        """A step ends, and the next begins."""
        now = time.perf_counter()
        self._taken[step], self._last = (now - self._last) * 1000, now

    def header(self) -> str:
        """The times as `Server-Timing` has them: the total so far, `answer`, and the steps."""
        taken = {"answer": (time.perf_counter() - self._began) * 1000, **self._taken}
        return ", ".join(f"{step};dur={ms:.1f}" for step, ms in taken.items())


async def serve_analysis(request: Request) -> Response:
    """Analyses the request's body, a picture's file, with the model that its query names.

    A visitor who leaves before the network runs costs no pass. `Server-Timing` has the milliseconds from the last byte
    of the picture to the first line, `answer`, and of each step on the way.
    """
    try:
        crowd.check()  # before accepting a picture that would not be analysed
        file = await request.body()
    except ClientDisconnect:
        return Response(status_code=_LEFT)
    except Busy as busy:
        return Response(_mistake(busy), media_type=_LINES)
    steps = Steps()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    loop, gone = asyncio.get_running_loop(), Event()

    def give(line: bytes) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    async def work() -> None:
        try:
            model = request.query_params.get("model", "")
            await crowd.run(answer_in_lines, model, file, give, gone.is_set, steps.done)
        except Superseded:
            pass
        except Exception as error:
            lines.put_nowait(_mistake(error))
        lines.put_nowait(None)

    async def answer(line: bytes | None) -> AsyncIterator[bytes]:
        while line is not None:
            yield line + b"\n"
            line = await lines.get()

    working = asyncio.create_task(work())  # to its end: the answer is cached for the next request
    _working.add(working)
    working.add_done_callback(_working.discard)
    leaving = asyncio.create_task(_left(request, gone))
    first = await lines.get()
    leaving.cancel()
    if first is None:
        return Response(status_code=_LEFT)
    headers = {"Cache-Control": "no-store", "Server-Timing": steps.header()}
    stream = answer(first)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        stream = _shrunk(stream)
    return StreamingResponse(stream, media_type=_LINES, headers=headers)


def _mistake(error: Exception) -> bytes:
    return json.dumps({"error": sentence(error)}).encode()


async def _left(request: Request, gone: Event) -> None:
    """Notes that the client has left."""
    with suppress(asyncio.CancelledError):
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()


async def _shrunk(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Compressed so that each line can be read at once."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    async for line in lines:
        yield packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
