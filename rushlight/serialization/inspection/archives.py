"""Zip archives: PyTorch's, TorchScript's and NumPy's, and what is odd about any."""

from __future__ import annotations

import os
import re
import struct
import zipfile
from typing import BinaryIO

from ..content_hash import RECORD, check_digest
from ..errors import UnsafeFileError
from ..numpy_files import READ_ERRORS
from .arrays import inspect_member
from .pickles import Walker, describe_names
from .report import Report, plain, size_text
from .symbols import DamagedPickle, Reader
from .values import count_values

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_MAX_PICKLE = 256 << 20
_MAX_PACKED = 64 << 20
_CHUNK = 1 << 20
_STORAGE = re.compile(r"data/[^/]+")
_KNOWN = re.compile(
    r"data\.pkl|byteorder|version|data/[^/]+|\.data/serialization_id|\.format_version"
    r"|\.storage_alignment|constants\.pkl|attributes\.pkl|model\.json|code/.*|extra/.*"
    r"|constants/.*|tensors/.*|\.data/[a-z0-9_.]+"
)


def inspect(file: BinaryIO, report: Report, values: bool) -> None:
    """Describes a zip archive."""
    report.format = "zip archive"
    try:
        archive = zipfile.ZipFile(file)
    except READ_ERRORS as error:
        reason = plain(error, 100)
        report.warn(f"is a zip archive without a readable directory ({reason})")
        return
    with archive:
        entries = archive.infolist()
        _check_places(file, archive, entries, report)
        for entry in entries:
            _check_entry(entry, report)
        _check_names(entries, report)
        _check_sums(archive, entries, report)
        names = [entry.filename for entry in entries]
        if any(name.partition("/")[2] == "data.pkl" for name in names):
            _inspect_torch(archive, entries, report, values)
        elif names and all(name.endswith(".npy") for name in names):
            report.format = "npz, a zip archive of NumPy arrays"
            for entry in entries:
                inspect_member(archive, entry, report, values)
        else:
            report.warn("is a zip archive, but neither of PyTorch's nor of NumPy's")
            for name in names[:20]:
                report.note(f"has the record {plain(name)}")


def _check_places(
    file: BinaryIO,
    archive: zipfile.ZipFile,
    entries: list[zipfile.ZipInfo],
    report: Report,
) -> None:
    """Bytes that belong to no record, and records that share bytes."""
    spans = []
    for entry in entries:
        name = plain(entry.filename)
        file.seek(max(entry.header_offset, 0))
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
            report.warn(f"record {name} has no header of its own")
            continue
        fields = _LOCAL.unpack(head)
        local_name = file.read(fields[-2])
        data_at = entry.header_offset + _LOCAL.size + fields[-2] + fields[-1]
        spans.append((entry.header_offset, data_at + entry.compress_size, name))
        encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
        if local_name != entry.orig_filename.encode(encoding, "replace"):
            report.warn(f"record {name} has a second, different name")
    at = 0
    for begin, end, name in sorted(spans):
        if begin < at:
            report.warn(f"record {name} overlaps another")
        elif at == 0 and begin > 0:
            report.warn(f"{begin:,} bytes stand before the archive")
        at = max(at, end)
    if at > archive.start_dir:
        report.warn("records reach into the archive's directory")
    elif archive.start_dir - at > 64:
        report.warn(f"{archive.start_dir - at:,} bytes belong to no record")
    tail_at = max(report.size - 65557, 0)
    file.seek(tail_at)
    tail = file.read()
    end_at = tail.rfind(b"PK\5\6")
    if end_at >= 0 and len(tail) - end_at >= _END.size:
        comment = _END.unpack(tail[end_at : end_at + _END.size])[-1]
        after = len(tail) - end_at - _END.size - comment
        if after > 0:
            report.warn(f"{after:,} bytes stand after the archive")
        if comment:
            report.warn(f"the archive has a comment: {plain(archive.comment)}")


def _check_entry(entry: zipfile.ZipInfo, report: Report) -> None:
    name = plain(entry.filename)
    if entry.compress_type != zipfile.ZIP_STORED:
        ratio = entry.file_size / max(entry.compress_size, 1)
        text = (
            f"record {name} is compressed, {size_text(entry.compress_size)} to "
            f"{size_text(entry.file_size)}"
        )
        array = entry.filename.endswith(".npy")
        if ratio > 100 and not (array and entry.file_size < _MAX_PACKED):
            report.warn(f"{text}, {ratio:,.0f} times: a decompression bomb?")
        elif not array:
            report.warn(text)
    elif entry.compress_size != entry.file_size:
        report.warn(f"record {name} has two different sizes")
    if entry.compress_size > report.size:
        report.warn(f"record {name} claims {entry.compress_size:,} bytes of the file")
    if entry.flag_bits & 1:
        report.warn(f"record {name} is encrypted")


def _check_names(entries: list[zipfile.ZipInfo], report: Report) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        drive = len(parts[0]) == 2 and parts[0][1] == ":"
        if ".." in parts or name.startswith("/") or "\\" in name or drive:
            report.warn(f"record {plain(name)} would be unpacked outside of its folder")
        if not name.isprintable():
            report.warn(f"record {plain(name)} has control characters in its name")
        if name in seen:
            report.warn(f"record {plain(name)} is there twice")
        seen.add(name)


