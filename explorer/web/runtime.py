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
PATIENCE = 120  # seconds that npm may take
# By backend: a module of a few kilobytes, and its program, shipped packed.
_PARTS = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),  # 14 MB, 3.7 MB packed
    "webgpu": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),  # 27 MB, 6.7 MB packed
}


def fetch_runtime(out: Path) -> dict[str, dict[str, Any]]:
    """Put the runtime into a site: its modules in `ort/`, its programs, packed, in `kept/`.

    The worker unpacks them: few hosts pack .wasm, and many refuse files so large. Returns for "wasm" and "webgpu" each
    its `module`, a path, and `program` {path, bytes, sha256}. Raises `ModelError` where npm is missing or cannot fetch
    it.
    """
    folder = _cache() / f"onnxruntime-web-{RUNTIME_VERSION}"
    if not all((folder / f"{program}.gz").exists() for _, program in _PARTS.values()):
        _fetch(folder)
    found = {}
    for kind, (module, program) in _PARTS.items():
        packed = (folder / f"{program}.gz").read_bytes()
        path = f"kept/{kind}.wasm.gz"
        for name, data in ((f"ort/{module}", (folder / module).read_bytes()), (path, packed)):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(data)
        facts = {"path": path, "bytes": len(packed), "sha256": sha256(packed).hexdigest()}
        found[kind] = {"module": f"ort/{module}", "program": facts}
    return found


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
        try:
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise ModelError(
                f"npm did not fetch onnxruntime-web {RUNTIME_VERSION} in {PATIENCE} seconds; check the connection."
            ) from None
        archives = list(Path(work).glob("*.tgz"))
        if done.returncode != 0 or not archives:
            raise ModelError(
                f"npm could not fetch onnxruntime-web {RUNTIME_VERSION}; check the connection and run it again."
            )
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archives[0]) as archive:
            for module, program in _PARTS.values():  # the packed program last: it shows that all is there
                _keep(folder / module, _member(archive, module))
                _keep(folder / f"{program}.gz", gzip.compress(_member(archive, program), 9, mtime=0))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(f"package/dist/{name}")
    if found is None:
        raise ModelError(f"onnxruntime-web {RUNTIME_VERSION} lacks {name}; report this.")
    return found.read()


def _keep(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
