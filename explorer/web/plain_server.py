"""A plain file server for a built site, with or without the headers that let a page use threads."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ISOLATED = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}


class _Files(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, isolated: bool, asked: list[str], **options: Any) -> None:
        self.isolated, self.asked = isolated, asked
        super().__init__(*args, **options)

    def guess_type(self, path: Any) -> str:
        """Module scripts must be served as JavaScript, whatever this machine's MIME types say."""
        return "text/javascript" if str(path).endswith((".js", ".mjs")) else super().guess_type(path)

    def end_headers(self) -> None:
        if self.isolated:
            for name, value in ISOLATED.items():
                self.send_header(name, value)
        super().end_headers()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def file_server(folder: Path, port: int = 0, isolated: bool = True) -> tuple[ThreadingHTTPServer, list[str]]:
    """A server for a folder on this machine, not started yet, and the list to which it adds every requested path."""
    asked: list[str] = []
    handler = partial(_Files, directory=str(folder), isolated=isolated, asked=asked)
    return ThreadingHTTPServer(("127.0.0.1", port), handler), asked
