"""The core's checksum, and its reads and writes of files by several threads."""

from __future__ import annotations

import os
import random
import zlib

import pytest

from rushlight import _C

SIZES = [
    0,
    1,
    7,
    8,
    15,
    16,
    63,
    64,
    65,
    80,
    129,
    255,
    256,
    257,
    511,
    777,
    4096,
    (1 << 18) + 1,
    (5 << 18) - 3,
]


@pytest.mark.parametrize("size", SIZES)
def test_checksum_is_that_of_zip(size):
    data = random.Random(size).randbytes(size + 3)
    assert _C.crc32(memoryview(data)[3:]) == zlib.crc32(data[3:])


@pytest.mark.parametrize("size", SIZES)
def test_write_then_read(tmp_path, size):
    data = random.Random(size).randbytes(size)
    with open(tmp_path / "file", "w+b") as file:
        assert _C.write_file(file.fileno(), 5, data) == zlib.crc32(data)
        target = bytearray(size)
        assert _C.read_file(file.fileno(), 5, target) == (size, zlib.crc32(data))
        assert target == data and file.tell() == 0


def test_short_file_tells_how_much_it_has(tmp_path):
    (tmp_path / "file").write_bytes(bytes((1 << 18) + 10))
    with open(tmp_path / "file", "rb") as file:
        done, _ = _C.read_file(file.fileno(), 0, bytearray(1 << 20))
        assert done == (1 << 18) + 10
        assert _C.read_file(file.fileno(), 1 << 30, bytearray(8))[0] == 0


def test_errors_of_the_system(tmp_path):
    (tmp_path / "file").touch()
    with (
        open(tmp_path / "file", "rb") as file,
        pytest.raises(OSError, match="Bad file"),
    ):
        _C.write_file(file.fileno(), 0, b"data")
    with pytest.raises(OSError, match="Bad file"):
        _C.read_file(-1, 0, bytearray(4))
    with open(os.devnull, "rb") as file:
        assert _C.read_file(file.fileno(), 0, bytearray(4))[0] == 0
    with pytest.raises(BufferError):
        _C.read_file(0, 0, b"read-only")
