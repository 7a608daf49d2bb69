"""`save` and `load`: PyTorch's model files, read as data and written atomically."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias, cast

from rushlight import _C

from .archive import ArchiveReader, ArchiveWriter, is_zip
from .atomic import atomic_write
from .errors import CallerError, UnsafeFileError
from .formats import check_archive, check_known, only_plain_data
from .legacy import load_legacy, save_legacy
from .location import Restore, make_restore
from .mapping import map_file, mode_for_map
from .names import FileNames
from .options import default_byte_order, get_crc32_options, skips_data
from .pickler import StorageTable, dumps
from .safetensors_header import is_safetensors
from .storages import (
    check_bools,
    new_storage,
    storage_bytes,
    swap_bytes,
    zero_storage,
)
from .tar import is_tar, load_tar
from .unpickler import run

FileLike: TypeAlias = "str | os.PathLike[str] | BinaryIO"

_FORMAT_VERSION = b"3\n"
_MAPPED_ALIGNMENT = 16


def save(
    obj: object,
    f: FileLike,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Writes an object of tensors, numbers, strings and containers to a model file.

    A path is replaced only when the new file is complete and on the disk: whatever
    interrupts the writing, the old file or the new one is there. What a killed
    program has left beside the file goes with the next save. The wait for the disk is
    part of every save to a path; a file object is written as it is and not flushed.

    Args:
        obj: what to write; whole modules too, though `state_dict()` is better.
        f: a path or a file object with `write`.
        pickle_module: only Python's own `pickle`, whose format is written.
        pickle_protocol: 2 to 5; PyTorch's `weights_only=True` reads only 2.
        _use_new_zipfile_serialization: False writes the format before PyTorch 1.6.
        _disable_byteorder_record: leave out the record that tells the byte order.

    Raises:
        RuntimeError: if the folder does not exist, or one storage has two dtypes.
        PicklingError, AttributeError: if an object cannot be pickled.
        ValueError: if the protocol is not 2 to 5.
    """
    _check_pickle_module(pickle_module, "save")
    if pickle_protocol > pickle.HIGHEST_PROTOCOL:
        raise ValueError(f"pickle protocol must be <= {pickle.HIGHEST_PROTOCOL}")
    if pickle_protocol < 2:
        raise ValueError(f"save: pickle_protocol must be >= 2, got {pickle_protocol}")
    with _writable(f) as file:
        if _use_new_zipfile_serialization:
            with_order = not _disable_byteorder_record
            _save_archive(obj, f, file, pickle_protocol, with_order)
        elif skips_data():
            raise RuntimeError(
                "Cannot use skip_data=True with _use_new_zipfile_serialization=False"
            )
        else:
            save_legacy(obj, file, pickle_protocol)


def load(
    f: FileLike,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    encoding: str = "utf-8",
) -> Any:
    """Reads a model file. Nothing that the file names is imported or called.

    The format is told by the content; a safetensors file gives its dict of tensors.

    What is read from a zip archive is compared with its checksums (CRC-32), and with
    the content hash that `save` adds: damage, and any change of a record after the
    writing, is an error that names the record. The hash has no secret in it: it tells
    nothing about who wrote the file, and whoever changes a file on purpose can write
    a new one. With `mmap=True` the list of records is compared with the hash, the
    bytes of the storages are not. A mapped file must stay as it is: one that another
    program shortens kills the process (SIGBUS) when a lost page is touched. `save`
    never writes into the old file, so saving over a mapped one is safe.

    Args:
        f: a path or a seekable binary file object.
        map_location: where storages are placed: None (where they were), a device or
            its name, a dict of names, or a function of a storage and its device.
        pickle_module: only Python's own `pickle`, which is never run.
        weights_only: True (the default) builds tensors, numbers, strings, containers
            and the classes given to `add_safe_globals`. False also builds subclasses
            of `nn.Module` and `Tensor`, and dataclasses, that the program has already
            imported, by setting their attributes, calling none of their methods.
        mmap: keep the file mapped and let the storages share its pages, which are
            read when they are first used and copied when they are written (see
            `set_default_mmap_options`). Needs a path. A safetensors file with a path
            is mapped unless this is False.
        encoding: of byte strings that Python 2 wrote.

    Raises:
        FileNotFoundError, EOFError: if there is no file, or an empty one.
        UnsafeFileError: if the file is damaged, or holds more than plain data; it is
            a `pickle.UnpicklingError` and a `RuntimeError`.
        RuntimeError: if a storage's device is not available.
    """
    if pickle_module is not None:
        _check_pickle_module(pickle_module, "load")
        if weights_only:
            raise RuntimeError(
                "Can not safely load weights when explicit pickle_module is specified"
            )
    safely = only_plain_data(weights_only, pickle_module is None)
    restore = make_restore(map_location)
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    with readable(f, mode_for_map() if mmap else "rb") as file:
        try:
            if is_zip(file):
                return _load_archive(file, restore, safely, bool(mmap), encoding)
            if is_safetensors(file):
                from .safetensors import read_stream

                path = isinstance(f, (str, os.PathLike))
                return read_stream(file, path if mmap is None else mmap, restore)
            if mmap:
                raise RuntimeError(
                    "mmap can only be used with files saved with "
                    f"`torch.save({f}, _use_new_zipfile_serialization=True)`, please "
                    "torch.save your checkpoint with this option in order to use mmap."
                )
            read = load_tar if is_tar(file) else load_legacy
            check_known(file)
            return read(file, restore, safely, encoding)
        except CallerError as error:
            raise error.error from None


