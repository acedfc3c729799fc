"""What an archive's files are called: names from macOS and Windows do not state their encoding."""

from __future__ import annotations

import struct
import unicodedata
import zlib
from collections.abc import Sequence
from zipfile import ZipInfo

_UTF8 = 0x800  # flag bit 11: the name is UTF-8 (APPNOTE.TXT 4.4.4)
_UNICODE_PATH = 0x7075  # extra field of Info-ZIP: the name again, in UTF-8 (APPNOTE.TXT 4.6.9)
# What Windows writes, by locale: western (the standard's, then Europe's), Cyrillic, Japanese, Chinese.
_CODE_PAGES = ("cp437", "cp850", "cp1252", "cp866", "cp932", "gbk")
_ONE_SCRIPT = {"CJK": "EAST", "HIRAGANA": "EAST", "KATAKANA": "EAST", "KATAKANA-HIRAGANA": "EAST"}


def names_of(entries: Sequence[ZipInfo]) -> list[str]:
    """Each entry's name with forward slashes, composed (NFC), in the encoding that makes the best sense of all."""
    unsaid = [raw for entry in entries if (raw := _raw(entry)) is not None and not raw.isascii()]
    encoding = _encoding(unsaid)
    names = []
    for entry in entries:
        raw = _raw(entry)
        name = entry.filename if raw is None else _decoded(raw, encoding)
        name = _unicode_path(entry, raw) or name
        names.append(unicodedata.normalize("NFC", name.replace("\\", "/")))
    return names


def _raw(entry: ZipInfo) -> bytes | None:
    """The name's own bytes, which zipfile has read as code page 437; None if it is marked as UTF-8."""
    if entry.flag_bits & _UTF8:
        return None
    try:
        return entry.filename.encode("cp437")
    except UnicodeEncodeError:  # an entry that was created, not read
        return None


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:  # the one name of another making
        return raw.decode("cp437")


def _encoding(names: list[bytes]) -> str:
    """UTF-8 if all names are, as other text hardly ever is by chance; else the code page with the fewest oddities."""
    try:
        for name in names:
            name.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    sample = names[:50]
    return min(_CODE_PAGES, key=lambda page: sum(_oddities(name, page) for name in sample))


def _oddities(raw: bytes, encoding: str) -> float:
    """How unlike a name some bytes are in an encoding. Ours: signs, mixed scripts, eastern letters beside western."""
    try:
        name = raw.decode(encoding)
    except UnicodeDecodeError:
        return 1000
    odd, scripts = 0.0, set()
    for before, letter, after in zip(" " + name, name, name[1:] + " ", strict=False):
        odd += 0.5 if letter.isupper() and before.islower() and not (letter + before).isascii() else 0
        if letter.isascii():
            continue
        script = unicodedata.name(letter, "?").split()[0]
        script = _ONE_SCRIPT.get(script, script)
        if not letter.isalpha() or script in (
            "SUPERSCRIPT",
            "HALFWIDTH",
            "FEMININE",
            "MASCULINE",
            "MICRO",
            "?",
        ):
            odd += 1
            continue
        scripts.add(script)
        beside_western = any(c.isascii() and c.isalpha() for c in (before, after))
        odd += 1 if script != "LATIN" and beside_western else 0
    return odd + max(0, len(scripts) - 1) + (0.1 if "GREEK" in scripts else 0)


def _unicode_path(entry: ZipInfo, raw: bytes | None) -> str | None:
    """The name in Info-ZIP's extra field, if it belongs to this very name; None otherwise."""
    extra, at = entry.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _UNICODE_PATH and len(field) > 5 and raw is not None:
            version, checksum = struct.unpack_from("<BI", field)
            if version == 1 and checksum == zlib.crc32(raw):
                return field[5:].decode("utf-8", errors="replace")
    return None
