"""Reading Qt's resource files, on one written here by hand."""

import io
import struct

import pytest
from PIL import Image

from explorer.train.photos.gcompris import APART, KINDS, main, resources


def resource_file(files: dict[str, bytes], version=2) -> bytes:
    """An .rcc file with one folder "animals" of plain files and one compressed one, laid out as Qt's rcc does."""
    names, name_at = b"", {}
    for name in ("animals", *files, "packed"):
        name_at[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    data, data_at = b"", {}
    for name, content in (*files.items(), ("packed", b"zlib...")):
        data_at[name] = len(data)
        data += struct.pack(">I", len(content)) + content
    date = b"\0" * 8 if version >= 2 else b""
    tree = struct.pack(">IHII", 0, 2, 1, 1) + date
    tree += struct.pack(">IHII", name_at["animals"], 2, len(data_at), 2) + date
    for name in data_at:
        flags = 1 if name == "packed" else 0
        tree += struct.pack(">IHHHI", name_at[name], flags, 0, 0, data_at[name]) + date
    start = 20
    offsets = (start, start + len(tree), start + len(tree) + len(data))
    return b"qres" + struct.pack(">4I", version, *offsets) + tree + data + names


def picture(size) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("version", [1, 2])
def test_names_and_bytes_of_plain_files_come_back(tmp_path, version):
    files = {"cat.png": picture((200, 150)), "note.txt": b"meow"}
    (tmp_path / "x.rcc").write_bytes(resource_file(files, version))
    assert dict(resources(tmp_path / "x.rcc")) == {
        f"/animals/{name}": content for name, content in files.items()
    }


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.rcc").write_bytes(b"PK\3\4 a zip, not a resource file")
    with pytest.raises(ValueError, match="no Qt resource file"):
        list(resources(tmp_path / "x.rcc"))


def test_training_pictures_and_natural_photos_go_to_different_folders(tmp_path):
    home = tmp_path / "unpacked" / "usr" / "share" / "gcompris-qt" / "rcc"
    home.mkdir(parents=True)
    for activity in (*KINDS, *APART):
        files = {"big.png": picture((200, 150)), "small.png": picture((200, 40)), "note.txt": b"meow"}
        (home / f"{activity}.rcc").write_bytes(resource_file(files))
    main(tmp_path / "unpacked", tmp_path / "out")
    natural = {path.name for path in (tmp_path / "out" / "natural").iterdir()}
    assert natural == {f"{activity}-big.png" for activity in APART}
    rows = (tmp_path / "out" / "pictures" / "SOURCES.tsv").read_text().splitlines()
    assert sorted(row.split("\t")[0] for row in rows[1:]) == sorted(
        f"{k}/{a}-big.png" for a, k in KINDS.items()
    )
    assert all((tmp_path / "out" / "pictures" / row.split("\t")[0]).exists() for row in rows[1:])
