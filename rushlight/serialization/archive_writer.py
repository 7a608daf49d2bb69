"""Writes the zip container of a model file.

Records are stored as they are, at multiples of 64 bytes. A real file gets its large
records through the descriptor, checksummed on the way, while the disk already works
on the earlier ones; any other file object only needs a `write`.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from rushlight import _C

from .content_hash import RECORD, digest_record
from .file_access import descriptor
from .zip_directory import (
    CENTRAL,
    CENTRAL_MAGIC,
    END,
    END64,
    END64_MAGIC,
    END_MAGIC,
    LOCATOR64,
    LOCATOR64_MAGIC,
    UTF8,
    ZIP64_ID,
)

if TYPE_CHECKING:
    from queue import SimpleQueue
    from threading import Thread

ALIGNMENT = 64
"""Bytes to which the data of every record is aligned, as PyTorch does."""

ZIP64_SIZE, ZIP64_COUNT = 0xFFFFFFFF, 0xFFFF
"""From these on, sizes and counts stand in zip64's wider fields."""

_LOCAL = struct.Struct("<4s5H3L2H")
_PADDING = struct.Struct("<2sH")
_VERSION, _VERSION64 = 20, 45
_DATE = 0x21  # 1 January 1980: the same objects give the same file
_LARGE = 1 << 18
_BUFFERED = 1 << 20
_WRITEBACK = 1 << 25


