"""Visitors' files: where Gradio puts them, which paths name one, and when they are deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from explorer.data.reading import UnreadableImage

# A visitor's file is deleted at the first check after this age: long enough for the longest batch, and with the time
# between checks within the hour that the page promises.
UPLOADS_KEPT = 3000  # seconds
UPLOADS_CHECKED = 300  # seconds between two checks
MOST_KEPT = 4_000_000_000  # bytes of all visitors' files together; beyond it uploads are refused

GONE = "One of these files is not here any more; send them again."


@cache
def private_folder() -> Path:
    """A folder of this server's own for uploads, unless GRADIO_TEMP_DIR names one; Gradio's default is shared.

    Call it before the page is built: Gradio's parts look up the folder when they are made. Raises `ValueError`.
    """
    try:
        if not os.environ.get("GRADIO_TEMP_DIR"):
            os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="exit-explorer-")  # for this user alone
        folder = Path(get_upload_folder())
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            "There is no folder for visitors' pictures that can be written to; name one by GRADIO_TEMP_DIR."
        ) from error
    return folder


def stored(path: Any) -> Path:
    """The upload at that path, links followed. Raises `UnreadableImage` with one sentence for everything else.

    The sentence is the same for a file elsewhere and for one that does not exist, so that nobody learns which paths
    exist.
    """
    try:
        folder = Path(get_upload_folder()).resolve()
        found = Path(path).resolve() if isinstance(path, str) and Path(path).is_absolute() else None
        if found is not None and found.is_relative_to(folder) and found.is_file():
            return found
    except (OSError, ValueError, RuntimeError):  # a name too long, a null byte, a loop of links
        pass
    raise UnreadableImage(GONE)


def files_in(value: Any) -> list[Any]:
    """The path of every file that a question's JSON names, wherever it is: `path` in Gradio's {path, meta, …}."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "path" in one:
                found.append(one["path"])
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def delete_old(age: float = UPLOADS_KEPT) -> None:
    """Deletes every upload older than `age` seconds, and folders that became empty. A file in use stays readable."""
    limit = time.time() - age
    for parent, _, names in os.walk(get_upload_folder(), topdown=False):
        for name in names:
            path = Path(parent, name)
            try:
                if path.lstat().st_mtime <= limit:
                    path.unlink()
            except OSError:  # already gone
                continue
        try:
            if Path(parent) != Path(get_upload_folder()) and Path(parent).stat().st_mtime <= limit:
                Path(parent).rmdir()
        except OSError:  # not empty, or gone
            continue


def delete_all() -> None:
    """Deletes every upload when the server ends."""
    for entry in Path(get_upload_folder()).glob("*"):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def bytes_kept() -> int:
    """The bytes of all uploads stored now."""
    total = 0
    for parent, _, names in os.walk(get_upload_folder()):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except OSError:
                continue
    return total
