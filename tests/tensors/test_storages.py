"""Storages over files, and who shares memory with whom; storages.txt has the rest."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

import rushlight


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "numbers"
    path.write_bytes(bytes(range(16)))
    return path


def test_private_map_leaves_the_file_alone(file: Path) -> None:
    storage = rushlight.UntypedStorage.from_file(file, False, 8)
    storage[0] = 99
    assert storage.tolist() == [99, *range(1, 8)]
    assert file.read_bytes() == bytes(range(16))
    with pytest.raises(
        RuntimeError, match="smaller than the required mapping size <32>"
    ):
        rushlight.UntypedStorage.from_file(file, False, 32)
    assert rushlight.UntypedStorage.from_file(file).nbytes() == 0


def test_shared_map_writes_and_extends(file: Path) -> None:
    storage = rushlight.UntypedStorage.from_file(file, True, 20)
    storage.fill_(7)
    assert file.read_bytes() == bytes([7] * 20)
    made = file.with_name("new")
    rushlight.ShortStorage.from_file(made, True, 3)[1] = 258
    assert made.read_bytes() == bytes([0, 0, 2, 1, 0, 0])
    assert not storage.resizable()


def test_tensor_over_a_file(file: Path) -> None:
    x = rushlight.from_file(str(file), size=4, dtype=rushlight.int16)
    before = x.clone()
    assert x.tolist() == [0x100, 0x302, 0x504, 0x706]
    rushlight.from_file(str(file), True, 2, dtype=rushlight.uint8).zero_()
    assert file.read_bytes()[:3] == b"\0\0\2"
    assert rushlight.from_file(str(file), size=2).dtype is rushlight.float32
    file.unlink()
    assert x[1:].equal(before[1:])


def test_slice_keeps_the_memory_alive() -> None:
    part = rushlight.UntypedStorage(list(range(200)))[100:103]
    junk = [rushlight.UntypedStorage(200).fill_(0) for _ in range(10)]
    assert part.tolist() == [100, 101, 102] and junk


def test_storage_of_a_tensor_is_live() -> None:
    x = rushlight.arange(4, dtype=rushlight.uint8)
    x.untyped_storage()[2] = 9
    assert x.tolist() == [0, 1, 9, 3]
    x.untyped_storage().copy_(rushlight.UntypedStorage([4, 3, 2, 1]))
    assert x.tolist() == [4, 3, 2, 1]
    view, twin = x[1:], copy.deepcopy(x.untyped_storage())
    twin.fill_(0)
    assert view.tolist() == [3, 2, 1]


def test_meta_storages_have_no_bytes() -> None:
    meta = rushlight.empty(3, device="meta").untyped_storage()
    assert meta.clone().device.type == "meta" and meta.clone().nbytes() == 12
    for touch in (
        lambda: meta[0],
        lambda: meta.__setitem__(0, 1),
        lambda: meta[:2],
        lambda: memoryview(meta),
        lambda: bytes(meta),
        lambda: meta.byteswap(rushlight.int16),
    ):
        with pytest.raises(NotImplementedError, match="meta"):
            touch()


def test_huge_index_and_size() -> None:
    storage = rushlight.UntypedStorage([1, 2])
    for index in (2, -3, 2**70, -(2**70)):
        with pytest.raises(IndexError, match="out of range"):
            storage[index]
    with pytest.raises(OverflowError):
        rushlight.UntypedStorage(2**70)
    with pytest.raises(RuntimeError, match="negative"):
        rushlight.UntypedStorage(-1)
