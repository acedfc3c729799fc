"""Names of files in archives, as the systems write that are in use."""

import struct
import zlib
from zipfile import ZipInfo

import pytest

from explorer.data.zipnames import names_of


def entry(raw: bytes, extra: bytes = b"", flags: int = 0) -> ZipInfo:
    """As zipfile reads a name that is not said to be UTF-8."""
    made = ZipInfo(raw.decode("cp437"))
    made.filename = made.orig_filename = raw.decode("utf-8" if flags else "cp437")
    made.extra, made.flag_bits = extra, flags
    return made


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Größe über Maß.jpg", "cp437"),
        ("Größe über Maß.jpg", "cp850"),
        ("Größe.jpg", "cp1252"),
        ("São Paulo, avião.jpg", "cp850"),
        ("Élève à l'école.png", "cp850"),
        ("Фотография 12.jpg", "cp866"),
        ("Рисунок.png", "cp866"),
        ("лето/море.jpg", "cp866"),
        ("写真 1.jpg", "cp932"),
        ("ねこの写真.jpg", "cp932"),
        ("スクリーンショット.png", "cp932"),
        ("照片/小狗.jpg", "gbk"),
        ("新建文件夹/图片.png", "gbk"),
        ("日本語とGröße.jpg", "utf-8"),
    ],
)
def test_a_name_without_its_encoding_is_read_as_it_was_written(name, encoding):
    assert names_of([entry(name.encode(encoding))]) == [name]


def test_the_names_of_an_archive_decide_together():
    names = ["αρχείο.jpg", "Maß.jpg"]
    assert names_of([entry(n.encode("utf-8")) for n in names]) == names
    russian = ["лес.jpg", "Фотография.jpg", "a.jpg"]
    assert names_of([entry(n.encode("cp866")) for n in russian]) == russian


def test_decomposed_letters_are_composed_and_backslashes_are_folders():
    assert names_of([entry("Größe.jpg".encode())]) == ["Größe.jpg"]
    assert names_of([entry(b"train\\cat\\1.jpg"), entry(b"train\\")]) == ["train/cat/1.jpg", "train/"]


def test_info_zips_second_name_is_believed_only_for_this_name():
    raw, name = b"Gr??e.jpg", "Größe ☃.jpg"

    def field(checksum: int) -> bytes:
        body = struct.pack("<BI", 1, checksum) + name.encode()
        return struct.pack("<HH", 0x7075, len(body)) + body

    assert names_of([entry(raw, field(zlib.crc32(raw)))]) == [name]
    assert names_of([entry(raw, field(7))]) == ["Gr??e.jpg"]
    assert names_of([entry(raw, field(zlib.crc32(raw))[:7])]) == ["Gr??e.jpg"]


def test_a_name_said_to_be_utf8_is():
    assert names_of([entry("Größe.jpg".encode(), flags=0x800)]) == ["Größe.jpg"]
