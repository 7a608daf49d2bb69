"""The content hash of an archive: one record over the names, sizes and checksums of
all others.

A record's own CRC-32 tells whether its bytes are those that the directory describes;
the content hash tells whether the directory is the one that was written: no record
added, removed, renamed, resized or replaced. Nobody has to keep a secret for it, so
it does not tell who wrote a file: whoever changes a file on purpose can write a new
hash as well. PyTorch ignores the record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from .errors import UnsafeFileError

RECORD = ".data/rushlight_content_hash"
"""The record's name below the archive's folder."""

_MAGIC = b"rushlight content hash 1 sha256\n"
_CHANGED = "the file was changed after it was written"


def digest_record(entries: Iterable[tuple[bytes, int, int]]) -> bytes:
    """The record's bytes: a heading, the SHA-256 hash, and each record's checksum so
    that a replaced one can be named.

    Args:
        entries: full name, size in bytes and CRC-32 of every other record.
    """
    from hashlib import sha256

    listed = sorted(entries)  # so that repacking in another order changes nothing
    text = b"".join(name + struct.pack("<xQL", size, crc) for name, size, crc in listed)
    crcs = struct.pack(f"<{len(listed)}L", *(crc for _, _, crc in listed))
    return _MAGIC + sha256(text).digest() + crcs


def check_digest(record: bytes, entries: list[tuple[bytes, int, int]]) -> None:
    """Compares a file's directory with the content hash that it brings.

    Raises:
        UnsafeFileError: if they differ; it says which record was replaced.
    """
    expected = digest_record(entries)
    if record == expected:
        return
    if not record.startswith(_MAGIC):
        raise UnsafeFileError(
            f"load: the content hash of the file is of an unknown kind, or {_CHANGED}"
        )
    if len(record) != len(expected):
        raise UnsafeFileError(
            f"load: records were added or removed: the file holds {len(entries)}, its "
            f"content hash covers {(len(record) - len(_MAGIC) - 32) // 4}; {_CHANGED}"
        )
    found = [struct.pack("<L", crc) for _, _, crc in sorted(entries)]
    start = len(_MAGIC) + 32
    written = [record[at : at + 4] for at in range(start, len(record), 4)]
    if sorted(found) == sorted(written):
        raise UnsafeFileError(
            "load: records were renamed, resized or exchanged: the content hash does "
            f"not match; {_CHANGED}"
        )
    at = [one == other for one, other in zip(found, written, strict=True)].index(False)
    name = sorted(entries)[at][0].decode(errors="replace")
    raise UnsafeFileError(
        f"load: record {name!r} is damaged: it is not the one that the content hash "
        f"covers; {_CHANGED}"
    )
