"""The format of PyTorch 0.1: a tar archive of `storages`, `tensors` and a `pickle`.

`storages` holds a count, then for each storage a pickle of (key, location, class) and
its elements, then a pickled list of views (key, root, offset, size). `tensors` holds a
count, then for each tensor a pickle of (key, storage, class) and its geometry in 8-byte
numbers. The pickle refers to both by their keys. Everything is little-endian.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, NamedTuple

import rushlight
from rushlight._storage import TypedStorage

from .errors import UnsafeFileError
from .legacy import Pickles
from .location import Restore
from .names import FileNames
from .rebuild import check_arguments, make_view
from .records import brief
from .storages import new_storage, part_of
from .tables import StorageKind

_BLOCK = 512
_MAX_MEMBERS = 100
_MAX_DIMS = 64
_EXTENSIONS = b"xgLK"
_FILES = b"0\0"


class Member(NamedTuple):
    """Where a file of the archive lies."""

    offset: int
    size: int


def is_tar(file: BinaryIO) -> bool:
    """Whether the file starts like a tar archive; its position stays."""
    start = file.tell()
    head = file.read(_BLOCK)
    file.seek(start)
    return len(head) == _BLOCK and _checksum(head) == _octal(head[148:156])


def _checksum(head: bytes) -> int:
    # The checksum counts its own field as spaces.
    return sum(head) - sum(head[148:156]) + 8 * ord(" ")


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        return -1
    return int(digits, 8)


def members(file: BinaryIO) -> dict[str, Member]:
    """The files of a tar archive by their names.

    Raises:
        UnsafeFileError: if the archive is damaged, or names something outside of it.
    """
    at = file.tell()
    end = file.seek(0, 2)
    found: dict[str, Member] = {}
    for _ in range(_MAX_MEMBERS):
        file.seek(at)
        head = file.read(_BLOCK)
        if len(head) < _BLOCK or not any(head):
            return found
        size = _octal(head[124:136])
        if (
            _checksum(head) != _octal(head[148:156])
            or not 0 <= size <= end - at - _BLOCK
        ):
            raise UnsafeFileError("load: the tar archive is damaged")
        name = head[:100].rstrip(b"\0").decode("latin1").removeprefix("./")
        kind = head[156]
        if kind not in _EXTENSIONS:
            if kind not in _FILES or "/" in name or name in found:
                raise UnsafeFileError(f"load: tar member {name!r} is not allowed")
            found[name] = Member(at + _BLOCK, size)
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
    raise UnsafeFileError("load: the tar archive has too many members")


def load_tar(
    file: BinaryIO, restore: Restore, weights_only: bool, encoding: str
) -> Any:
    """Reads what PyTorch 0.1 wrote.

    Raises:
        UnsafeFileError: if the file is damaged or holds more than plain data.
    """
    return _Reader(file, restore, weights_only, encoding).load()


class _Reader:
    def __init__(
        self, file: BinaryIO, restore: Restore, weights_only: bool, encoding: str
    ) -> None:
        self.file = file
        self.members = members(file)
        self.encoding = encoding
        self.restore = restore
        self.objects: dict[str, Any] = {}
        self.names = FileNames(_no_storage, restore, weights_only, self.objects)

    def open(self, name: str) -> Pickles:
        member = self.members.get(name)
        if member is None:
            raise UnsafeFileError(f"load: the tar archive has no member {name!r}")
        self.file.seek(member.offset)
        return Pickles(self.file, self.encoding, member.size)

    def load(self) -> Any:
        self.read_storages(self.open("storages"))
        self.read_tensors(self.open("tensors"))
        found = self.open("pickle").next(self.names)
        self.names.finish()
        return found

    def count(self, pickles: Pickles) -> int:
        number = pickles.next(self.names)
        if type(number) is not int or not 0 <= number <= pickles.left():
            raise UnsafeFileError("load: a member of the tar archive is damaged")
        return number

    def add(self, key: Any, value: Any) -> None:
        if type(key) is not int or str(key) in self.objects:
            raise UnsafeFileError(f"load: key {brief(key)} is there twice or damaged")
        self.objects[str(key)] = value

    def storage(self, key: Any) -> TypedStorage:
        found = self.objects.get(str(key))
        if type(found) is not TypedStorage:
            raise UnsafeFileError(f"load: there is no storage {brief(key)}")
        return found

    def read_storages(self, pickles: Pickles) -> None:
        for _ in range(self.count(pickles)):
            entry = pickles.next(self.names)
            check_arguments(_tuple(entry), int, str, StorageKind)
            key, location, kind = entry
            length = int.from_bytes(pickles.take(8), "little", signed=True)
            nbytes = length * kind.itemsize
            if not 0 <= nbytes <= pickles.left() or kind.dtype is None:
                raise UnsafeFileError(f"load: storage {key} is cut short or damaged")
            pickles.at -= 8
            made = new_storage(nbytes)
            pickles.take_storage(str(key), made, kind.dtype, True)
            restored = self.restore(made, location)
            self.add(key, TypedStorage(wrap_storage=restored, dtype=kind.dtype))
        views = pickles.next(self.names)
        for view in views if isinstance(views, list) else [views]:
            check_arguments(_tuple(view), int, int, int, int)
            key, root_key, offset, length = view
            root = self.storage(root_key)
            start, end = (
                offset * root.dtype.itemsize,
                (offset + length) * root.dtype.itemsize,
            )
            if not 0 <= start <= end <= root.nbytes():
                raise UnsafeFileError(f"load: view {key} exceeds its storage")
            part = part_of(root.untyped(), start, end)
            if str(key) != str(root_key):
                self.add(key, TypedStorage(wrap_storage=part, dtype=root.dtype))

    def read_tensors(self, pickles: Pickles) -> None:
        for _ in range(self.count(pickles)):
            entry = pickles.next(self.names)
            check_arguments(_tuple(entry), int, int, object)
            key, storage_key, _ = entry
            # The number of dimensions has 4 bytes, and 4 that mean nothing.
            dims = int.from_bytes(pickles.take(8)[:4], "little")
            if dims > _MAX_DIMS:
                raise UnsafeFileError(f"load: a tensor has {dims} dimensions")
            geometry = struct.Struct(f"<{2 * dims + 1}q")
            raw = pickles.take(geometry.size)
            if len(raw) != geometry.size:
                raise UnsafeFileError("load: a tensor is cut short")
            *lengths, offset = geometry.unpack(raw)
            typed = self.storage(storage_key)
            size, stride = tuple(lengths[:dims]), tuple(lengths[dims:])
            view = make_view(typed.untyped(), typed.dtype, offset, size, stride, False)
            # What had no dimensions was a tensor without elements then.
            self.add(key, view if dims else rushlight.empty(0, dtype=typed.dtype))


def _tuple(entry: Any) -> tuple[Any, ...]:
    return entry if isinstance(entry, tuple) else ()


def _no_storage(key: str, nbytes: int, dtype: Any) -> Any:
    raise UnsafeFileError(f"load: a tar archive refers to storage {key[:40]!r}")
