"""Collections: what is read, what is refused singly and as a whole, and that nothing a stranger packs does harm."""

import io
import stat
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.data import collection
from explorer.data.collection import (
    MAX_PICTURES,
    Member,
    RefusedCollection,
    list_members,
    read_members,
)


def png(value: int = 9) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (5, 4), value).save(buffer, "PNG")
    return buffer.getvalue()


def packed(entries, **options) -> bytes:
    """A zip of (name or ZipInfo, bytes) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def saved(tmp_path):
    """Writes bytes to a file and lists what it holds."""

    def save(data: bytes, name: str = "some.zip") -> list[Member]:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return list_members([(path, name)])

    return save


def outcome(members) -> list:
    """The grey of each picture read, or the sentence why there is none."""
    return [found if isinstance(found, str) else found.getpixel((0, 0))[0] for found in read_members(members)]


def refusal(save, data) -> str:
    with pytest.raises(RefusedCollection) as refused:
        save(data)
    return str(refused.value)


def test_files_and_archives_are_read_in_order(tmp_path):
    (tmp_path / "a").write_bytes(png(1))
    (tmp_path / "b").write_bytes(packed([("x/two.png", png(2)), ("three.png", png(3))]))
    (tmp_path / "c").write_bytes(png(4))
    members = list_members([(tmp_path / n, f"{n}.up") for n in "abc"])
    assert [m.name for m in members] == ["a.up", "b.up/x/two.png", "b.up/three.png", "c.up"]
    assert outcome(members) == [1, 2, 3, 4]
    assert outcome(members[2:]) == [3, 4]
    assert outcome([members[2], members[1], members[0], members[1]]) == [3, 2, 1, 2]


def test_nothing_is_written_to_disk(saved, tmp_path):
    outcome(saved(packed([("../evil.png", png()), ("a/b.png", png())])))
    assert [p.name for p in tmp_path.iterdir()] == ["upload"]
    assert not (tmp_path.parent / "evil.png").exists()


@pytest.mark.parametrize(
    "name", ["../up.png", "a/../../up.png", "/etc/passwd", "C:\\win.png", "..\\up.png", "\\\\host\\share.png"]
)
def test_a_name_that_leads_outside_is_refused_singly(saved, name):
    bad = zipfile.ZipInfo("x")
    bad.filename = name
    refused, read = outcome(saved(packed([(bad, png()), ("fine.png", png(7))])))
    assert refused == "Its name leads out of the archive; pack it again without such a path."
    assert read == 7


@pytest.mark.parametrize(
    ("kind", "word"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "device"), (stat.S_IFCHR, "device")]
)
def test_links_and_devices_are_refused_singly(saved, kind, word):
    special = zipfile.ZipInfo("link.png")
    special.external_attr = (kind | 0o777) << 16
    refused, read = outcome(saved(packed([(special, b"/etc/passwd"), ("fine.png", png(7))])))
    assert f"It is a {word} and not a picture" in refused
    assert read == 7


def test_an_encrypted_entry_is_refused_singly(saved):
    data = bytearray(packed([("secret.png", png()), ("fine.png", png(7))]))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # general purpose flag, bit 0, in the list of contents
    assert outcome(saved(bytes(data))) == ["It is encrypted; pack it without a password.", 7]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_methods_are_refused_singly(saved, method):
    (refused,) = outcome(saved(packed([("a.png", png())], compression=method)))
    assert "a method this page does not open" in refused


def test_a_bomb_is_refused_singly_and_does_not_count(saved):
    zeros = b"\0" * 80_000_000
    entries = [(f"bomb-{i}.bmp", zeros) for i in range(3)]
    members = saved(
        packed([*entries, ("fine.png", png(7))], compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    )
    *bombs, read = outcome(members)
    assert all("as a zip bomb does" in said for said in bombs)
    assert read == 7


def test_a_scan_of_white_paper_is_no_bomb(saved):
    white = io.BytesIO()
    Image.new("L", (2480, 3508), "white").save(white, "TIFF")  # A4 at 300 dots an inch
    assert len(white.getvalue()) > 8_000_000
    data = packed([("white.bmp", white.getvalue())], compression=zipfile.ZIP_DEFLATED)
    assert outcome(saved(data)) == [255]


def test_an_archive_in_the_archive_is_not_opened(saved):
    inner = packed([("a.png", png())])
    assert outcome(saved(packed([("inner.zip", inner), ("fine.png", png(7))]))) == [
        "This is an archive inside the archive; send what it holds by itself.",
        7,
    ]


def test_what_is_no_picture_is_said_for_itself_alone(saved):
    entries = [("notes.txt", b"hello"), ("empty.png", b""), ("fine.png", png(7)), ("cut.png", png()[:30])]
    text, empty, read, cut = outcome(saved(packed(entries)))
    assert text == "This file is not an image Pillow can read; try a JPEG or PNG."
    assert empty == "This file is empty; choose another one."
    assert read == 7
    assert cut.endswith("save it again and retry.")


def test_junk_is_passed_over(saved):
    entries = [
        ("pictures/", b""),
        ("__MACOSX/pictures/._a.png", b"x"),
        ("pictures/.DS_Store", b"x"),
        ("pictures/._b.png", b"x"),
        ("Thumbs.db", b"x"),
        ("a/.git/objects/x.png", b"x"),
        (".hidden", b"x"),
        ("pictures/@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", png(3)),
        ("./pictures/a.png", png(7)),
    ]
    members = saved(packed(entries))
    assert [m.name for m in members] == ["some.zip/./pictures/a.png"]
    assert outcome(members) == [7]


def test_names_keep_their_letters_and_markup_is_only_a_name(saved):
    names = ["Größe 漢字 🧥.png", "<img src=x onerror=alert(1)>.png", "a'\"`${x}{{y}}.png"]
    members = saved(packed([(name, png()) for name in names]), "Zürich.zip")
    assert [m.name for m in members] == [f"Zürich.zip/{name}" for name in names]
    assert outcome(members) == [9, 9, 9]


def test_backslash_folders_of_old_windows_packers_are_folders(saved):
    data = packed([("train\\", b""), ("train\\cat\\1.png", png(1)), ("train\\dog\\1.png", png(2))])
    members = saved(data)
    assert [m.name for m in members] == ["some.zip/train/cat/1.png", "some.zip/train/dog/1.png"]
    assert outcome(members) == [1, 2]


def test_the_same_name_twice_is_two_pictures(saved):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed([("a.png", png(1)), ("a.png", png(2))])
    assert outcome(saved(data)) == [1, 2]


def test_500_files_are_taken_and_501_refused(saved, tmp_path):
    entries = [(f"{i}.png", b"x") for i in range(MAX_PICTURES)]
    assert len(saved(packed(entries))) == 500
    said = "That is more than 500 files; send at most 500 at a time."
    assert refusal(saved, packed([*entries, ("one-more.png", b"x")])) == said
    (tmp_path / "single").write_bytes(png())
    (tmp_path / "full").write_bytes(packed(entries))
    with pytest.raises(RefusedCollection, match="more than 500 files"):
        list_members([(tmp_path / "full", "full.zip"), (tmp_path / "single", "single.png")])


def test_more_than_200_megabytes_unpacked_is_refused(saved, monkeypatch):
    monkeypatch.setattr(collection, "MAX_BYTES", 2_000_000)
    noise = np.random.default_rng(0).bytes(1_100_000)
    assert len(saved(packed([("a", noise)]))) == 1
    said = "Together these files hold more than 2 MB; send fewer or smaller ones."
    assert refusal(saved, packed([("a", noise), ("b", noise)])) == said
    assert collection.MAX_PICTURES * 400_000 == 200_000_000


def test_single_files_count_towards_the_megabytes(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "MAX_BYTES", 100)
    (tmp_path / "big").write_bytes(b"x" * 101)
    with pytest.raises(RefusedCollection, match="send fewer or smaller ones"):
        list_members([(tmp_path / "big", "big.png")])


@pytest.mark.parametrize("data", [packed([]), packed([("folder/", b""), ("__MACOSX/x", b"x")])])
def test_an_archive_without_pictures_is_said(saved, data):
    assert refusal(saved, data) == "There is no picture in this; send images, or a zip archive of images."


def test_nothing_at_all_and_what_is_gone_are_said(tmp_path):
    with pytest.raises(RefusedCollection, match="There is no picture"):
        list_members([])
    with pytest.raises(RefusedCollection, match=r"gone\.png is not there any more; send it again"):
        list_members([(tmp_path / "gone", "gone.png")])
    assert (
        outcome([Member("gone.png", tmp_path / "gone"), Member("in.zip/a", tmp_path / "gone", 0)])
        == ["This file is not there any more; send it again."] * 2
    )


def test_a_damaged_archive_spoils_only_itself(tmp_path):
    data = packed([("a.png", png())])
    (tmp_path / "cut").write_bytes(data[:-30])
    (tmp_path / "fine").write_bytes(png(7))
    members = list_members([(tmp_path / "cut", "cut.zip"), (tmp_path / "fine", "fine.png")])
    assert outcome(members) == ["This zip archive is damaged or holds far too much; pack it again.", 7]


def test_a_picture_damaged_inside_the_archive_is_said(saved):
    data = bytearray(packed([("a.png", png(3)), ("b.png", png(7))]))
    data[data.index(png(3)) + 20] ^= 0xFF  # its checksum no longer holds
    assert outcome(saved(bytes(data))) == ["This file is damaged inside the archive; pack it again.", 7]


def test_a_size_that_lies_unpacks_no_further(saved):
    noise = np.random.default_rng(0).bytes(50_000)
    data = bytearray(packed([("a.png", png() + noise)], compression=zipfile.ZIP_DEFLATED))
    struct.pack_into(
        "<I", data, data.index(b"PK\x01\x02") + 24, 40
    )  # the unpacked size in the list of contents
    assert outcome(saved(bytes(data))) == ["This file is damaged inside the archive; pack it again."]


def test_an_endless_list_of_contents_is_not_read(saved, monkeypatch):
    monkeypatch.setattr(collection, "_MAX_DIRECTORY", 5000)
    (refused,) = outcome(saved(packed([(f"{i}.png", b"") for i in range(200)])))
    assert "holds far too much" in refused


def test_a_bomb_of_one_file_in_many_entries_is_refused(saved):
    """David Fifield's bomb (USENIX WOOT 2019): entries that overlap, so that each unpacks the same bytes."""
    data = bytearray(packed([(f"{i}.png", png(i)) for i in range(3)]))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    struct.pack_into("<I", data, second + 42, 0)  # its place: the first entry's
    first_found, second_found, _ = outcome(saved(bytes(data)))
    assert first_found == 0
    assert "damaged inside the archive" in str(second_found)


def test_an_entry_without_a_name_is_refused_and_the_others_are_read(saved):
    data = packed([("a.png", png(1)), ("b.png", png(2))]).replace(b"a.png", b"\0.png")
    assert outcome(saved(data)) == ["It has no name; pack it again.", 2]


SOUND = packed(
    [("a.png", png(1)), ("dir/b.png", png(2)), ("c.txt", b"x" * 300)], compression=zipfile.ZIP_DEFLATED
)


@given(
    changes=st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=5),
    keep=st.one_of(st.just(len(SOUND)), st.integers(0, len(SOUND))),
)
@settings(max_examples=250, deadline=None)
def test_damaged_archives_give_pictures_or_sentences_and_raise_nothing_else(tmp_path_factory, changes, keep):
    data = bytearray(SOUND)
    for at, value in changes:
        data[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(bytes(data[:keep]))
    with suppress(RefusedCollection):
        for found in read_members(list_members([(path, "damaged.zip")])):
            assert isinstance(found, Image.Image) or found.endswith((".", "retry."))
