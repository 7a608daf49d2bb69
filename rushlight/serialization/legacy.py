"""The format before zip archives: five pickles in a row, then the storages' bytes.

The pickles are a magic number, a version, facts about the writer's machine, the
object, and the list of storage keys; each storage is a count of elements and its data.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from .errors import UnsafeFileError
from .location import Restore
from .names import FileNames
from .pickler import StorageTable, dumps
from .storages import check_bools, new_storage, storage_bytes, swap_bytes
from .unpickler import run

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_COUNT = struct.Struct("<q")
_MACHINE_FACTS = {
    "protocol_version": VERSION,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}


def save_legacy(obj: Any, file: BinaryIO, protocol: int) -> None:
    """Writes `obj` in the format before zip archives."""
    table = StorageTable()
    written = dumps(obj, table, protocol, legacy=True)
    for header in (MAGIC, VERSION, _MACHINE_FACTS):
        file.write(dumps(header, table, protocol))
    file.write(written)
    file.write(dumps(list(table.storages), table, protocol))
    for key, storage in table.storages.items():
        file.write(_COUNT.pack(table.count(key)))
        file.write(storage_bytes(storage))


def load_legacy(
    file: BinaryIO, restore: Restore, weights_only: bool, encoding: str
) -> Any:
    """Reads what `save_legacy` or an old PyTorch wrote, from the file's position on.

    Raises:
        EOFError: if the file is empty.
        UnsafeFileError: if the file is damaged or holds more than plain data.
    """
    start = file.tell()
    data = memoryview(file.read())
    reader = _Reader(data, restore, weights_only, encoding)
    found = reader.load()
    file.seek(start + reader.at)
    return found


class _Reader:
    """Reads the object twice: first to learn which storages there are, whose data come
    after it, then to build it of storages that are filled."""

    def __init__(
        self, data: memoryview, restore: Restore, weights_only: bool, encoding: str
    ) -> None:
        self.data = data
        self.at = 0
        self.encoding = encoding
        self.storages: dict[str, tuple[Any, Any, int]] = {}
        self.claimed = 0
        self.first = FileNames(self.claim, _leave, weights_only)
        self.second = FileNames(self.filled, restore, weights_only)

    def claim(self, key: str, nbytes: int, dtype: Any) -> Any:
        self.claimed += nbytes
        if self.claimed > len(self.data):
            raise UnsafeFileError(
                f"load: the storages claim {self.claimed} bytes; "
                f"the file has {len(self.data)}"
            )
        storage = new_storage(nbytes)
        self.storages[key] = storage, dtype, nbytes
        return storage

    def filled(self, key: str, nbytes: int, dtype: Any) -> Any:
        return self.storages[key][0]

    def pickle(self) -> Any:
        found, used = run(self.data[self.at :], self.first, self.encoding)
        self.at += used
        return found

    def load(self) -> Any:
        self.check_header()
        facts = self.pickle()
        start = self.at
        self.pickle()
        keys = self.pickle()
        texts = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        if not texts or sorted(keys) != sorted(self.storages):
            raise UnsafeFileError("load: the file's list of storages is wrong")
        little = facts.get("little_endian") if isinstance(facts, dict) else None
        if not isinstance(little, bool):
            raise UnsafeFileError("load: the file does not tell its byte order")
        for key in keys:
            self.fill(key, little)
        return run(self.data[start:], self.second, self.encoding)[0]

    def check_header(self) -> None:
        if bytes(self.data[257:262]) == b"ustar":
            raise UnsafeFileError("load: tar archives of PyTorch 0.1 are not read")
        try:
            known = self.pickle() == MAGIC and self.pickle() == VERSION
        except UnsafeFileError:
            known = False
        if not known:
            raise UnsafeFileError(
                "load: this is no model file: it is neither a zip archive nor does it "
                "begin with PyTorch's magic number"
            )

    def fill(self, key: str, little: bool) -> None:
        storage, dtype, nbytes = self.storages[key]
        head = self.data[self.at : self.at + _COUNT.size]
        itemsize = 1 if dtype is None else dtype.itemsize
        self.at += _COUNT.size
        part = self.data[self.at : self.at + nbytes]
        whole = len(head) == _COUNT.size and len(part) == nbytes
        if not whole or _COUNT.unpack(head)[0] * itemsize != nbytes:
            raise UnsafeFileError(f"load: storage {key!r} is cut short or damaged")
        self.at += nbytes
        target = storage_bytes(storage)
        check_bools(part, dtype)
        target[:] = part
        if not little:
            swap_bytes(target, dtype)


def _leave(storage: Any, location: str) -> Any:
    return storage
