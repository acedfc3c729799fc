"""What the command line's arguments name: files, folders, zip archives, patterns, and names on standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from explorer.data.collection import Member, RefusedCollection, is_junk, list_members

# In a folder only files with a picture's suffix count; a file named explicitly is tried whatever its name.
PICTURES = {
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jfif", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".qoi",
    ".tga", ".tif", ".tiff", ".webp",
}  # fmt: skip


def find_pictures(arguments: Iterable[str]) -> Iterator[Member]:
    """One member per picture, in order; what cannot be one has its problem set.

    A folder is walked, sorted, without its hidden files; an archive gives its members; a pattern (`*`, `?`, `[`, and
    `**` for any folders) that is no file's name gives what matches. "-" stands for names on standard input, one a
    line, or for one picture that is sent there.
    """
    for argument in arguments:
        if argument == "-":
            yield from _from_input(sys.stdin.buffer.read())
        else:
            yield from _named(argument)


def _named(name: str) -> Iterator[Member]:
    path = Path(name)
    try:
        if path.is_dir():
            yield from _in_folder(path, name)
        elif path.is_file():
            yield from list_members([(path, name)], unbounded=True)
        elif glob.has_magic(name) and (found := sorted(glob.glob(name, recursive=True))):
            for match in found:
                yield from _named(match)
        else:
            yield Member(name, path, problem=f"There is no image file {name}; check its name.")
    except RefusedCollection as refused:  # an empty archive
        yield Member(name, path, problem=str(refused))
    except (OSError, ValueError):  # no permission; a null byte
        yield Member(name, path, problem=f"{name} cannot be read; check its name and permissions.")


def _in_folder(folder: Path, name: str) -> Iterator[Member]:
    found = False
    for path in sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file()
    ):
        inside = path.relative_to(folder).as_posix()
        if not is_junk(inside):
            found = True
            yield Member(os.path.join(name, inside), path)
    if not found:
        yield Member(name, folder, problem="There is no picture in this folder.")


def _from_input(data: bytes) -> Iterator[Member]:
    """Text is names; anything else is a picture, which is kept in a file for as long as the program runs."""
    try:
        names = data.decode("utf-8")
    except UnicodeDecodeError:
        names = "\0"
    if "\0" not in names:
        for name in names.splitlines():
            if name.strip():
                yield from _named(name.strip())
        return
    with NamedTemporaryFile(prefix="exit-explorer-") as file:
        file.write(data)
        file.flush()
        yield Member("-", Path(file.name))
