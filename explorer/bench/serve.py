"""Bench of a crowd: 1, 10, 50, 100 visitors at once over loopback, each answer held against the single visitor's."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from explorer.bench.browser import served

CROWDS = (1, 10, 50, 100)
PICTURES = (
    40  # different ones; each is sent anew with a mark of its own, so that no answer comes from the cache
)
CLOSE = 2e-3  # how far a probability may be from the single visitor's: passes that are shared round otherwise
ALONE = 12  # answers that a single visitor is given first; their median is what the ideal queue is made of


@dataclass
class Measured:
    """What a crowd was given."""

    visitors: int
    seconds: list[float]  # from question to answer
    wrong: int  # answers that were another picture's
    refused: int
    wall: float
    peak: float  # MB of the server


def pictures(count: int) -> list[bytes]:
    """PNG files of 28 x 28 grey blots, each another one, the same in every run."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        blot = np.kron(rng.integers(0, 256, (4, 4), dtype=np.uint8), np.ones((7, 7), dtype=np.uint8))
        found.append(_png(Image.fromarray(blot)))
    return found


def _png(image: Image.Image, mark: str = "") -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info, file = PngInfo(), io.BytesIO()
    if mark:
        info.add_text("mark", mark)
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _marked(file: bytes, mark: str) -> str:
    """The same picture in a file of its own, as a data URI."""
    with Image.open(io.BytesIO(file)) as image:
        return f"data:image/png;base64,{base64.b64encode(_png(image, mark)).decode()}"


def _question(config: dict[str, Any]) -> int:
    """The id of the part whose server functions the page asks."""
    return next(c["id"] for c in config["components"] if "analyse" in c["props"].get("server_fns", []))


def memory(process: int) -> float:
    """MB that a process holds now; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))


async def _visit(client: httpx.AsyncClient, part: int, model: str, uri: str) -> dict[str, Any]:
    body = {
        "data": {"model": model, "picture": uri},
        "component_id": part,
        "session_hash": "bench",
        "fn_name": "analyse",
    }
    answer = await client.post("gradio_api/component_server", json=body)
    return answer.json()


def _probabilities(answer: dict[str, Any]) -> np.ndarray:
    """Each exit's, sorted: what tells one picture from another."""
    return np.array([sorted(row, reverse=True)[:3] for row in answer["trace"]["probabilities"]])


async def _crowd(
    client: httpx.AsyncClient, part: int, model: str, files: list[bytes], alone: list[np.ndarray],
    visitors: int, limit: float, process: int,
) -> Measured:  # fmt: skip
    """Each visitor asks, and when answered asks again, until the time is over; the last answers are waited for."""
    measured, start = Measured(visitors, [], 0, 0, 0.0, memory(process)), time.monotonic()

    async def visitor(number: int) -> None:
        turn = 0
        while time.monotonic() - start < limit or turn == 0:
            place = (number + turn * visitors) % len(files)
            uri = _marked(files[place], f"{visitors} {number} {turn}")
            asked = time.monotonic()
            answer = await _visit(client, part, model, uri)
            if "error" in answer:
                measured.refused += 1
                await asyncio.sleep(1)
            else:
                measured.seconds.append(time.monotonic() - asked)
                measured.wrong += bool(np.abs(_probabilities(answer) - alone[place]).max() > CLOSE)
            measured.peak = max(measured.peak, memory(process))
            turn += 1

    await asyncio.gather(*(visitor(number) for number in range(visitors)))
    measured.wall = time.monotonic() - start
    return measured


async def _run(
    address: str, model: str, seconds: float, crowds: tuple[int, ...], process: int
) -> tuple[float, list[Measured]]:
    files = pictures(PICTURES)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        part = _question((await client.get("config")).json())
        alone, times = [], []
        for place, file in enumerate(files):
            asked = time.monotonic()
            alone.append(_probabilities(await _visit(client, part, model, _marked(file, f"alone {place}"))))
            times.append(time.monotonic() - asked)
        single = float(np.median(times[-ALONE:]))
        found = [await _crowd(client, part, model, files, alone, n, seconds, process) for n in crowds]
    return single, found


def serve(model: str, seconds: float = 60.0, crowds: tuple[int, ...] = CROWDS) -> list[tuple[str, str, str]]:
    """A row for each crowd. The ideal queue gives one answer after the other, each in the single visitor's time.

    Raises `ValueError` where an answer was another picture's.
    """
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _):
        single, found = asyncio.run(_run(address, model, seconds, crowds, _served_process()))
    rows = []
    for m in found:
        p50, p95, p99 = np.percentile(m.seconds, [50, 95, 99])
        ideal = single * m.visitors
        rows.append(
            (
                f"{m.visitors} visitors: p50, p95, p99; answers a second; refused; peak memory",
                f"{p50:.2f}, {p95:.2f}, {p99:.2f} s; {len(m.seconds) / m.wall:.1f}; {m.refused}; {m.peak:.0f} MB",
                f"p95 <= 2x the ideal queue's {ideal:.2f} s: {p95 / ideal:.2f}x",
            )
        )
    wrong = sum(m.wrong for m in found)
    if wrong:
        raise ValueError(f"{wrong} answers were not what a single visitor is given.")
    return rows


def _served_process() -> int:
    """The newest process that this one started: the page."""
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    except OSError:
        return 0
    return int(children[-1]) if children else 0
