"""Options of `save` and `load` that hold until they are changed."""

from __future__ import annotations

import contextlib
import enum
import threading
from collections.abc import Iterator


class LoadEndianness(enum.Enum):
    """The byte order of files that do not tell it."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


_endianness: LoadEndianness | None = None
_checksums = True
_thread = threading.local()


def get_default_load_endianness() -> LoadEndianness | None:
    """What `set_default_load_endianness` chose; None stands for little-endian."""
    return _endianness


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Chooses the byte order of zip archives without a record of it, as PyTorch wrote
    them before 2.1 (and `save(_disable_byteorder_record=True)` does).

    Raises:
        TypeError: if it is no `LoadEndianness`.
    """
    global _endianness
    if endianness is not None and not isinstance(endianness, LoadEndianness):
        raise TypeError("Invalid argument type in function set_default_load_endianness")
    _endianness = endianness


def default_byte_order() -> bytes:
    """The record of byte order that a file without one is read with."""
    return b"big" if _endianness is LoadEndianness.BIG else b"little"


def get_crc32_options() -> bool:
    """Whether `save` writes checksums."""
    return _checksums


def set_crc32_options(compute_crc32: bool) -> None:
    """Chooses whether `save` writes the CRC-32 of every record.

    Without them the bytes of a file may change later, through a shared mapping for
    instance; `load` cannot notice damage, there is no content hash, and programs such
    as unzip take the file for a damaged one.
    """
    global _checksums
    _checksums = bool(compute_crc32)


@contextlib.contextmanager
def skip_data(materialize_fake_tensors: bool = False) -> Iterator[None]:
    """In the block `save` leaves room for the storages' bytes and writes zeros there,
    and `load` gives storages of zeros without reading them.

    Only the zip format has such room.

    Args:
        materialize_fake_tensors: concerns fake tensors, which rushlight does not have.

    Raises:
        NotImplementedError: for materialize_fake_tensors=True.
    """
    if materialize_fake_tensors:
        raise NotImplementedError(
            "rushlight.serialization.skip_data(materialize_fake_tensors=True)"
        )
    before, _thread.skips = skips_data(), True
    try:
        yield
    finally:
        _thread.skips = before


def skips_data() -> bool:
    """Whether a `skip_data` block is active in this thread."""
    return getattr(_thread, "skips", False)
