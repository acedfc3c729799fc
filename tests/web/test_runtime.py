"""ONNX Runtime Web comes by npm once, and what npm cannot do ends in a sentence, in time."""

import io
import tarfile
from time import perf_counter

import pytest

from explorer.model.bundle import ModelError
from explorer.web import runtime


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Writes the program that stands in for npm, and gives the cache that the runtime is kept in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def write(script):
        program = tmp_path / "npm"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(runtime.shutil, "which", lambda _: str(program))
        return tmp_path / "cache"

    return write


def test_an_npm_that_never_ends_is_given_up_and_nothing_is_kept(npm, tmp_path, monkeypatch):
    cache = npm("exec sleep 60")
    monkeypatch.setattr(runtime, "PATIENCE", 0.3)
    start = perf_counter()
    with pytest.raises(ModelError, match=r"npm did not fetch onnxruntime-web .* in 0\.3 seconds"):
        runtime.fetch_runtime(tmp_path / "out")
    assert perf_counter() - start < 10
    assert not list(cache.rglob("*.gz"))


def test_an_npm_that_fails_is_told_in_a_sentence(npm, tmp_path):
    npm("exit 1")
    with pytest.raises(ModelError, match="npm could not fetch"):
        runtime.fetch_runtime(tmp_path / "out")


def test_what_npm_fetched_is_kept_and_npm_is_not_asked_again(npm, tmp_path):
    archive = tmp_path / "runtime.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in (name for pair in runtime._PARTS.values() for name in pair):
            facts = tarfile.TarInfo(f"package/dist/{name}")
            facts.size = len(name)
            packed.addfile(facts, io.BytesIO(name.encode()))
    npm(f"cp {archive} .")
    first = runtime.fetch_runtime(tmp_path / "out")
    npm("exit 1")
    assert runtime.fetch_runtime(tmp_path / "again") == first
    assert (tmp_path / "again" / first["wasm"]["module"]).read_text() == "ort.wasm.bundle.min.mjs"
