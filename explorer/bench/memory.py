"""Bench of the server's memory: what it holds after 200 analyses and after 2,000, each of a new file."""

from __future__ import annotations

import asyncio

import httpx

from explorer.bench.browser import served
from explorer.bench.serve import PICTURES, marked, memory, pictures, question_part, served_process, visit

EARLY, LATE = 200, 2000
TOGETHER = 4  # visitors


async def _run(address: str, model: str, process: int) -> tuple[float, float]:
    files, found = pictures(PICTURES), []
    async with httpx.AsyncClient(base_url=address, timeout=600) as client:
        part, asked = question_part((await client.get("config")).json()), iter(range(LATE))

        async def visitor(until: int) -> None:
            for number in asked:
                uri = marked(files[number % len(files)], f"memory {number}")
                answer = await visit(client, part, model, uri, number)
                if "error" in answer:
                    raise ValueError(answer["error"])
                if number >= until - TOGETHER:
                    return

        for until in (EARLY, LATE):
            await asyncio.gather(*(visitor(until) for _ in range(TOGETHER)))
            found.append(memory(process))
    return found[0], found[1]


def hold(model: str) -> list[tuple[str, str, str]]:
    """MB after EARLY and after LATE analyses. Raises `ValueError` where an analysis fails."""
    with served(["app.py"], EXIT_EXPLORER_MODEL=model) as (address, _):
        early, late = asyncio.run(_run(address, model, served_process()))
    value = f"{early:.0f}, {late:.0f} MB: {100 * (late / early - 1):+.1f} %"
    return [(f"the server's memory after {EARLY} and after {LATE} analyses", value, "within 5 %")]
