"""ONNX Runtime Web, which runs the network in a browser: fetched by npm once, kept, and put into a site."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from explorer.model.bundle import ModelError

RUNTIME_VERSION = "1.30.0"
_MODULE = "ort.wasm.bundle.min.mjs"
_PROGRAM = "ort-wasm-simd-threaded.wasm"


def fetch_runtime(out: Path) -> dict[str, Any]:
    """Put the runtime into a site: its module in `ort/`, its program, packed, in `kept/`.

    The program has 14 MB and 3.7 MB packed; the worker unpacks it. Returns the program's {path, bytes, sha256}.
    Raises `ModelError` where npm is missing or cannot fetch it.
    """
    folder = _cache() / f"onnxruntime-web-{RUNTIME_VERSION}"
    if not (folder / _PROGRAM).exists():
        _fetch(folder)
    (out / "ort").mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / _MODULE, out / "ort")
    packed = gzip.compress((folder / _PROGRAM).read_bytes(), 9, mtime=0)
    path = "kept/runtime.wasm.gz"
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    (out / path).write_bytes(packed)
    return {"path": path, "bytes": len(packed), "sha256": sha256(packed).hexdigest()}


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "exit-explorer"


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            "The site needs ONNX Runtime Web, which npm fetches; install Node.js with npm first."
        )
    with TemporaryDirectory() as work:
        command = [npm, "pack", f"onnxruntime-web@{RUNTIME_VERSION}", "--silent"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        archives = list(Path(work).glob("*.tgz"))
        if done.returncode != 0 or not archives:
            raise ModelError(
                f"npm could not fetch onnxruntime-web {RUNTIME_VERSION}; check the connection and run it again."
            )
        with tarfile.open(archives[0]) as archive:
            for name in (_MODULE, _PROGRAM):
                found = archive.extractfile(f"package/dist/{name}")
                if found is None:
                    raise ModelError(f"onnxruntime-web {RUNTIME_VERSION} lacks {name}; report this.")
                folder.mkdir(parents=True, exist_ok=True)
                part = folder / f"{name}.part"
                part.write_bytes(found.read())
                part.replace(folder / name)  # whole or not at all
