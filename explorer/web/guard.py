"""The guard before Gradio's own routes: which of them are open, which files a request may name, limits, headers."""

from __future__ import annotations

import errno
import ipaddress
import json
import logging
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.data.collection import MAX_BYTES
from explorer.data.reading import UnreadableImage
from explorer.web.calls import fault_of
from explorer.web.language import in_language
from explorer.web.uploads import MOST_KEPT, bytes_kept, files_in, stored

API = "/gradio_api/"
# Gradio's routes that the page, its API and MCP use. The others (proxy=, deep_link, run/, recordings, monitoring,
# run history, streams) are not needed here, and each is one more way in.
_OPEN = (
    "info", "openapi.json", "call", "queue/join", "queue/data", "queue/status", "cancel", "reset", "heartbeat",
    "startup-events", "upload", "upload_progress", "component_server", "app_id", "user", "login_check", "theme.css",
    "mcp", "explorer",
)  # fmt: skip
_CLOSED = ("/monitoring", "/deep_link", "/svelte", "/logout", "/docs", "/redoc", "/dev")

SENT = "explorer/analyse"  # the one route that takes a picture as the raw body (explorer/web/sent.py)
MOST_JSON = 4_000_000  # bytes of a question: a picture as a data URI and the text around it, or a picture
MOST_UPLOAD = MAX_BYTES + 1_000_000  # bytes of one upload, with what multipart wraps around its files
RATE, BURST = (
    20.0,
    300,
)  # questions per second and in a burst from one address: a class of a hundred behind one router

# Some scripts and styles are inline, and Gradio compiles its templates, so both need `unsafe-`. Its template
# loads one script from cdnjs, which lets a frame take the page's height.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob: https://cdnjs.cloudflare.com",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space",
    )
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=()"),
    (b"content-security-policy", POLICY.encode()),
)

_log = logging.getLogger(__name__)


# Gradio's client in the browser discards the body of an answer with such a status, so the page's questions get it
# like every other error: {"error": sentence} with status 200.
_TOLD_IN_ANSWERS = (413, 429, 500, 503, 507)
_BAD_PARAMETERS = -32602  # JSON-RPC 2.0


