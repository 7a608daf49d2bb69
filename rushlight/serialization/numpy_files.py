"""NumPy's files: `.npy`, one array, and `.npz`, a zip archive of arrays by name.

Arrays of Python objects are pickles inside of these files; they are neither read nor
written. The layout is that of `numpy.lib.format`.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeAlias

import rushlight
from rushlight import _C

from .archive import fill
from .atomic import atomic_write
from .errors import UnsafeFileError
from .file_access import seek_end
from .storages import check_bools, new_storage, storage_bytes, swap_bytes

if TYPE_CHECKING:
    from rushlight import Tensor

FileLike: TypeAlias = "str | os.PathLike[str] | BinaryIO"

READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What Python's zipfile raises for damaged and for unusual archives."""

MAX_HEADER = 10_000
_READERS = {
    (1, 0): "read_array_header_1_0",
    (2, 0): "read_array_header_2_0",
    (3, 0): "read_array_header_2_0",
}
_MIN_LIMIT = 256 << 20
_MAX_RATIO = 100
_MAX_BYTES = 2**63 - 1
_DTYPES = (
    "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128"
).split()


def array_header(file: Any) -> tuple[tuple[int, ...], bool, Any]:
    """Reads the header of an array: its shape, whether columns come first, its dtype.

    Raises:
        ValueError: if it is no valid header, or one over 10,000 characters.
    """
    import tokenize

    from numpy.lib import format as layout

    version = layout.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"unknown version {version}")
    read = getattr(layout, _READERS[version])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2
            found: tuple[tuple[int, ...], bool, Any]
            found = read(file, max_header_size=MAX_HEADER)
    except (
        TypeError,
        OverflowError,
        SyntaxError,
        RecursionError,
        tokenize.TokenError,
    ) as error:
        raise ValueError(f"the header is damaged: {error}") from None
    return found


def load_npy(f: FileLike) -> Tensor:
    """Reads a `.npy` file, to its end.

    Args:
        f: a path or a seekable binary file object.

    Raises:
        FileNotFoundError: if there is no such file.
        UnsafeFileError: if it is damaged, or an array of Python objects.
        TypeError: if no tensor can hold its dtype.
    """
    with _readable(f) as file:
        start = file.tell()
        size = seek_end(file) - start
        file.seek(start)
        return _read(file, size, "the array")


def load_npz(f: FileLike, max_bytes: int | None = None) -> dict[str, Tensor]:
    """Reads the arrays of a `.npz` file by name, checksums verified.

    Args:
        f: a path or a seekable binary file object.
        max_bytes: how much compressed arrays may expand to in all; 100 times the size
            of the file, and 256 MB at least, by default.

    Raises:
        FileNotFoundError: if there is no such file.
        UnsafeFileError: if it is damaged, expands too far, or holds anything else
            than arrays of numbers.
        TypeError: if no tensor can hold an array's dtype.
    """
    with _readable(f) as file:
        limit = _limit(file) if max_bytes is None else max_bytes
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                _check_entries(entries, limit, archive.start_dir)
                return {
                    entry.filename.removesuffix(".npy"): _read_entry(archive, entry)
                    for entry in entries
                }
        except UnsafeFileError:
            raise
        except READ_ERRORS as error:
            raise UnsafeFileError(f"load_npz: the file is damaged: {error}") from None


def save_npy(f: FileLike, tensor: Tensor) -> None:
    """Writes a tensor to a `.npy` file; a path is replaced when the file is complete.

    Args:
        f: a path, used as it is, or a binary file object.
        tensor: of a dtype that NumPy has.

    Raises:
        TypeError: if it is no tensor.
        NotImplementedError: if NumPy does not have its dtype.
    """
    with _writable(f) as file:
        _write(file, "the tensor", tensor)


