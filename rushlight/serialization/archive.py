"""The zip container of a model file: records by name, stored without compression.

The reader trusts no number in the file: names, flags, sizes, positions and checksums
are all compared with the bytes that are there.
"""

from __future__ import annotations

import itertools
import struct
import zipfile
import zlib
from typing import BinaryIO, NamedTuple

from .errors import UnsafeFileError

ALIGNMENT = 64
"""Bytes to which the data of every record is aligned, as PyTorch does."""

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1
_UTF8 = 0x800
_ZIP64_EXTRA = 20
_PADDING_ID = b"FB"


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
    """Reads records by the name they have below the archive's only folder."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                end = archive.start_dir
        except (zipfile.BadZipFile, struct.error, OverflowError, ValueError) as error:
            raise UnsafeFileError(
                "load: failed reading zip archive: failed finding central directory "
                f"({error}); the file was truncated or damaged"
            ) from None
        except NotImplementedError as error:
            raise UnsafeFileError(f"load: unsupported zip archive: {error}") from None
        located = [(entry.filename, self._locate(entry, end)) for entry in entries]
        self.records = self._by_name(located)
        self._check_overlap(entries)

    def _locate(self, entry: zipfile.ZipInfo, end: int) -> Record:
        """Checks one entry against its local header and the size of the file."""
        name = entry.filename
        if entry.compress_type != zipfile.ZIP_STORED:
            raise UnsafeFileError(
                f"load: record {name!r} is compressed; "
                "model files store their records uncompressed"
            )
        if entry.flag_bits & _ENCRYPTED:
            raise UnsafeFileError(f"load: record {name!r} is encrypted")
        if entry.compress_size != entry.file_size:
            raise UnsafeFileError(f"load: record {name!r} has two different sizes")
        if entry.header_offset < 0:
            raise UnsafeFileError(f"load: record {name!r} lies before the file")
        self.file.seek(entry.header_offset)
        header = self.file.read(_LOCAL_HEADER.size)
        if len(header) != _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise UnsafeFileError(f"load: record {name!r} has no header in the file")
        name_size, extra_size = _LOCAL_HEADER.unpack(header)[-2:]
        encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
        if self.file.read(name_size) != entry.orig_filename.encode(encoding):
            raise UnsafeFileError(f"load: record {name!r} has a second, different name")
        offset = entry.header_offset + len(header) + name_size + extra_size
        if offset + entry.file_size > end:
            raise UnsafeFileError(
                f"load: record {name!r} claims {entry.file_size} bytes, "
                f"of which the file holds {max(0, end - offset)}"
            )
        return Record(offset, entry.file_size, entry.CRC)

    @staticmethod
    def _by_name(located: list[tuple[str, Record]]) -> dict[str, Record]:
        records: dict[str, Record] = {}
        folders = set()
        for name, record in located:
            folder, _, rest = name.partition("/")
            if not rest or ".." in name.split("/"):
                raise UnsafeFileError(f"load: record name {name!r} is not allowed")
            if rest in records:
                raise UnsafeFileError(f"load: record {name!r} is there twice")
            folders.add(folder)
            records[rest] = record
        if len(folders) > 1:
            raise UnsafeFileError(
                f"load: expected one folder in the archive, got {sorted(folders)[:4]}"
            )
        return records

    def _check_overlap(self, entries: list[zipfile.ZipInfo]) -> None:
        starts = sorted(entry.header_offset for entry in entries)
        ends = sorted(record.offset + record.size for record in self.records.values())
        for end, start in zip(ends, itertools.islice(starts, 1, None), strict=False):
            if start < end:
                raise UnsafeFileError("load: records of the archive overlap")

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
        """Fills `target` with a record of exactly its size."""
        record = self.find(name)
        self.file.seek(record.offset)
        fill(self.file, target)
        if zlib.crc32(target) != record.crc:
            raise UnsafeFileError(
                f"load: record {name!r} is damaged: its checksum does not match"
            )


def fill(file: BinaryIO, target: memoryview) -> None:
    """Reads exactly `target.nbytes` bytes, without a copy where the file can.

    Raises:
        EOFError: if the file ends before.
    """
    done = 0
    into = getattr(file, "readinto", None)
    while done < target.nbytes:
        if into is not None:
            got = into(target[done:]) or 0
        else:
            part = file.read(target.nbytes - done)
            got = len(part)
            target[done : done + got] = part
        if got == 0:
            raise EOFError(
                f"load: the file ends {target.nbytes - done} bytes too early; "
                "it was truncated"
            )
        done += got


class ArchiveWriter:
    """Writes records one after the other; `close` adds the directory."""

    def __init__(self, file: BinaryIO, folder: str) -> None:
        self.folder = folder
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Adds a record whose data begin at a multiple of 64 bytes."""
        entry = zipfile.ZipInfo(f"{self.folder}/{name}")
        size = memoryview(data).nbytes
        entry.file_size = size
        large = size > zipfile.ZIP64_LIMIT // 2
        start = self.zip.start_dir + _LOCAL_HEADER.size + len(entry.filename.encode())
        start += len(_PADDING_ID) + 2 + (_ZIP64_EXTRA if large else 0)
        padding = -start % ALIGNMENT
        entry.extra = _PADDING_ID + struct.pack("<H", padding) + bytes(padding)
        with self.zip.open(entry, "w", force_zip64=large) as record:
            record.write(data)

    def close(self) -> None:
        self.zip.close()
