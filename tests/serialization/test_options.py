"""Options of `save` and `load` that hold until they are changed, and own devices."""

from __future__ import annotations

import io
import zipfile

import pytest

import rushlight
from rushlight import serialization
from rushlight.serialization import LoadEndianness, UnsafeFileError, devices


def stream(value, **options):
    file = io.BytesIO()
    rushlight.save(value, file, **options)
    file.seek(0)
    return file


def test_byte_order_of_files_that_do_not_tell_it():
    one = rushlight.tensor([1, 256], dtype=rushlight.int32)
    untold = stream(one, _disable_byteorder_record=True)
    assert serialization.get_default_load_endianness() is None
    for order, expected in (
        (LoadEndianness.BIG, [1 << 24, 1 << 16]),
        (LoadEndianness.LITTLE, [1, 256]),
        (LoadEndianness.NATIVE, [1, 256]),
        (None, [1, 256]),
    ):
        serialization.set_default_load_endianness(order)
        assert serialization.get_default_load_endianness() is order
        untold.seek(0)
        assert rushlight.load(untold).tolist() == expected
        assert rushlight.load(stream(one)).tolist() == [1, 256]
    with pytest.raises(TypeError, match="Invalid argument type"):
        serialization.set_default_load_endianness("big")


def test_files_without_checksums(tmp_path):
    values = {"a": rushlight.arange(100_000)}
    serialization.set_crc32_options(False)
    try:
        assert serialization.get_crc32_options() is False
        rushlight.save(values, tmp_path / "bare.pt")
    finally:
        serialization.set_crc32_options(True)
    with zipfile.ZipFile(tmp_path / "bare.pt") as archive:
        assert {entry.CRC for entry in archive.infolist()} == {0}
        assert not any("content_hash" in name for name in archive.namelist())
    assert rushlight.load(tmp_path / "bare.pt")["a"].equal(values["a"])
    rushlight.save(values, tmp_path / "summed.pt")
    with zipfile.ZipFile(tmp_path / "summed.pt") as archive:
        assert archive.testzip() is None


def test_a_checksum_of_zero_is_no_way_around_the_content_hash():
    whole = stream(rushlight.arange(3.0)).getvalue()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        entry = archive.getinfo("archive/data/0")
    damaged = whole.replace(entry.CRC.to_bytes(4, "little"), bytes(4))
    assert damaged != whole
    with pytest.raises(UnsafeFileError, match="content hash|checksum"):
        rushlight.load(io.BytesIO(damaged))


def test_room_for_data_without_data():
    value = rushlight.arange(1000.0)
    with serialization.skip_data():
        room = stream(value)
        assert rushlight.load(stream(value)).sum() == 0
        with pytest.raises(RuntimeError, match="Cannot use skip_data=True"):
            stream(value, _use_new_zipfile_serialization=False)
    assert len(room.getvalue()) == len(stream(value).getvalue())
    assert rushlight.load(room).equal(rushlight.zeros(1000))
    with pytest.raises(NotImplementedError, match="materialize_fake_tensors"):
        with serialization.skip_data(materialize_fake_tensors=True):
            pass


@pytest.fixture
def packages(monkeypatch):
    monkeypatch.setattr(devices, "_packages", list(devices._packages))


def test_packages_of_the_program(packages):
    seen = []

    def restore(storage, location):
        seen.append(location)
        return storage if location == "attic" else None

    serialization.register_package(
        5, lambda storage: "attic" if storage.nbytes() == 12 else None, restore
    )
    large, small = rushlight.arange(3.0), rushlight.arange(2.0)
    assert serialization.location_tag(large.untyped_storage()) == "attic"
    assert serialization.location_tag(small.untyped_storage()) == "cpu"
    for zipped in (True, False):
        file = stream([large, small], _use_new_zipfile_serialization=zipped)
        found = rushlight.load(file)
        assert found[0].equal(large) and found[1].equal(small)
    assert seen == ["attic", "cpu"] * 2

    def fail(storage, location):
        raise KeyError("mine")

    serialization.register_package(1, lambda storage: None, fail)
    with pytest.raises(KeyError, match="mine"):
        rushlight.load(stream(small))


def test_default_places():
    storage = rushlight.ones(2).untyped_storage()
    assert serialization.default_restore_location(storage, "cpu") is storage
    meta = serialization.default_restore_location(storage, "meta")
    assert (meta.device.type, meta.nbytes()) == ("meta", 8)
    with pytest.raises(RuntimeError, match="on a CUDA device"):
        serialization.default_restore_location(storage, "cuda:0")
    with pytest.raises(RuntimeError, match="tagged with attic"):
        serialization.default_restore_location(storage, "attic")
