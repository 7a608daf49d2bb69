"""The zip container: what is written where, and what is refused when it was changed."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import subprocess
import sys
import tempfile
import zipfile

import pytest

import rushlight
from rushlight.serialization import UnsafeFileError, archive_writer
from rushlight.serialization.archive import ArchiveReader, ArchiveWriter
from rushlight.serialization.archive_writer import ALIGNMENT
from rushlight.serialization.content_hash import RECORD

HASH = f"model/{RECORD}"


def tensors():
    base = rushlight.arange(200_000, dtype=rushlight.int32)
    return {
        "large": base,
        "view": base[10:20],
        "columns": base.view(400, 500).t(),
        "empty": rushlight.empty(0, 3),
        "flags": rushlight.tensor([True, False]),
        "many": [rushlight.full((1,), float(n)) for n in range(300)],
    }


def same(one, other):
    if isinstance(one, list):
        return all(map(same, one, other))
    equal = one.shape == other.shape and one.stride() == other.stride()
    return equal and rushlight.equal(one, other)


def rewritten(path, change):
    """Writes the file anew with its records changed by `change(records)`."""
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    change(records)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in records.items():
            archive.writestr(name, data)


def test_zip_is_sound(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(tensors(), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[-1] == HASH
    with open(path, "rb") as file:
        reader = ArchiveReader(file)
    places = [r.offset for name, r in reader.records.items() if r.size]
    assert all(offset % ALIGNMENT == 0 for offset in places)


def test_same_objects_give_the_same_bytes(tmp_path):
    path = tmp_path / "archive.pt"
    buffer = io.BytesIO()
    rushlight.save(tensors(), path)
    rushlight.save(tensors(), buffer)
    assert path.read_bytes() == buffer.getvalue()


def test_file_objects_of_all_kinds(tmp_path):
    expected = tensors()
    path = tmp_path / "model.pt"
    for mode, buffering in (("wb", -1), ("wb", 0), ("w+b", -1), ("ab", -1)):
        path.unlink(missing_ok=True)
        with open(path, mode, buffering) as file:
            rushlight.save(expected, file)
            assert file.tell() == path.stat().st_size
        assert all(same(t, expected[k]) for k, t in rushlight.load(path).items())
        with open(path, "rb", buffering) as file:
            assert same(rushlight.load(file)["columns"], expected["columns"])
    with gzip.open(tmp_path / "packed", "wb", compresslevel=1) as file:
        rushlight.save(expected, file)
    with gzip.open(tmp_path / "packed", "rb") as file:
        assert same(rushlight.load(file)["large"], expected["large"])
    with tempfile.TemporaryFile() as file:
        rushlight.save(expected, file)
        file.seek(0)
        assert same(rushlight.load(file)["large"], expected["large"])


def test_archive_after_other_bytes(tmp_path):
    path = tmp_path / "model.pt"
    with open(path, "wb") as file:
        file.write(b"header")
        rushlight.save(tensors(), file)
        rushlight.save("after", file, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    with pytest.raises(UnsafeFileError):
        rushlight.load(path)
    whole = data[: data.rindex(b"PK\5\6") + 22]
    path.write_bytes(whole)
    with open(path, "rb") as file:
        file.seek(6)
        assert same(rushlight.load(file)["columns"], tensors()["columns"])


def test_zip64_fields(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    monkeypatch.setattr(archive_writer, "ZIP64_SIZE", 1000)
    monkeypatch.setattr(archive_writer, "ZIP64_COUNT", 5)
    rushlight.save(tensors(), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert any(len(i.extra) and i.extract_version == 45 for i in archive.infolist())
    assert b"PK\6\6" in path.read_bytes()
    loaded = rushlight.load(path)
    assert all(same(t, loaded[name]) for name, t in tensors().items())


@pytest.mark.parametrize("mmap", [False, True])
def test_record_beyond_4_gib(tmp_path, mmap):
    """A sparse file whose records lie where 32 bits do not reach."""
    path = tmp_path / "model.pt"
    hole = 5 << 30
    with open(path, "wb") as file:
        writer = ArchiveWriter(file, "model")
        source = io.BytesIO()
        rushlight.save({"a": rushlight.arange(100_000)}, source)
        with zipfile.ZipFile(source) as archive:
            names = [n.removeprefix("archive/") for n in archive.namelist()]
            for name in names:
                if name == "data/0":
                    writer.at += hole
                    writer.out.flush()
                    writer.out.at += hole
                if name != RECORD:
                    writer.write(name, archive.read(f"archive/{name}"))
        writer.close()
    assert path.stat().st_size > hole and path.stat().st_blocks * 512 < 1 << 24
    loaded = rushlight.load(path, mmap=mmap)
    assert rushlight.equal(loaded["a"], rushlight.arange(100_000))


def test_sixty_six_thousand_records(tmp_path):
    path = tmp_path / "model.pt"
    count = 66_000
    with open(path, "wb") as file:
        writer = ArchiveWriter(file, "model")
        for number in range(count):
            writer.write(f"data/{number}", struct.pack("<L", number))
        writer.close()
    with open(path, "rb") as file:
        reader = ArchiveReader(file)
        assert len(reader.records) == count + 1
        assert reader.read("data/65999") == struct.pack("<L", 65_999)


def test_damaged_byte_names_its_record(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save(tensors(), path)
    with open(path, "rb") as file:
        place = ArchiveReader(file).find("data/0").offset
    data = bytearray(path.read_bytes())
    data[place + 300_000] ^= 4
    path.write_bytes(data)
    with pytest.raises(UnsafeFileError, match="'data/0' is damaged.*after it was writ"):
        rushlight.load(path)
    assert rushlight.load(path, mmap=True)["empty"].shape == (0, 3)


def reorder(records):
    items = list(records.items())
    records.clear()
    records.update(reversed(items))


def replace(records):
    records["model/data/2"] = b"\1\1"


def rename(records):
    records["model/data/x"] = records.pop("model/data/2")


def swap(records):
    # Both come from the file; only their places are exchanged.
    pair = records["model/data/3"], records["model/data/4"]
    records["model/data/4"], records["model/data/3"] = pair


def add(records):
    records["model/data/999"] = b"new"


def remove(records):
    del records["model/version"]


def grow(records):
    records[HASH] += b"\0"


def other_kind(records):
    records[HASH] = b"md5"


CHANGES = [
    (replace, "'model/data/2' is damaged"),
    (rename, "renamed, resized or exchanged"),
    (swap, "renamed, resized or exchanged"),
    (add, r"records were added or removed: the file holds 307, .* covers 306"),
    (remove, "records were added or removed: the file holds 305, .* covers 306"),
    (grow, "added or removed"),
    (other_kind, "unknown kind"),
]


@pytest.mark.parametrize(("change", "text"), CHANGES, ids=lambda v: str(v)[:12])
@pytest.mark.parametrize("mmap", [False, True])
def test_changed_records(tmp_path, change, text, mmap):
    path = tmp_path / "model.pt"
    rushlight.save(tensors(), path)
    rewritten(path, reorder)
    assert rushlight.load(path)["flags"].tolist() == [True, False]
    rewritten(path, change)
    with pytest.raises(UnsafeFileError, match=f"{text}.*after it was written"):
        rushlight.load(path, mmap=mmap)


def test_any_flipped_bit_of_the_content_is_noticed(tmp_path):
    """Whatever is read is either refused or what was written."""
    path = tmp_path / "model.pt"
    written = {"a": rushlight.arange(5), "b": [1, "two", 3.5]}
    rushlight.save(written, path)
    whole = path.read_bytes()
    chance = random.Random(3)
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            loaded = rushlight.load(io.BytesIO(data))
        except (UnsafeFileError, EOFError):
            refused += 1
        else:
            assert loaded["b"] == written["b"] and same(loaded["a"], written["a"])
    assert refused > 200


def test_file_cut_off_anywhere(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save({"a": rushlight.arange(5)}, path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        with pytest.raises((UnsafeFileError, EOFError)):
            rushlight.load(io.BytesIO(whole[:size]))


PEAK = """
import resource, sys, rushlight
large = rushlight.ones(25, 1_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rushlight.save(list(large), sys.argv[1])
rushlight.save(large, sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
del large
rushlight.load(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_no_second_copy_in_memory(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / "model.pt"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    for kibibytes in done.stdout.split():
        assert int(kibibytes) < 30_000