def _check_sums(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], report: Report
) -> None:
    """Compares the checksums of all records; overlapping ones cannot make it long."""
    budget, right = 2 * report.size + _MAX_PACKED, 0
    bare = _forget_missing_sums(entries)
    if bare:
        report.note(f"was written without checksums of {bare} records")
    for entry in entries:
        budget -= entry.file_size
        if budget < 0 or entry.flag_bits & 1:
            report.warn("records claim far more bytes than the file has")
            break
        try:
            with archive.open(entry) as record:
                while record.read(_CHUNK):
                    pass
            right += 1
        except READ_ERRORS as error:
            report.warn(
                f"record {plain(entry.filename)} is damaged: {plain(error, 100)}"
            )
    whole = f"{right - bare} of {len(entries)} records match"
    report.facts["checksums"] = whole + (f", {bare} have none" if bare else "")


def _forget_missing_sums(entries: list[zipfile.ZipInfo]) -> int:
    """How many records have no checksum: zero, in an archive without content hash.
    `zipfile` compares nothing where there is no such attribute."""
    if any(entry.filename.endswith("/" + RECORD) for entry in entries):
        return 0
    bare = [entry for entry in entries if entry.CRC == 0 and entry.file_size]
    for entry in bare:
        del entry.CRC
    return len(bare)


class _Records:
    """The records of a torch archive by their name inside its folder."""

    def __init__(
        self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], size: int
    ) -> None:
        self.archive = archive
        self.size = size
        self.folders = {entry.filename.partition("/")[0] for entry in entries}
        self.entries = {entry.filename.partition("/")[2]: entry for entry in entries}

    def read(self, name: str, limit: int | None = None) -> bytes | None:
        """A record's bytes, None if there is none, it is too large or damaged."""
        entry = self.entries.get(name)
        if entry is None or entry.compress_size > self.size:
            return None
        if limit is not None and entry.file_size > limit:
            return None
        packed = entry.compress_type != zipfile.ZIP_STORED
        if packed and entry.file_size > _MAX_PACKED:
            return None
        try:
            return self.archive.read(entry)
        except READ_ERRORS:
            return None


def _inspect_torch(
    archive: zipfile.ZipFile,
    entries: list[zipfile.ZipInfo],
    report: Report,
    values: bool,
) -> None:
    records = _Records(archive, entries, report.size)
    report.format = "zip archive of torch.save"
    if "constants.pkl" in records.entries:
        report.format = "zip archive of TorchScript"
        report.note("holds a program of TorchScript, which load does not run")
    if len(records.folders) > 1:
        listed = ", ".join(plain(name, 20) for name in sorted(records.folders)[:4])
        report.warn(f"has more than one folder: {listed}")
    for name in records.entries:
        if not _KNOWN.fullmatch(name):
            report.warn(f"has the record {plain(name)}, which PyTorch does not write")
    for name, what in (("version", "version"), ("byteorder", "byte order")):
        text = records.read(name, 100)
        if text is not None:
            report.facts[what] = plain(text.decode("latin1").strip(), 20)
    order = report.facts.get("byte order", "little")
    if order not in ("little", "big"):
        report.warn(f"has the unknown byte order {order}")
    _check_content_hash(records, entries, report)
    data = records.read("data.pkl", _MAX_PICKLE)
    if data is None:
        report.warn("has no readable data.pkl")
        return
    describe_pickle(data, report)
    _compare_storages(records, report)
    if values and order == "little":
        count_values(report, lambda key: records.read(f"data/{key}"))


def _check_content_hash(
    records: _Records, entries: list[zipfile.ZipInfo], report: Report
) -> None:
    digest = records.read(RECORD, _CHUNK)
    if digest is None:
        report.facts["content hash"] = "none"
        return
    listed = []
    for entry in entries:
        encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
        name = entry.orig_filename.encode(encoding, "replace")
        if not entry.filename.endswith("/" + RECORD):
            listed.append((name, entry.file_size, entry.CRC))
    try:
        check_digest(digest, listed)
        report.facts["content hash"] = "matches"
    except UnsafeFileError as error:
        report.facts["content hash"] = "does not match"
        report.warn(plain(str(error).removeprefix("load: "), 200))


def describe_pickle(data: bytes, report: Report) -> None:
    """Describes the one pickle in `data` and what stands after it."""
    reader = Reader(data)
    try:
        found = reader.read()
    except DamagedPickle as error:
        report.warn(f"the pickle cannot be followed to its end: {error}")
        describe_names(reader, report)
        return
    if reader.at != len(data):
        report.warn(f"{len(data) - reader.at:,} bytes stand after the pickle's end")
    report.facts["pickle protocol"] = str(reader.protocol)
    describe_names(reader, report)
    Walker(report).walk(found)


def _compare_storages(records: _Records, report: Report) -> None:
    for key, storage in report.storages.items():
        entry = records.entries.get(f"data/{key}")
        shown = plain(key, 20)
        if entry is None:
            report.warn(f"storage {shown} of {storage.nbytes:,} bytes has no record")
        elif entry.file_size < storage.nbytes:
            report.warn(
                f"storage {shown} claims {storage.nbytes:,} bytes; its record has "
                f"{entry.file_size:,}"
            )
        elif entry.file_size > storage.nbytes:
            report.note(
                f"the record of storage {shown} has {entry.file_size:,} bytes; "
                f"{storage.nbytes:,} are used"
            )
    used = {f"data/{key}" for key in report.storages}
    unused = [
        name
        for name in records.entries
        if _STORAGE.fullmatch(name) and name not in used and not name.endswith("/")
    ]
    if unused and "constants.pkl" not in records.entries:
        total = sum(records.entries[name].file_size for name in unused)
        listed = ", ".join(plain(os.path.basename(name), 20) for name in unused[:4])
        report.warn(
            f"{len(unused)} storages with {total:,} bytes are used by nothing: {listed}"
        )
