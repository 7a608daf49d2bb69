"""The directory of a zip archive, read from its bytes with nothing taken on trust.

The layout is that of PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from .errors import UnsafeFileError

CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
CENTRAL_MAGIC, END_MAGIC = b"PK\x01\x02", b"PK\x05\x06"
END64_MAGIC, LOCATOR64_MAGIC = b"PK\x06\x06", b"PK\x06\x07"
UTF8 = 0x800
ZIP64_ID = 1
_ENCRYPTED = 0x1 | 0x40
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF

TAIL_BYTES = END.size + _MAX16
"""In so many bytes before the end of the file its end record must begin."""


class Entry(NamedTuple):
    """One record as the directory describes it."""

    name: str
    raw_name: bytes
    header: int
    """Where its local header begins, in the file."""
    size: int
    crc: int


class Place(NamedTuple):
    """Where the directory lies in the file."""

    offset: int
    size: int
    records: int
    prefix: int
    """Bytes of the file before the archive, which its own offsets do not count."""


def find_directory(tail: bytes, file_size: int) -> Place:
    """Finds the directory from the end of the file.

    Args:
        tail: the last `TAIL_BYTES` bytes, plus those of zip64's two end records.
        file_size: bytes of the whole file.

    Raises:
        UnsafeFileError: if there is no end record, or it contradicts the file.
    """
    at = tail.rfind(END_MAGIC)
    while at >= 0:
        if at + END.size <= len(tail):
            fields = END.unpack_from(tail, at)
            if at + END.size + fields[-1] == len(tail):
                break
        at = tail.rfind(END_MAGIC, 0, at)
    if at < 0:
        raise damaged("it has no end record")
    _, disk, start_disk, here, count, size, offset, _ = fields
    end = file_size - len(tail) + at
    at64 = at - LOCATOR64.size - END64.size
    locator = tail[max(0, at - LOCATOR64.size) : at]
    if at64 >= 0 and locator[:4] == LOCATOR64_MAGIC:
        record = END64.unpack_from(tail, at64)
        if record[0] != END64_MAGIC:
            raise damaged("its zip64 end record is missing")
        small = (disk, start_disk, here, count, size, offset)
        disk, start_disk, here, count, size, offset = record[4:]
        limits = (_MAX16, _MAX16, _MAX16, _MAX16, _MAX32, _MAX32)
        for value, value64, limit in zip(small, record[4:], limits, strict=True):
            if value not in (value64, limit):
                raise damaged("its two end records contradict each other")
        end -= LOCATOR64.size + END64.size
    if disk or start_disk or here != count:
        raise damaged("it is one part of several")
    prefix = end - size - offset
    if prefix < 0 or size < count * CENTRAL.size:
        raise damaged("the directory does not fit into the file")
    return Place(prefix + offset, size, count, prefix)


def read_entries(data: bytes, place: Place) -> list[Entry]:
    """The entries of a directory whose bytes are `data`.

    Raises:
        UnsafeFileError: if the bytes are no directory, or records are compressed,
            encrypted or outside of the file.
    """
    entries = []
    at, unpack = 0, CENTRAL.unpack_from
    for _ in range(place.records):
        if at + CENTRAL.size > len(data):
            raise damaged("the directory is cut off")
        fields = unpack(data, at)
        magic, _, _, flags, method, _, _, crc, packed, size = fields[:10]
        name_size, extra_size, comment_size, disk = fields[10:14]
        header = fields[16]
        name_at = at + CENTRAL.size
        extra_at = name_at + name_size
        at = extra_at + extra_size + comment_size
        if magic != CENTRAL_MAGIC or at > len(data):
            raise damaged("the directory is cut off or overwritten")
        raw = data[name_at:extra_at]
        name = _name(raw, flags)
        if _MAX32 in (size, packed, header):
            extra = data[extra_at : extra_at + extra_size]
            size, packed, header = _wide(name, extra, size, packed, header)
        if method:
            raise UnsafeFileError(
                f"load: record {name!r} is compressed; "
                "model files store their records uncompressed"
            )
        if flags & _ENCRYPTED:
            raise UnsafeFileError(f"load: record {name!r} is encrypted")
        if packed != size:
            raise UnsafeFileError(f"load: record {name!r} has two different sizes")
        if disk not in (0, _MAX16):
            raise damaged("it is one part of several")
        entries.append(Entry(name, raw, place.prefix + header, size, crc))
    if at != len(data):
        raise damaged("the directory has more bytes than records")
    return entries


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        raise damaged("a record's name is no text") from None
    if "\0" in name:
        raise UnsafeFileError(f"load: record name {name!r} is not allowed")
    return name


def _wide(name: str, extra: bytes, *narrow: int) -> list[int]:
    """The numbers of an entry, those that did not fit in 32 bits from its extras."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        field = extra[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == ZIP64_ID and len(field) == size:
            wide = iter(struct.unpack_from(f"<{size // 8}Q", field))
            try:
                return [next(wide) if n == _MAX32 else n for n in narrow]
            except StopIteration:
                break
    raise UnsafeFileError(f"load: record {name!r} lacks its 64-bit sizes")


def damaged(how: str) -> UnsafeFileError:
    """The error of a file whose directory cannot be read."""
    return UnsafeFileError(
        "load: failed reading zip archive: failed finding central directory "
        f"({how}); the file was truncated or damaged"
    )