class Refused(Exception):
    """A request that is not answered: a status, and one plain sentence. `call` is the id of an MCP client's call."""

    def __init__(self, status: int, sentence: str, call: Any = None, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers, self.call = status, headers, call


class Gone(Refused):
    """A picture that is not, or no longer, among the uploads: the page says so, so that it can be sent again."""


class Guard:
    """ASGI middleware. It lets through what the page needs and answers everything else itself, in one sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.rate = Rate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                named = {name.lower() for name, _ in message.get("headers", [])}
                extra = [pair for pair in HEADERS if pair[0] not in named]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        try:
            receive = await self._checked(scope, receive)
            await self.app(scope, receive, send_safely)
        except Refused as refused:
            await _said(refused, scope)(scope, receive, send_safely)
        except Exception as error:
            if started:
                raise
            _log.exception("a request failed")
            said = _failure(error)
            await _said(said, scope)(scope, receive, send_safely)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """The `receive` that reads the request from here on. Raises `Refused`."""
        path, route = _route(scope)
        if path.startswith(_CLOSED):
            raise Refused(404, "There is nothing at this address.")
        if API in path:
            if route.startswith("file="):
                _check_file(route.removeprefix("file="))
            elif not any(route == one or route.startswith((f"{one}/", f"{one}?")) for one in _OPEN):
                raise Refused(404, "There is nothing at this address.")
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            return receive
        headers = dict(scope["headers"])
        self.rate.take(_client(scope, headers))
        if route.rstrip("/") == "upload":
            _check_length(headers, MOST_UPLOAD)
            if bytes_kept() > MOST_KEPT:
                raise Refused(
                    503, "The server holds too many pictures now; try again in an hour.", **_after(3600)
                )
            return _limited(receive, MOST_UPLOAD)
        kind = headers.get(b"content-type", b"")
        if route == SENT:
            # Not a type that another site's form or script may send without a preflight.
            if kind != b"application/octet-stream":
                raise Refused(415, "Send the picture's bytes as application/octet-stream.")
            _check_length(headers, MOST_JSON)
            return _limited(receive, MOST_JSON)
        if kind.startswith(b"multipart/"):
            raise Refused(415, "Send this question as JSON.")
        _check_length(headers, MOST_JSON)
        return await _checked_json(receive, route)


def _route(scope: Scope) -> tuple[str, str]:
    """The path below the page's own root, and the part of it after Gradio's prefix."""
    path = scope["path"].removeprefix(scope.get("root_path", "") or "")
    return path, path.partition(API)[2]


def _failure(error: Exception) -> Refused:
    """The refusal for a request that failed inside Gradio."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC:
        return Refused(507, "The server's disk is full; try again later.")
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return Refused(507, "The server cannot store pictures now; tell whoever runs it.")
    return Refused(500, "The server made a mistake; try again.")


def _said(refused: Refused, scope: Scope) -> JSONResponse:
    """The refusal in the form the client expects, in the language that the request prefers."""
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    route, sentence = _route(scope)[1].rstrip("/"), str(refused)
    if route == "component_server":  # the page knows these sentences and its own language
        told = refused.status in _TOLD_IN_ANSWERS or isinstance(refused, Gone)
        status = 200 if told else refused.status
        return JSONResponse({"error": sentence}, status, refused.headers)
    sentence = in_language(sentence, accepted)
    if route.startswith("mcp") and refused.call is not None:
        error = {"code": _BAD_PARAMETERS, "message": sentence}
        return JSONResponse({"jsonrpc": "2.0", "id": refused.call, "error": error})
    return JSONResponse({"error": sentence, "detail": sentence}, refused.status, refused.headers)


class Rate:
    """How many questions each address has left: a bucket that fills at RATE and holds BURST."""

    MOST = 10_000  # addresses remembered

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = (
            OrderedDict()
        )  # address -> what is left, and as of when

    def take(self, address: str) -> None:
        """Takes one question. Raises `Refused` if none is left."""
        now = time.monotonic()
        left, since = self._left.pop(address, (float(BURST), now))
        left = min(float(BURST), left + (now - since) * RATE) - 1
        self._left[address] = (max(left, 0.0), now)
        while len(self._left) > self.MOST:
            self._left.popitem(last=False)
        if left < 0:
            raise Refused(429, "These are too many questions at once; wait a few seconds.", **_after(5))


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}


def _client(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """The client's address: what the last proxy before us saw, else the connection's own.

    A proxy is on this machine or in its network; from anywhere else the header cannot be trusted.
    """
    address = (scope.get("client") or ("", 0))[0]
    try:
        near = not ipaddress.ip_address(address).is_global  # private, or shared by a provider's machines
    except ValueError:
        near = True  # a socket file: only a proxy on this machine uses it
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip()
    return (near and forwarded) or address


def _check_file(asked: str) -> None:
    """Only uploads are sent back, and only as this server's own files."""
    try:
        stored(str(Path(asked)))
    except UnreadableImage:
        raise Refused(404, "There is no such file here.") from None


def _check_length(headers: dict[bytes, bytes], most: int) -> None:
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > most:
        raise Refused(413, f"That is too much at once; send less than {most // 1_000_000} MB.")


def _limited(receive: Receive, most: int) -> Receive:
    """Passes a body on as it arrives, up to `most` bytes, whatever length it claimed."""
    taken = 0

    async def read() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise Refused(413, f"That is too much at once; send less than {most // 1_000_000} MB.")
        return message

    return read


async def _checked_json(receive: Receive, route: str) -> Receive:
    """Reads the whole question and checks the files it names: they must be uploads. URLs are never fetched."""
    read, body = _limited(receive, MOST_JSON), b""
    while True:
        message = await read()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    question = _parsed(body)
    if fault := fault_of(route, question):
        raise Refused(*fault)
    for path in files_in(question):
        try:
            stored(path)
        except UnreadableImage as error:
            raise Gone(400, str(error), question.get("id") if isinstance(question, dict) else None) from None
    replayed = iter(
        [message if message["type"] != "http.request" else {"type": "http.request", "body": body}]
    )

    async def replay() -> Message:
        return next(replayed, None) or await receive()

    return replay


def _parsed(body: bytes) -> Any:
    """A question's JSON; None for an empty body. Raises `Refused`."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "That question is not JSON.") from None
