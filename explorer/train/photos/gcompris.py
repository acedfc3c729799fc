"""Photographs out of Debian's gcompris-qt-data: some to train on, the animals of two of its activities kept apart.

    apt-get download gcompris-qt-data && dpkg-deb -x gcompris-qt-data_*.deb unpacked
    python -m explorer.train.photos.gcompris unpacked FOLDER

writes FOLDER/pictures (to train on, with SOURCES.tsv, for `python -m explorer distil --more`) and FOLDER/natural (for
`--photos`). The licence of each picture stands in the package's copyright file: GPL-3+, CC-BY, CC-BY-SA, public domain.
"""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

# Activities whose pictures are photographs or drawings, and the kind of picture they are to training.
KINDS = {
    "categorization": "scenes",
    "explore_monuments": "scenes",
    "explore_world_music": "scenes",
    "erase": "scenes",
    "details": "scenes",
    "clickgame": "scenes",
    "lang": "cliparts",
    "babyshapes": "cliparts",
}
APART = ("explore_farm_animals", "explore_world_animals")
SMALLEST = 110  # pixels of the shorter side


def resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every uncompressed file in a Qt resource file (.rcc, format 1 and later).

    The format is Qt's (rcc.cpp): a tree of nodes, the names in UTF-16 and the data, each at an offset that the
    header gives.
    """
    raw = path.read_bytes()
    if raw[:4] != b"qres":
        raise ValueError(f"{path} is no Qt resource file.")
    version, tree, data, names = struct.unpack(">4I", raw[4:20])
    node = 14 if version < 2 else 22  # later formats add a date

    def name_at(offset: int) -> str:
        (length,) = struct.unpack_from(">H", raw, names + offset)
        start = names + offset + 6  # behind the length and a hash
        return raw[start : start + 2 * length].decode("utf-16-be")

    def walk(index: int, prefix: str) -> Iterator[tuple[str, bytes]]:
        at = tree + index * node
        name, flags = struct.unpack_from(">IH", raw, at)
        here = f"{prefix}/{name_at(name)}" if index else ""
        if flags & 2:  # a folder: how many children, and the first
            count, first = struct.unpack_from(">II", raw, at + 6)
            for child in range(first, first + count):
                yield from walk(child, here)
        elif not flags & 5:  # 1 is zlib, 4 is zstd: what compresses no further is stored plain
            (offset,) = struct.unpack_from(">I", raw, at + 10)
            (length,) = struct.unpack_from(">I", raw, data + offset)
            yield here, raw[data + offset + 4 : data + offset + 4 + length]

    yield from walk(0, "")


def _pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """The resource file's pictures that are large enough."""
    for name, content in resources(path):
        try:
            size = Image.open(io.BytesIO(content)).size
        except OSError:
            continue
        if min(size) >= SMALLEST:
            yield name, content


def main(unpacked: Path, folder: Path) -> None:
    """Write both folders from an unpacked package."""
    home = unpacked / "usr" / "share" / "gcompris-qt" / "rcc"
    rows = ["file\tdebian_package\tpath_in_package"]
    for activity in (*KINDS, *APART):
        kind = KINDS.get(activity)
        to = folder / "pictures" / kind if kind else folder / "natural"
        to.mkdir(parents=True, exist_ok=True)
        for name, content in _pictures(home / f"{activity}.rcc"):
            file = f"{activity}-{Path(name).name}"
            (to / file).write_bytes(content)
            if kind:
                rows.append(f"{kind}/{file}\tgcompris-qt-data\t{name}")
    (folder / "pictures" / "SOURCES.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
