"""Mapped model files: pages are private, stay whole, and are read when they are used."""

from __future__ import annotations

import io
import mmap
import os
import zipfile

import pytest

import rushlight
from rushlight.serialization import (
    UnsafeFileError,
    get_default_mmap_options,
    set_default_mmap_options,
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.pt"
    weights = rushlight.arange(100_000, dtype=rushlight.float64)
    state = {"w": weights, "view": weights[5:9], "none": rushlight.empty(0)}
    rushlight.save(state | {"flag": rushlight.tensor([True])}, path)
    return path


def mapped_bytes(path):
    """Bytes of the file that this process has mapped."""
    total = 0
    with open("/proc/self/maps") as maps:
        for line in maps:
            if line.rstrip().endswith(str(path)):
                start, end = (int(n, 16) for n in line.split()[0].split("-"))
                total += end - start
    return total


def test_storages_are_the_pages(path):
    state = rushlight.load(path, mmap=True)
    assert mapped_bytes(path) >= 800_000
    assert state["view"].tolist() == [5, 6, 7, 8]
    assert state["flag"].tolist() == [True] and state["none"].numel() == 0
    del state["w"]
    assert mapped_bytes(path) and state["view"].sum() == 26
    state.clear()
    assert mapped_bytes(path) == 0


def test_writes_stay_in_memory(path):
    before = path.read_bytes()
    path.chmod(0o444)
    state = rushlight.load(path, mmap=True)
    state["w"].mul_(2)
    assert state["view"].tolist() == [10, 12, 14, 16]
    assert path.read_bytes() == before


def test_removed_and_replaced_files_stay_whole(path):
    state = rushlight.load(path, mmap=True)
    path.unlink()
    assert state["w"].sum().item() == 4_999_950_000
    rushlight.save("new", path)
    assert state["w"][99_999].item() == 99_999


def test_unaligned_records_are_read(path):
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    for shift in range(1, 17):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in records.items():
                entry = zipfile.ZipInfo(name)
                entry.extra = b"FB" + shift.to_bytes(2, "little") + bytes(shift)
                archive.writestr(entry, data)
        state = rushlight.load(path, mmap=True)
        assert state["w"].sum().item() == 4_999_950_000
        assert state["w"].data_ptr() % 16 == 0


def test_shared_pages_write_the_file(path):
    with set_default_mmap_options(mmap.MAP_SHARED):
        assert get_default_mmap_options() == mmap.MAP_SHARED
        state = rushlight.load(path, mmap=True)
    assert get_default_mmap_options() == mmap.MAP_PRIVATE
    state["view"].fill_(7)
    assert rushlight.load(path, mmap=True)["w"][4:10].tolist() == [4, 7, 7, 7, 7, 9]
    with pytest.raises(UnsafeFileError, match="'data/0' is damaged"):
        rushlight.load(path)


def test_options_for_good():
    set_default_mmap_options(mmap.MAP_SHARED)
    assert get_default_mmap_options() == mmap.MAP_SHARED
    set_default_mmap_options(mmap.MAP_PRIVATE)
    with pytest.raises(ValueError, match="expected mmap.MAP_PRIVATE or mmap.MAP_SHA"):
        set_default_mmap_options(mmap.MAP_ANONYMOUS)
    assert get_default_mmap_options() == mmap.MAP_PRIVATE


def test_needs_a_path_and_a_zip(path):
    with pytest.raises(ValueError, match="f must be a file path in order to use"):
        rushlight.load(io.BytesIO(path.read_bytes()), mmap=True)
    rushlight.save(1, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved"):
        rushlight.load(path, mmap=True)


def test_descriptors_are_given_back(path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        rushlight.load(path)
        rushlight.load(path, mmap=True)
    assert len(os.listdir("/proc/self/fd")) == before
