"""Memory-mapped model files, and how their pages are shared."""

from __future__ import annotations

import mmap
from types import TracebackType
from typing import BinaryIO

_flags = mmap.MAP_PRIVATE


class set_default_mmap_options:
    """Sets how `load(mmap=True)` maps files: for good, or for a `with` block.

    Args:
        flags: `mmap.MAP_PRIVATE` (the default: what is written to a loaded tensor
            stays in memory) or `mmap.MAP_SHARED` (it is written to the file, which must
            be writable, and saved under `set_crc32_options(False)`: checksums would
            no longer fit).

    Raises:
        ValueError: if the flags are others.
    """

    def __init__(self, flags: int) -> None:
        global _flags
        if flags not in (mmap.MAP_PRIVATE, mmap.MAP_SHARED):
            raise ValueError(
                "Invalid argument in function set_default_mmap_options, expected "
                f"mmap.MAP_PRIVATE or mmap.MAP_SHARED, but got {flags}"
            )
        self._before, _flags = _flags, flags

    def __enter__(self) -> None:
        """The flags were set on construction."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        global _flags
        _flags = self._before


def get_default_mmap_options() -> int:
    """`mmap.MAP_PRIVATE` or `mmap.MAP_SHARED`, what `load(mmap=True)` uses."""
    return _flags


def mode_for_map() -> str:
    """The mode in which a file has to be opened to be mapped."""
    return "r+b" if _flags == mmap.MAP_SHARED else "rb"


def map_file(file: BinaryIO) -> memoryview:
    """The whole file as pages that are read when they are first used.

    The storages made from it keep the mapping alive, also after the file is closed,
    removed or replaced under its name.
    """
    shared = _flags == mmap.MAP_SHARED
    access = mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY
    return memoryview(mmap.mmap(file.fileno(), 0, access=access))