def _check_pickle_module(module: Any, function: str) -> None:
    if module is not pickle:
        raise NotImplementedError(
            f"rushlight.{function}(pickle_module={getattr(module, '__name__', module)})"
        )


def _folder(f: FileLike) -> str:
    """The name of the archive's folder: that of the file, as PyTorch has it."""
    if not isinstance(f, (str, os.PathLike)):
        return "archive"
    stem = os.path.splitext(os.path.basename(os.fspath(f)))[0]
    return stem if stem.isascii() and stem.strip(".") else "archive"


@contextlib.contextmanager
def _writable(f: FileLike) -> Iterator[BinaryIO]:
    if isinstance(f, (str, os.PathLike)):
        with atomic_write(f) as file:
            yield file
    elif hasattr(f, "write"):
        yield f
    else:
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' "
            "attribute"
        )


@contextlib.contextmanager
def readable(f: FileLike, mode: str = "rb") -> Iterator[BinaryIO]:
    """A binary file to read: a path's, opened and closed, or the object itself."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, mode) as file:
            yield cast(BinaryIO, file)
        return
    for method in ("seek", "tell", "read"):
        if not hasattr(f, method):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{method}'. You can "
                "only torch.load from a file that is seekable. Please pre-load the "
                "data into a buffer like io.BytesIO and try to load from it instead."
            )
    if isinstance(f.read(0), str):
        raise TypeError("load: the file is open as text; open it in binary mode, 'rb'")
    yield f


def _save_archive(
    obj: object, f: FileLike, file: BinaryIO, protocol: int, with_order: bool
) -> None:
    table = StorageTable()
    pickled = dumps(obj, table, protocol)
    durable = isinstance(f, (str, os.PathLike))
    archive = ArchiveWriter(file, _folder(f), durable, get_crc32_options())
    try:
        archive.reserve(sum(s.nbytes() for s in table.storages.values()))
        archive.write("data.pkl", pickled)
        if with_order:
            archive.write("byteorder", b"little")
        empty = skips_data()
        for key, storage in table.storages.items():
            data = storage_bytes(storage)
            archive.write(f"data/{key}", bytes(data.nbytes) if empty else data)
        archive.write("version", _FORMAT_VERSION)
        archive.close()
    except BaseException:
        archive.abort()
        raise


def _load_archive(
    file: BinaryIO, restore: Restore, weights_only: bool, mapped: bool, encoding: str
) -> Any:
    archive = ArchiveReader(file)
    check_archive(archive.records, weights_only)
    told = "byteorder" in archive.records
    order = archive.read("byteorder") if told else default_byte_order()
    if order not in (b"little", b"big"):
        raise UnsafeFileError(f"load: unknown byte order {order[:20]!r}")
    pages = map_file(file) if mapped else None

    def open_storage(key: str, nbytes: int, dtype: Any) -> Any:
        record = archive.find(f"data/{key}")
        if skips_data():
            return zero_storage(record.size)
        aligned = record.offset % _MAPPED_ALIGNMENT == 0
        if pages is not None and aligned and order == b"little" and record.size:
            part = pages[record.offset : record.offset + record.size]
            check_bools(part, dtype)
            return _C.storage_from_buffer(part)
        if record.size < nbytes:
            raise UnsafeFileError(
                f"load: storage {key!r} claims {nbytes} bytes and has {record.size}"
            )
        storage = new_storage(record.size)
        data = storage_bytes(storage)
        archive.read_into(f"data/{key}", data)
        check_bools(data, dtype)
        if order == b"big":
            swap_bytes(data, dtype)
        return storage

    names = FileNames(open_storage, restore, weights_only)
    found = run(archive.read("data.pkl"), names, encoding)[0]
    names.finish()
    return found
