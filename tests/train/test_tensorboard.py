"""The curves' file is what TensorBoard reads: records with checksums, events in protocol buffers."""

import struct

from tensorboard.backend.event_processing import event_accumulator

from explorer.train.tensorboard import Curves, crc32c


def records(path):
    """The data of each record, its checksums held against the unmasked definition."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        event = data[at + 12 : at + 12 + length]
        for part, place in ((data[at : at + 8], at + 8), (event, at + 12 + length)):
            (masked,) = struct.unpack_from("<I", data, place)
            rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
            assert (rotated << 15 | rotated >> 17) & 0xFFFFFFFF == crc32c(part)
        yield event
        at += 16 + length


def fields(message):
    """(number, value) of a protocol buffer: numbers as they are, the rest as bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield key >> 3, message[at : at + size]
        at += size


def test_the_checksum_is_castagnolis():
    assert crc32c(b"123456789") == 0xE3069283  # the published check value
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def test_scalars_come_back_by_name_and_step(tmp_path):
    curves = Curves(tmp_path / "run")
    curves.add(7, {"loss": 0.5})
    curves.add(300, {"loss": 0.25, "validation/block_4": 1.0})
    first, *events = records(curves.path)
    assert dict(fields(first))[3] == b"brain.Event:2"
    said = []
    for event in map(dict, map(fields, events)):
        for _, value in fields(event[5]):
            scalar = dict(fields(value))
            said.append((event[2], scalar[1].decode(), struct.unpack("<f", scalar[2])[0]))
    assert said == [(7, "loss", 0.5), (300, "loss", 0.25), (300, "validation/block_4", 1.0)]


def test_tensorboard_itself_reads_it(tmp_path):
    curves = Curves(tmp_path)
    curves.add(3, {"loss": 0.5})
    read = event_accumulator.EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(s.step, s.value) for s in read.Scalars("loss")] == [(3, 0.5)]
