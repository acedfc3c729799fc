"""The page's own script, style, words and start as compressed files that browsers cache; compresses Gradio's too."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

import anyio.to_thread
import brotli
from gradio.brotli_middleware import BrotliMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

PLACE = "gradio_api/explorer/"  # relative to the page, which may be below a path; Gradio's proxies know the first part
_FOR_GOOD = "public, max-age=31536000, immutable"
_QUALITY = 9  # of brotli: a file is compressed once


class Files:
    """Texts by name. A fixed one has its hash in its address and is cached for good, the others are revalidated."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[str, Callable[[], str] | bytes]] = {}

    def add(self, name: str, kind: str, text: str | Callable[[], str]) -> str:
        """The address of a text of that media type, relative to the page."""
        if not isinstance(text, str):
            self._texts[name] = kind, text
            return f"{PLACE}{name}"
        body = text.encode("utf-8")
        self._texts[name] = kind, body
        return f"{PLACE}{name}?{sha256(body).hexdigest()[:16]}"

    async def serve(self, request: Request) -> Response:
        """The text of the request's path parameter `name`."""
        name = request.path_params["name"]
        if name not in self._texts:
            return Response("There is nothing at this address.", 404)
        kind, text = self._texts[name]
        body = text if isinstance(text, bytes) else (await anyio.to_thread.run_sync(text)).encode("utf-8")
        mark = f'"{sha256(body).hexdigest()[:16]}"'
        fixed = request.url.query == mark.strip('"')
        headers = {
            "Cache-Control": _FOR_GOOD if fixed else "no-cache",
            "ETag": mark,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match", "").removeprefix("W/") == mark:
            return Response(status_code=304, headers=headers)
        # Browsers accept Brotli only over https and on localhost; a classroom's plain http gets gzip.
        accepted = request.headers.get("accept-encoding", "")
        coding = next((coding for coding in _COMPRESS if coding in accepted), None)
        if coding:
            body = await anyio.to_thread.run_sync(_compressed, body, coding)
            headers["Content-Encoding"] = coding
        return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)


_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, brotli.MODE_TEXT, quality=_QUALITY),
    "gzip": gzip.compress,
}


@lru_cache(maxsize=64)
def _compressed(body: bytes, coding: str) -> bytes:
    return _COMPRESS[coding](body)


class Compressed(BrotliMiddleware):
    """Gradio compresses by file extension only: its page, its configuration and answers to questions have none."""

    ENDS = ("/", "/config", "/info", "/component_server", "/component_server/", "/explorer/start")

    def _is_compressible_file_type(self, scope: Scope) -> bool:
        path = scope.get("path", "")
        return path == "" or path.endswith(self.ENDS) or super()._is_compressible_file_type(scope)
