"""Bytes of storages: fresh ones to read into, mapped ones, and their byte order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rushlight
from rushlight import _C

from .errors import UnsafeFileError

if TYPE_CHECKING:
    from rushlight import UntypedStorage


def new_storage(nbytes: int) -> UntypedStorage:
    """A storage of uninitialised memory."""
    return rushlight.empty(nbytes, dtype=rushlight.uint8).untyped_storage()


def zero_storage(nbytes: int) -> UntypedStorage:
    """A storage of zeros."""
    return rushlight.zeros(nbytes, dtype=rushlight.uint8).untyped_storage()


def storage_bytes(storage: UntypedStorage) -> memoryview:
    """The bytes of a CPU storage, to read and to write.

    Raises:
        NotImplementedError: for a storage of the device 'meta', which has none.
    """
    exporter: Any = storage
    return memoryview(exporter).cast("B")


def is_meta(storage: UntypedStorage) -> bool:
    """Whether the storage has a size only."""
    return storage.device.type == "meta"


def part_of(storage: UntypedStorage, begin: int, end: int) -> UntypedStorage:
    """Some bytes of a storage as a storage of its own."""
    if is_meta(storage):
        return meta_storage(end - begin)
    return _C.storage_from_buffer(storage_bytes(storage)[begin:end])


def meta_storage(nbytes: int) -> UntypedStorage:
    """A storage of the device 'meta': a size without bytes."""
    return rushlight.UntypedStorage(nbytes, device="meta")


def swap_bytes(data: memoryview, dtype: Any) -> None:
    """Reverses the bytes of every number, in place; without a dtype they are bytes."""
    if dtype is None or dtype.itemsize == 1:
        return
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    whole = data[: data.nbytes - data.nbytes % width]
    swapped = bytearray(whole.nbytes)
    for at in range(width):
        swapped[at::width] = whole[width - 1 - at :: width]
    whole[:] = swapped


def check_bools(data: memoryview, dtype: Any) -> None:
    """Refuses bools that are neither 0 nor 1, which no code is prepared for.

    Raises:
        UnsafeFileError: if there are any.
    """
    if dtype == rushlight.bool and bytes(data).translate(None, b"\0\1"):
        raise UnsafeFileError("load: a bool storage has bytes other than 0 and 1")
