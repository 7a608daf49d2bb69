"""Bytes of an open file: through its descriptor where it has a real one, so that
several threads read and sum them at once, else through its own methods.
"""

from __future__ import annotations

import io
import os
import stat
from typing import Any, BinaryIO

from rushlight import _C

_WINDOW = 1 << 18
# Wrappers such as gzip.GzipFile have the descriptor of something else.
_REAL = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)


def descriptor(file: BinaryIO) -> int | None:
    """The descriptor of a regular file whose bytes are the file object's own; what
    the object still buffers is written first."""
    if type(file) not in _REAL:
        return None
    number = file.fileno()
    if not stat.S_ISREG(os.fstat(number).st_mode):
        return None
    file.flush()
    return number


def seek_end(file: BinaryIO) -> int:
    """Goes to the end of a file: its size. Not every `seek` tells where it went."""
    file.seek(0, os.SEEK_END)
    return file.tell()


class FileBytes:
    """Reads of a file at given places.

    `size` is the number of bytes of the file when it was opened.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.descriptor = descriptor(file)
        if self.descriptor is None:
            self.size = seek_end(file)
        else:
            self.size = os.fstat(self.descriptor).st_size
        self._window = b""
        self._window_at = 0

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes, fewer at the end of the file.

        Small pieces that lie close together come from one read.
        """
        at = offset - self._window_at
        if 0 <= at and at + size <= len(self._window):
            return self._window[at : at + size]
        if size >= _WINDOW:
            return self._read(offset, size)
        self._window = self._read(offset, _WINDOW)
        self._window_at = offset
        return self._window[:size]

    def peek(self, offset: int, size: int) -> bytes:
        """`read` where the bytes that follow will not be asked for."""
        at = offset - self._window_at
        if 0 <= at and at + size <= len(self._window):
            return self._window[at : at + size]
        return self._read(offset, size)

    def _read(self, offset: int, size: int) -> bytes:
        size = max(0, min(size, self.size - offset))
        if self.descriptor is not None:
            return os.pread(self.descriptor, size, offset)
        self.file.seek(offset)
        return self.file.read(size)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fills `target` and returns its CRC-32.

        Raises:
            EOFError: if the file ends before.
        """
        size = target.nbytes
        if size < _WINDOW:
            data = self.read(offset, size)
            if len(data) != size:
                raise _too_short(size - len(data))
            target[:] = data
            return _C.crc32(data)
        if self.descriptor is None:
            self.file.seek(offset)
            fill(self.file, target)
            return _C.crc32(target)
        done, crc = _C.read_file(self.descriptor, offset, target)
        if done != size:
            raise _too_short(size - done)
        return crc


def fill(file: BinaryIO, target: memoryview) -> None:
    """Reads exactly `target.nbytes` bytes, without a copy where the file can.

    Raises:
        EOFError: if the file ends before.
    """
    done = 0
    into: Any = getattr(file, "readinto", None)
    while done < target.nbytes:
        if into is not None:
            got = into(target[done:]) or 0
        else:
            part = file.read(target.nbytes - done)
            got = len(part)
            target[done : done + got] = part
        if got == 0:
            raise _too_short(target.nbytes - done)
        done += got


def _too_short(missing: int) -> EOFError:
    return EOFError(f"load: the file ends {missing} bytes too early; it was truncated")
