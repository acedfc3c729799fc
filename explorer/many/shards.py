"""python -m explorer infer: a data set of folders or tar shards, on any number of processes, resumed where it ended."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from PIL import Image

from explorer.data.collection import is_junk
from explorer.data.reading import UnreadableImage, read_image
from explorer.data.sources import PICTURES
from explorer.grain import Grain
from explorer.many.batches import reports
from explorer.model.bundle import Model
from explorer.rules import Rule

CHUNK = 256  # pictures per part: what a process takes at a time, and the most a kill can lose
MOST = 200_000_000  # bytes in one picture's file


@dataclass(frozen=True)
class Place:
    """Which of several processes this one is, as `accelerate launch` and `torchrun` say in the environment."""

    rank: int
    world: int

    @classmethod
    def here(cls) -> Place:
        return cls(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))


def default_device() -> str:
    """This process's own graphics card, where there is one for it; else the CPU."""
    local = int(os.environ.get("LOCAL_RANK", 0))
    return f"cuda:{local % torch.cuda.device_count()}" if torch.cuda.is_available() else "cpu"


def find_shards(data: list[str]) -> list[Path]:
    """Every tar archive that is named or lies in a named folder; a folder without any is a shard itself. Sorted.

    Raises `ValueError` for what is neither.
    """
    shards: list[Path] = []
    for name in data:
        path = Path(name)
        if path.is_dir():
            shards += sorted(path.glob("*.tar")) or [path]
        elif path.is_file() and tarfile.is_tarfile(path):
            shards.append(path)
        else:
            raise ValueError(f"{name} is neither a folder nor a tar archive; name one of these.")
    return shards


def names_in(shard: Path) -> list[str]:
    """The pictures of a shard, in its own order: files of a folder, sorted, or regular files of a tar archive.

    Of a tar archive only the headers are read. Raises `ValueError` for a damaged one.
    """
    if shard.is_dir():
        names = sorted(path.relative_to(shard).as_posix() for path in shard.rglob("*") if path.is_file())
    else:
        with _opened(shard) as archive:
            try:
                names = [entry.name for entry in archive if entry.isfile()]
            except (tarfile.TarError, OSError, ValueError) as error:
                raise ValueError(f"{shard} is damaged or cut off; fetch it again.") from error
    return [name for name in names if Path(name).suffix.lower() in PICTURES and not is_junk(name)]


def run(
    model: Model,
    data: list[str],
    out: Path,
    rule: Rule,
    thresholds: ArrayLike,
    place: Place,
    grain: Grain | None = None,
    left_out: Collection[int] = (),
) -> Iterator[tuple[Path, int]]:
    """Write this process's parts of the answers, one JSON-lines file per CHUNK pictures; yields each with its rows.

    Which pictures a part holds depends on the data alone, not on how many processes there are, and a part appears
    whole or not at all: running the same command again, with more or fewer processes, does what is missing.
    Raises `ValueError` for an `out` that holds the answers of another run.
    """
    shards = find_shards(data)
    _claim(
        out,
        {
            "model": model.name,
            "rule": rule.name,
            "thresholds": thresholds,
            "grain": grain and grain.name,
            **({"left_out": sorted(left_out)} if left_out else {}),
            "shards": [str(s) for s in shards],
        },
    )
    turn = 0
    for index, shard in enumerate(shards):
        names = names_in(shard)
        for first in range(0, len(names), CHUNK):
            mine = turn % place.world == place.rank
            turn += 1
            part = out / f"{index:05}-{first // CHUNK:05}.jsonl"
            if mine and not part.exists():
                chosen = names[first : first + CHUNK]
                pictures = _pictures(shard, first, chosen)
                _write(part, reports(model, pictures, rule, thresholds, grain, left_out))
                yield part, len(chosen)


def _claim(out: Path, facts: dict[str, Any]) -> None:
    """The folder belongs to one run: the first process writes down which, the others compare."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, indent=1, default=list) + "\n"
    mine = out / f"run.{os.getpid()}.part"
    mine.write_text(text, encoding="utf-8")
    try:
        os.link(mine, out / "run.json")  # atomically, and by one process only
    except FileExistsError:
        if (out / "run.json").read_text(encoding="utf-8") != text:
            raise ValueError(f"{out} holds the answers of another run; name another folder.") from None
    finally:
        mine.unlink()


def _write(part: Path, rows: Iterator[dict[str, Any]]) -> None:
    temporary = part.with_suffix(f".{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            for row in rows:
                print(json.dumps(row), file=file)
        os.replace(temporary, part)
    finally:
        temporary.unlink(missing_ok=True)


def _opened(shard: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(shard)
    except (tarfile.TarError, OSError) as error:
        raise ValueError(f"{shard} is damaged or cannot be read; fetch it again.") from error


def _pictures(shard: Path, first: int, names: list[str]) -> Iterator[tuple[str, Image.Image | str]]:
    """(shard/name, picture or sentence) of the pictures from `first` on."""
    if shard.is_dir():
        for name in names:
            yield f"{shard}/{name}", _read(shard / name)
        return
    with _opened(shard) as archive:
        entries = [
            e
            for e in archive
            if e.isfile() and Path(e.name).suffix.lower() in PICTURES and not is_junk(e.name)
        ]
        for entry in entries[first : first + len(names)]:
            file = archive.extractfile(entry) if entry.size <= MOST else None
            name = f"{shard}/{entry.name}"
            yield (
                name,
                _read(file.read()) if file else f"It has more than {MOST // 1_000_000} MB; leave it out.",
            )


def _read(source: Path | bytes) -> Image.Image | str:
    try:
        return read_image(source)
    except UnreadableImage as error:
        return str(error)


def checksum(out: Path) -> str:
    """SHA-256 of all answers in the order of the data: the same however many processes there were."""
    digest = hashlib.sha256()
    for part in sorted(out.glob("*-*.jsonl")):
        for line in part.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            row.pop("ms", None)
            digest.update(json.dumps(row, sort_keys=True).encode())
    return digest.hexdigest()
