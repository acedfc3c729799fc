"""Bench of a crowd: 1, 10, 50, 100 visitors at once over loopback, each answer checked against the single visitor's."""

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
PICTURES = 40  # different ones; each is sent again with its own mark, so that no answer comes from the cache
CLOSE = 2e-3  # how far a probability may be from the single visitor's: shared passes round differently
# Answers that a single visitor is given before each crowd and after it; their median defines the ideal
# queue, so that other load on the machine counts on both sides.
ALONE = 12


@dataclass
class Measured:
    """The results of a crowd."""

    visitors: int
    seconds: list[float]  # from request to answer
    wrong: int  # answers that belong to another picture
    refused: int
    wall: float
    peak: float  # MB of the server
    single: float = 0.0  # seconds that a single visitor waits, measured before and after


def pictures(count: int) -> list[bytes]:
    """PNG files of 28 x 28 grey blots, each different, the same in every run."""
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


def marked(file: bytes, mark: str) -> str:
    """The same picture in a file of its own, as a data URI."""
    with Image.open(io.BytesIO(file)) as image:
        return f"data:image/png;base64,{base64.b64encode(_png(image, mark)).decode()}"


def question_part(config: dict[str, Any]) -> int:
    """The id of the component whose server functions the page calls."""
    return next(c["id"] for c in config["components"] if "analyse" in c["props"].get("server_fns", []))


def memory(process: int) -> float:
    """MB that a process holds now; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmRSS"))


async def visit(
    client: httpx.AsyncClient, part: int, model: str, uri: str, visitor: int = 0
) -> dict[str, Any]:
    """The answer to one request of a visitor; each visitor has an address, as behind a proxy."""
    address = {"X-Forwarded-For": f"10.1.{visitor // 250}.{visitor % 250 + 1}"}
    body = {
        "data": {"model": model, "picture": uri},
        "component_id": part,
        "session_hash": "bench",
        "fn_name": "analyse",
    }
    for last in (False, True):
        try:
            return (await client.post("gradio_api/component_server", json=body, headers=address)).json()
        except (
            httpx.TransportError
        ):  # a connection kept open was closed as it was reused; browsers retry once
            if last:
                raise
    raise AssertionError


def _probabilities(answer: dict[str, Any]) -> np.ndarray:
    """Each exit's, sorted: what distinguishes one picture from another."""
    return np.array([sorted(row, reverse=True)[:3] for row in answer["trace"]["probabilities"]])


async def _crowd(
    client: httpx.AsyncClient, part: int, model: str, files: list[bytes], alone: list[np.ndarray],
    visitors: int, limit: float, process: int,
) -> Measured:  # fmt: skip
    """Each visitor sends one request after the other until the time is over; the last answers are waited for."""
    measured, start = Measured(visitors, [], 0, 0, 0.0, memory(process)), time.monotonic()

    async def visitor(number: int) -> None:
        turn = 0
        while time.monotonic() - start < limit or turn == 0:
            place = (number + turn * visitors) % len(files)
            uri = marked(files[place], f"{visitors} {number} {turn}")
            asked = time.monotonic()
            answer = await visit(client, part, model, uri, number)
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
) -> list[Measured]:
    files, found = pictures(PICTURES), []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        part = question_part((await client.get("config")).json())

        async def single(place: int, mark: str) -> tuple[np.ndarray, float]:
            uri, asked = marked(files[place], mark), time.monotonic()
            answer = await visit(client, part, model, uri, place)
            return _probabilities(answer), time.monotonic() - asked

        alone = [(await single(place, f"alone {place}"))[0] for place in range(PICTURES)]
        for n in crowds:
            before = [(await single(place, f"before {n} {place}"))[1] for place in range(ALONE)]
            crowd = await _crowd(client, part, model, files, alone, n, seconds, process)
            after = [(await single(place, f"after {n} {place}"))[1] for place in range(ALONE)]
            crowd.single = float(np.median(before + after))
            found.append(crowd)
    return found


def serve(model: str, seconds: float = 60.0, crowds: tuple[int, ...] = CROWDS) -> list[tuple[str, str, str]]:
    """A row for each crowd. The ideal queue gives one answer after the other, each in the single visitor's time.

    Raises `ValueError` if an answer belongs to another picture.
    """
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _):
        found = asyncio.run(_run(address, model, seconds, crowds, served_process()))
    rows = []
    for m in found:
        p50, p95, p99 = np.percentile(m.seconds, [50, 95, 99])
        ideal = m.single * m.visitors
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


def served_process() -> int:
    """The newest process that this one started: the page."""
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    except OSError:
        return 0
    return int(children[-1]) if children else 0
