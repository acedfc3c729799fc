"""A Chromium to measure and test in, and the page running in a process of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from explorer.model.catalog import ROOT

# As root, as in a container, Chromium has no sandbox; and it must not try to reach hosts of its own.
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START_LIMIT = 180  # seconds


def find_chromium() -> str | None:
    """A system Chromium or Chrome (or the one the variable CHROMIUM names); None leaves it to Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def browser() -> Iterator:
    """A headless Chromium driven by Playwright. Raises `ValueError` when Playwright is not installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise ValueError(
            "this bench needs Playwright; pip install -r tests/requirements.txt first."
        ) from None
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        try:
            yield chromium
        finally:
            chromium.close()


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(program: list[str], path: str = "", **environment: str) -> Iterator[tuple[str, float]]:
    """Run a Python program that serves a Gradio page, under `path`; yields its address and the seconds until it
    answered.
    """
    port = free_port()
    variables = {
        **os.environ,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        **environment,
    }
    address, start = f"http://127.0.0.1:{port}/{path}", time.monotonic()
    process = subprocess.Popen([sys.executable, *program], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
    try:
        while not _answers(address):
            if process.poll() is not None or time.monotonic() - start > START_LIMIT:
                raise RuntimeError("the page did not start; run python app.py to see why.")
            time.sleep(0.02)
        yield address, time.monotonic() - start
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=10) as reply:
            return reply.status == 200
    except (URLError, OSError):
        return False