def save_npz(
    f: FileLike, tensors: Mapping[str, Tensor], compressed: bool = False
) -> None:
    """Writes tensors by name to a `.npz` file that `numpy.load` reads.

    Args:
        f: a path, used as it is, or a binary file object.
        tensors: of dtypes that NumPy has.
        compressed: compress the arrays.

    Raises:
        TypeError: if `tensors` is no mapping of tensors by strings.
        NotImplementedError: if NumPy does not have a tensor's dtype.
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(
            f"save_npz: expected tensors by name, got {type(tensors).__name__}"
        )
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            raise TypeError(f"save_npz: names must be strings, got {name!r}")
        _check_tensor(name, tensor)
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with _writable(f) as file, zipfile.ZipFile(file, "w", kind) as archive:
        for name, tensor in tensors.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = kind
            with archive.open(entry, "w", force_zip64=True) as member:
                _write(member, name, tensor)


# Reading


@contextlib.contextmanager
def _readable(f: FileLike) -> Iterator[BinaryIO]:
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
    else:
        yield f


def _limit(file: BinaryIO) -> int:
    start = file.tell()
    size = seek_end(file) - start
    file.seek(start)
    return max(_MIN_LIMIT, _MAX_RATIO * size)


def _check_entries(entries: list[zipfile.ZipInfo], limit: int, end: int) -> None:
    """Bounds what is read: records cannot share bytes, nor expand beyond the limit."""
    names = [entry.filename for entry in entries]
    for name in names:
        if not name.endswith(".npy"):
            raise UnsafeFileError(f"load_npz: record {name[:60]!r} is no array")
    if len(set(names)) != len(names):
        raise UnsafeFileError("load_npz: two arrays have the same name")
    packed = [e for e in entries if e.compress_type != zipfile.ZIP_STORED]
    total = sum(entry.file_size for entry in packed)
    if total > limit:
        raise UnsafeFileError(
            f"load_npz: the arrays expand to {total:,} bytes; max_bytes is {limit:,}"
        )
    if sum(entry.compress_size for entry in entries) > end:
        raise UnsafeFileError("load_npz: the records claim more bytes than there are")
    for entry in entries:
        stored = entry.compress_type == zipfile.ZIP_STORED
        if stored and entry.compress_size != entry.file_size:
            raise UnsafeFileError(
                f"load_npz: record {entry.filename[:60]!r} has two different sizes"
            )


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Tensor:
    with archive.open(entry) as member:
        name = f"array {entry.filename.removesuffix('.npy')[:60]!r}"
        return _read(member, entry.file_size, name)


def _read(file: IO[bytes], size: int, name: str) -> Tensor:
    """An array of `size` bytes, header included, from the file's position on."""
    start = file.tell()
    try:
        shape, columns_first, dtype = array_header(file)
    except ValueError as error:
        raise UnsafeFileError(f"load: {name} has no valid header: {error}") from None
    if dtype.hasobject:
        raise UnsafeFileError(
            f"load: {name} holds Python objects: that is a pickle, which is not run"
        )
    native = dtype.newbyteorder("=").name
    if dtype.names is not None or native not in _DTYPES:
        raise TypeError(f"load: {name} has dtype {dtype}, which no tensor can hold")
    nbytes, nonzero = dtype.itemsize, dtype.itemsize
    for side in shape:
        nbytes *= side
        nonzero *= max(side, 1)
    left = size - (file.tell() - start)
    if nbytes != left or nonzero > _MAX_BYTES or min(shape, default=0) < 0:
        raise UnsafeFileError(
            f"load: {name} of shape {list(shape)} needs {nbytes:,} bytes; there are "
            f"{left:,}"
        )
    storage = new_storage(nbytes)
    data = storage_bytes(storage)
    fill(file, data)  # type: ignore[arg-type]
    file.read(1)  # at its end, a record's checksum is compared
    kind = getattr(rushlight, native)
    check_bools(data, kind)
    if dtype.byteorder == ">":
        swap_bytes(data, kind)
    strides, step = [], 1
    for side in shape if columns_first else reversed(shape):
        strides.append(step)
        step *= max(side, 1)
    if not columns_first:
        strides.reverse()
    return _C.tensor_from_storage(storage, kind, 0, shape, strides, False)


# Writing


@contextlib.contextmanager
def _writable(f: FileLike) -> Iterator[BinaryIO]:
    if isinstance(f, (str, os.PathLike)):
        with atomic_write(f) as file:
            yield file
    else:
        yield f


def _check_tensor(name: str, tensor: Any) -> None:
    if not isinstance(tensor, rushlight.Tensor):
        raise TypeError(f"save: {name} is no tensor but a {type(tensor).__name__}")
    if str(tensor.dtype).removeprefix("torch.") not in _DTYPES:
        raise NotImplementedError(
            f"save: {name} has dtype {tensor.dtype}, which NumPy does not have"
        )


def _write(file: IO[bytes], name: str, tensor: Tensor) -> None:
    from numpy.lib import format as layout

    _check_tensor(name, tensor)
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    layout.write_array(file, plain.numpy(), allow_pickle=False)