class ArchiveWriter:
    """Writes records one after the other; `close` adds the directory.

    Args:
        file: where to write, from its position on; need not be seekable.
        folder: the folder that all records are in.
        durable: the caller will flush the file to the disk; begin with that early.
        checksums: False writes zeros for the checksums, and no content hash.
    """

    def __init__(
        self,
        file: BinaryIO,
        folder: str,
        durable: bool = False,
        checksums: bool = True,
    ) -> None:
        self.checksums = checksums
        self.prefix = folder.encode() + b"/"
        self.directory = bytearray()
        self.entries: list[tuple[bytes, int, int]] = []
        number = descriptor(file)
        appends = (
            number is not None and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_APPEND
        )
        self.out = (
            _Stream(file)
            if number is None or appends
            else _Descriptor(file, number, durable)
        )
        self.at = 0

    def reserve(self, size: int) -> None:
        """Makes room for so many bytes, where the file can.

        Raises:
            OSError: if the disk has not got them.
        """
        self.out.reserve(size)

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Adds a record whose data begin at a multiple of 64 bytes."""
        view = memoryview(data)
        size = view.nbytes
        raw = self.prefix + name.encode()
        extra = _zip64(size, size) if size >= ZIP64_SIZE else b""
        begin = self.at + _LOCAL.size + len(raw) + len(extra) + _PADDING.size
        padding = -begin % ALIGNMENT
        tail = raw + extra + _PADDING.pack(b"FB", padding) + bytes(padding)

        def header(crc: int) -> bytes:
            version = _VERSION64 if extra else _VERSION
            narrow = min(size, ZIP64_SIZE) if not extra else 0xFFFFFFFF
            extra_size = len(tail) - len(raw)
            told = crc if self.checksums else 0
            fields = (version, UTF8, 0, 0, _DATE, told, narrow, narrow)
            return _LOCAL.pack(b"PK\3\4", *fields, len(raw), extra_size) + tail

        crc = self.out.write(header, _LOCAL.size + len(tail), view)
        self._list(raw, size, crc if self.checksums else 0)
        self.at = begin + padding + size

    def _list(self, raw: bytes, size: int, crc: int) -> None:
        self.entries.append((raw, size, crc))
        wide = [n for n in (size, size, self.at) if n >= ZIP64_SIZE]
        extra = _zip64(*wide) if wide else b""
        version = _VERSION64 if wide else _VERSION
        narrow = 0xFFFFFFFF if size >= ZIP64_SIZE else size
        header = 0xFFFFFFFF if self.at >= ZIP64_SIZE else self.at
        self.directory += CENTRAL.pack(
            *(CENTRAL_MAGIC, version, version, UTF8, 0, 0, _DATE, crc, narrow, narrow),
            *(len(raw), len(extra), 0, 0, 0, 0, header),
        )
        self.directory += raw + extra

    def close(self) -> None:
        """Adds the content hash and the directory; the file itself stays open."""
        if self.checksums:
            self.write(RECORD, digest_record(self.entries))
        count, size, at = len(self.entries), len(self.directory), self.at
        end = bytes(self.directory)
        if count >= ZIP64_COUNT or size >= ZIP64_SIZE or at >= ZIP64_SIZE:
            left = END64.size - 12
            fields = (left, _VERSION64, _VERSION64, 0, 0, count, count, size, at)
            end += END64.pack(END64_MAGIC, *fields)
            end += LOCATOR64.pack(LOCATOR64_MAGIC, 0, at + size, 1)
            count = 0xFFFF if count >= ZIP64_COUNT else count
            size = 0xFFFFFFFF if size >= ZIP64_SIZE else size
            at = 0xFFFFFFFF if at >= ZIP64_SIZE else at
        end += END.pack(END_MAGIC, 0, 0, count, count, size, at, 0)
        self.out.finish(end)

    def abort(self) -> None:
        """Ends the work on a file that will not be completed."""
        self.out.abort()


def _zip64(*numbers: int) -> bytes:
    return struct.pack(f"<2H{len(numbers)}Q", ZIP64_ID, 8 * len(numbers), *numbers)


class _Stream:
    """Any object with `write`: checksums are taken before the bytes go out."""

    def __init__(self, file: BinaryIO) -> None:
        self.file: Any = file

    def reserve(self, size: int) -> None:
        """Not possible here."""

    def write(
        self, header: Callable[[int], bytes], header_size: int, data: memoryview
    ) -> int:
        crc = _C.crc32(data)
        self.put(header(crc))
        self.put(data)
        return crc

    def put(self, data: bytes | memoryview) -> None:
        """Writes all of it, also to raw files, which may take less at a time."""
        rest = memoryview(data)
        while rest.nbytes:
            done = self.file.write(rest)
            if done is None or done >= rest.nbytes:
                return
            rest = rest[done:]

    def finish(self, end: bytes) -> None:
        self.put(end)

    def abort(self) -> None:
        """Nothing is pending."""


class _Descriptor:
    """A regular file: small records are gathered, large ones written in place."""

    def __init__(self, file: BinaryIO, number: int, durable: bool) -> None:
        self.file = file
        self.number = number
        self.at = file.tell()
        self.pending = bytearray()
        self.writeback = _Writeback(number, self.at) if durable else None

    def reserve(self, size: int) -> None:
        _C.reserve_file(self.number, self.at + size)

    def write(
        self, header: Callable[[int], bytes], header_size: int, data: memoryview
    ) -> int:
        if data.nbytes < _LARGE:
            crc = _C.crc32(data)
            self.pending += header(crc)
            self.pending += data
            if len(self.pending) >= _BUFFERED:
                self.flush()
            return crc
        self.flush()
        crc = _C.write_file(self.number, self.at + header_size, data)
        _C.write_file(self.number, self.at, header(crc))
        self.at += header_size + data.nbytes
        if self.writeback is not None:
            self.writeback.advance(self.at)
        return crc

    def flush(self) -> None:
        _C.write_file(self.number, self.at, self.pending)
        self.at += len(self.pending)
        self.pending.clear()

    def finish(self, end: bytes) -> None:
        self.pending += end
        self.flush()
        self.file.seek(self.at)
        self.abort()

    def abort(self) -> None:
        if self.writeback is not None:
            self.writeback.stop()


class _Writeback:
    """A thread that hands written parts of a file to the disk meanwhile."""

    def __init__(self, number: int, start: int) -> None:
        self.number = number
        self.started = start
        self.thread: Thread | None = None
        self.parts: SimpleQueue[tuple[int, int] | None] | None = None

    def advance(self, end: int) -> None:
        """Everything before `end` is written."""
        if end - self.started < _WRITEBACK:
            return
        if self.parts is None:
            from queue import SimpleQueue
            from threading import Thread

            self.parts = SimpleQueue()
            self.thread = Thread(target=self._work, args=(self.parts,), daemon=True)
            self.thread.start()
        self.parts.put((self.started, end - self.started))
        self.started = end

    def _work(self, parts: SimpleQueue[tuple[int, int] | None]) -> None:
        while (part := parts.get()) is not None:
            try:
                _C.start_writeback(self.number, *part)
            except OSError:
                # Only a head start; what went wrong is told by fsync.
                return

    def stop(self) -> None:
        if self.parts is not None and self.thread is not None:
            self.parts.put(None)
            self.thread.join()
