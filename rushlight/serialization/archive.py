"""The zip container of a model file: records by name, stored without compression.

The reader trusts no number in the file: names, flags, sizes, positions and checksums
are all compared with the bytes that are there.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

from .archive_writer import ArchiveWriter
from .content_hash import RECORD, check_digest
from .errors import UnsafeFileError
from .file_access import FileBytes, fill
from .zip_directory import (
    END64,
    LOCATOR64,
    TAIL_BYTES,
    Entry,
    find_directory,
    read_entries,
)

__all__ = ["ArchiveReader", "ArchiveWriter", "Record", "fill", "is_zip"]

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LARGE = 1 << 16


class Record(NamedTuple):
    """Where a record's bytes lie in the file, and their checksum."""

    offset: int
    size: int
    crc: int


def is_zip(file: BinaryIO) -> bool:
    """Whether the file starts like a zip archive; its position stays."""
    start = file.tell()
    magic = file.read(4)
    file.seek(start)
    return magic == b"PK\x03\x04"


class ArchiveReader:
    """Reads records by the name they have below the archive's only folder.

    The file's content hash, if it has one, is compared at once; each record's own
    checksum when the record is read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.bytes = FileBytes(file)
        wanted = TAIL_BYTES + END64.size + LOCATOR64.size
        tail_at = max(0, self.bytes.size - wanted)
        tail = self.bytes.peek(tail_at, wanted)
        place = find_directory(tail, self.bytes.size)
        if place.offset >= tail_at:
            directory = tail[place.offset - tail_at :][: place.size]
        else:
            directory = self.bytes.peek(place.offset, place.size)
        entries = read_entries(directory, place)
        if not entries:
            raise UnsafeFileError("load: the zip archive has no records")
        self.records = self._by_name(entries)
        self._locate(entries, place.offset)
        if RECORD in self.records:
            others = [e for e in entries if not e.name.endswith("/" + RECORD)]
            listed = [(e.raw_name, e.size, e.crc) for e in others]
            check_digest(self.read(RECORD), listed)

    def _by_name(self, entries: list[Entry]) -> dict[str, Record]:
        records: dict[str, Record] = {}
        folders = set()
        for entry in entries:
            name = entry.name
            folder, _, rest = name.partition("/")
            if not rest and name.endswith(".npy"):
                raise UnsafeFileError(
                    "load: this is no model file but an archive of NumPy arrays; "
                    "rushlight.serialization.load_npz reads it"
                )
            if not rest or (".." in name and ".." in name.split("/")):
                raise UnsafeFileError(f"load: record name {name!r} is not allowed")
            if rest in records:
                raise UnsafeFileError(f"load: record {name!r} is there twice")
            folders.add(folder)
            records[rest] = Record(0, entry.size, entry.crc)
        if len(folders) > 1:
            raise UnsafeFileError(
                f"load: expected one folder in the archive, got {sorted(folders)[:4]}"
            )
        return records

    def _locate(self, entries: list[Entry], end: int) -> None:
        """Checks every entry against its local header and the size of the file."""
        in_order = sorted(entries, key=lambda entry: entry.header)
        ends = [entry.header for entry in in_order[1:]] + [end]
        for entry, limit in zip(in_order, ends, strict=True):
            read = self.bytes.peek if entry.size >= _LARGE else self.bytes.read
            header_size = _LOCAL_HEADER.size
            header = read(entry.header, header_size + len(entry.raw_name))
            if len(header) < header_size or header[:4] != b"PK\x03\x04":
                raise UnsafeFileError(
                    f"load: record {entry.name!r} has no header in the file"
                )
            name_size, extra_size = _LOCAL_HEADER.unpack_from(header)[-2:]
            same_size = name_size == len(entry.raw_name)
            if not same_size or header[header_size:] != entry.raw_name:
                raise UnsafeFileError(
                    f"load: record {entry.name!r} has a second, different name"
                )
            offset = entry.header + header_size + name_size + extra_size
            if offset + entry.size > end:
                raise UnsafeFileError(
                    f"load: record {entry.name!r} claims {entry.size} bytes, "
                    f"of which the file holds {max(0, end - offset)}"
                )
            if offset + entry.size > limit:
                raise UnsafeFileError("load: records of the archive overlap")
            rest = entry.name.partition("/")[2]
            self.records[rest] = Record(offset, entry.size, entry.crc)

    def find(self, name: str) -> Record:
        """The place of a record.

        Raises:
            UnsafeFileError: if there is none of that name.
        """
        record = self.records.get(name)
        if record is None:
            raise UnsafeFileError(f"load: the archive has no record {name!r}")
        return record

    def read(self, name: str) -> bytes:
        """A whole record, its checksum verified."""
        record = self.find(name)
        data = bytearray(record.size)
        self.read_into(name, memoryview(data))
        return bytes(data)

    def read_into(self, name: str, target: memoryview) -> None:
        """Fills `target` with a record of exactly its size.

        Raises:
            UnsafeFileError: if the bytes have another checksum than the directory.
            EOFError: if the file has become shorter.
        """
        record = self.find(name)
        crc = self.bytes.read_into(record.offset, target)
        # PyTorch writes zero where it was told to compute no checksums; a content hash
        # says that they were computed.
        if crc != record.crc and (record.crc != 0 or RECORD in self.records):
            raise UnsafeFileError(
                f"load: record {name!r} is damaged: its checksum does not match; "
                "the file was changed after it was written"
            )
