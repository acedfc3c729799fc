"""Collections of pictures: files and zip archives, limited in size, read one by one and never unpacked to disk."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from PIL import Image

from explorer.data.reading import UnreadableImage, read_image
from explorer.data.zipnames import names_of

MAX_PICTURES = 500
MAX_BYTES = 200_000_000  # of all files together, unpacked

# Ours. Deflate reaches 1032:1 on zeros, and so does a scan of white paper; photos are compressed already.
_BOMB_RATIO = 100
_BOMB_BYTES = 64_000_000  # below this any ratio is allowed: A4 in colour at 500 dots an inch
_MAX_DIRECTORY = 4_000_000  # bytes of an archive's list of contents: 500 files need 8 kB each to get there
_ENCRYPTED = 0x1 | 0x40  # flag bits 0 and 6 (APPNOTE.TXT 4.4.4)
# What systems add by themselves, besides names that begin with a dot: macOS, Windows, Synology's thumbnails.
_JUNK = {"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # of an archive, and of an empty one
_ARCHIVES = (*_ZIP_STARTS, b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")


class RefusedCollection(ValueError):
    """A collection that is refused as a whole; the message is one plain sentence for the person who sent it."""


@dataclass(frozen=True)
class Member:
    """One file of a collection, not read yet.

    Attributes:
        name: what the user knows it by: the file's name, or `archive.zip/path/inside`.
        path: the file on disk, or the archive that holds it.
        entry: its index among the archive's entries; None for a file of its own.
        problem: one plain sentence why it is refused, or None.
    """

    name: str
    path: Path
    entry: int | None = None
    problem: str | None = None


def list_members(files: Iterable[tuple[Path, str]], unbounded: bool = False) -> list[Member]:
    """Every file of a collection, in order, from (path, name) pairs; an archive gives one member per file in it.

    Only lists of contents are read. Folders, hidden files and what systems add (`__MACOSX`, `@eaDir`) are skipped;
    a damaged archive and unsafe entries carry their problem. Raises `RefusedCollection` for more than MAX_PICTURES
    files or MAX_BYTES unless `unbounded`, for an empty collection, and when a file is gone.
    """
    members: list[Member] = []
    size = 0
    for path, name in files:
        try:
            held, bytes_held = _list_file(path, name)
        except OSError as error:
            raise RefusedCollection(f"{name} is not there any more; send it again.") from error
        members += held
        size += bytes_held
        if len(members) > MAX_PICTURES and not unbounded:
            raise RefusedCollection(
                f"That is more than {MAX_PICTURES} files; send at most {MAX_PICTURES} at a time."
            )
        if size > MAX_BYTES and not unbounded:
            raise RefusedCollection(
                f"Together these files hold more than {MAX_BYTES // 1_000_000} MB; send fewer or smaller ones."
            )
    if not members:
        raise RefusedCollection("There is no picture in this; send images, or a zip archive of images.")
    return members


def read_members(members: Iterable[Member]) -> Iterator[Image.Image | str]:
    """Each member's picture in RGB (see `read_image`), or one plain sentence saying why there is none.

    An archive stays open while its members follow each other.
    """
    with ExitStack() as stack:
        opened: tuple[Path, ZipFile] | None = None
        for member in members:
            if member.problem is not None:
                yield member.problem
                continue
            try:
                if member.entry is None:
                    yield read_image(member.path.read_bytes())
                    continue
                if opened is None or opened[0] != member.path:
                    stack.pop_all().close()
                    opened = member.path, stack.enter_context(_open_archive(member.path))
                yield read_image(_unpack(opened[1], member.entry))
            except UnreadableImage as error:
                yield str(error)
            except OSError:
                yield "This file is not there any more; send it again."


def _list_file(path: Path, name: str) -> tuple[list[Member], int]:
    """A file's members, and the bytes that they unpack to. An archive is recognised by its start, not its name."""
    with path.open("rb") as file:
        archived = file.read(4) in _ZIP_STARTS
    if not archived:
        return [Member(name, path)], path.stat().st_size
    try:
        return _list_archive(path, name)
    except UnreadableImage as error:
        return [Member(name, path, problem=str(error))], 0


class _Wary(io.BufferedReader):
    """An archive's file, which never returns more at once than an honest list of contents.

    ZipFile reads and parses the whole list on opening: millions of empty entries would fill the memory.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile("the list of contents is too long")
        return super().read(size)


@contextmanager
def _open_archive(path: Path) -> Iterator[ZipFile]:
    """Raises `UnreadableImage` for anything but a sound zip archive, `OSError` when there is no such file."""
    with _Wary(io.FileIO(path)) as file:
        try:
            archive = ZipFile(file)
        except (
            Exception
        ) as error:  # on bad bytes zipfile raises BadZipFile, struct.error, ValueError and others
            raise UnreadableImage(
                "This zip archive is damaged or holds far too much; pack it again."
            ) from error
        with archive:
            yield archive


def _list_archive(path: Path, name: str) -> tuple[list[Member], int]:
    """An archive's members, and the bytes that those without a problem unpack to."""
    members, size = [], 0
    with _open_archive(path) as archive:
        entries = archive.infolist()
        for index, (entry, inside) in enumerate(zip(entries, names_of(entries), strict=True)):
            if inside.endswith("/") or is_junk(inside):
                continue
            problem = _problem(entry)
            members.append(Member(f"{name}/{inside}", path, index, problem))
            size += 0 if problem else entry.file_size
    return members, size


def is_junk(name: str) -> bool:
    """Whether a path inside a folder or archive is hidden, or what systems add to it."""
    parts = PurePosixPath(name).parts
    return any(part.lower() in _JUNK or (part.startswith(".") and part != "..") for part in parts)


def _problem(entry: ZipInfo) -> str | None:
    """Why an entry is refused, judged by the list of contents, or None."""
    name = PureWindowsPath(entry.orig_filename)  # knows both kinds of slash, and drive letters
    kind = stat.S_IFMT(entry.external_attr >> 16)  # Unix mode, where the packer gave one
    if not entry.filename:  # nothing before the first zero byte
        return "It has no name; pack it again."
    if name.anchor or ".." in name.parts:
        return "Its name leads out of the archive; pack it again without such a path."
    if kind == stat.S_IFLNK:
        return "It is a link and not a picture; pack the picture itself."
    if kind not in (0, stat.S_IFREG):
        return "It is a device and not a picture; leave it out."
    if entry.flag_bits & _ENCRYPTED:
        return "It is encrypted; pack it without a password."
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "It is packed by a method this page does not open; pack it as a plain zip."
    if entry.file_size > max(_BOMB_BYTES, _BOMB_RATIO * entry.compress_size):
        return f"It would unpack to over {_BOMB_RATIO} times its size, as a zip bomb does; send the picture itself."
    return None


def _unpack(archive: ZipFile, index: int) -> bytes:
    """An entry's bytes, at most as many as the list of contents says. Raises `UnreadableImage`."""
    try:
        with archive.open(archive.infolist()[index]) as stream:
            start = stream.read(8)
            if start.startswith(_ARCHIVES):
                raise UnreadableImage("This is an archive inside the archive; send what it holds by itself.")
            parts = [start]
            while part := stream.read(1 << 20):
                parts.append(part)
    except UnreadableImage:
        raise
    except (
        Exception
    ) as error:  # on bad bytes BadZipFile, zlib.error, EOFError, NotImplementedError and others
        raise UnreadableImage("This file is damaged inside the archive; pack it again.") from error
    return b"".join(parts)
