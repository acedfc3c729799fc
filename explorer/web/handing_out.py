"""Serves the network to visitors' browsers: the Live tab's worker, its runtime and a model's pieces, as files.

Nothing is made until the first visitor opens Live, and each model is made once while the server runs.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from explorer.model.bundle import ModelError
from explorer.web.analysis import open_model
from explorer.web.files import PLACE
from explorer.web.runtime import fetch_runtime
from explorer.web.shelf import per_model
from explorer.web.site_model import BROWSER_RULES, write_model

ADDRESS = f"{PLACE}network/"
NOT_HERE = "This server hands its network to no browser; it answers frame by frame itself."
_KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json"}
_log = logging.getLogger(__name__)
_one = Lock()  # a network is exported for one visitor at a time
_making = Lock()


def _folder() -> Path:
    with _making:
        return _made_folder()


@lru_cache(maxsize=1)
def _made_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="exit-explorer-network-"))
    shutil.copytree(
        Path(__file__).parent / "browser",
        folder / "worker",
        ignore=shutil.ignore_patterns("sw.js", "package.json"),
    )
    return folder


@lru_cache(maxsize=1)
def _runtime() -> dict[str, Any] | None:
    """None if it cannot be fetched: the next caller must not wait for npm again."""
    try:
        return fetch_runtime(_folder())
    except (ModelError, OSError) as error:
        _log.warning("no runtime to hand out: %s", error)
        return None


@per_model(8)
def _model(name: str) -> dict[str, Any]:
    file: dict[str, Any] = write_model(name, open_model(name), _folder(), BROWSER_RULES)["file"]
    return file


def network_files(name: str) -> dict[str, Any]:
    """Where a browser finds a model's network: {address, models, runtime}, as worker/worker.js takes at the start.

    Raises `ModelError`, a sentence for the visitor, if this server lacks something it needs; its log says what.
    """
    try:
        with _one:
            runtime = _runtime()
            if runtime is None:
                raise ModelError(NOT_HERE)
            return {"address": ADDRESS, "models": {name: _model(name)}, "runtime": runtime}
    except (ModelError, OSError) as error:
        _log.warning("the network is not handed out: %s", error)
        raise ModelError(NOT_HERE) from None


async def serve_network(request: Request) -> Response:
    """The file of the request's path parameter `path`; its hash is in its address, or the worker checks it."""
    folder = await anyio.to_thread.run_sync(_folder)
    path = (folder / request.path_params["path"]).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return Response("There is nothing at this address.", 404)
    kept = "public, max-age=31536000, immutable" if request.url.query else "no-cache"
    kind = _KINDS.get(path.suffix, "application/octet-stream")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": kept})


def forget_network() -> None:
    """Delete what was made, when the server ends."""
    if _made_folder.cache_info().currsize:
        shutil.rmtree(_folder(), ignore_errors=True)
    for made in (_made_folder, _runtime, _model):
        made.cache_clear()  # type: ignore[union-attr]
