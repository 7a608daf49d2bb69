"""The format before zip archives: five pickles in a row, then the storages' bytes.

The pickles are a magic number, a version, facts about the writer's machine, the
object, and the list of storage keys; each storage is a count of elements and its data.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from .archive import fill
from .errors import CallerError, UnsafeFileError
from .file_access import seek_end
from .location import Restore
from .names import FileNames
from .pickler import StorageTable, dumps
from .records import brief
from .storages import check_bools, is_meta, new_storage, storage_bytes, swap_bytes
from .unpickler import run

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_COUNT = struct.Struct("<q")
_WINDOW = 1 << 26
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
    """Reads what `save_legacy` or an old PyTorch wrote, from the file's position on;
    leaves the position behind it.

    Raises:
        EOFError: if the file is empty.
        UnsafeFileError: if the file is damaged or holds more than plain data.
    """
    return _Reader(Pickles(file, encoding), restore, weights_only).load()


class Pickles:
    """Pickles that follow each other in a file, with bytes between them.

    Only the pickles are held in memory: how long one is, its reading tells, so a window
    of the file grows until the pickle ends in it.
    """

    def __init__(self, file: BinaryIO, encoding: str, size: int | None = None) -> None:
        self.file = file
        self.encoding = encoding
        self.at = file.tell()
        self.end = seek_end(file)
        if size is not None:
            self.end = min(self.end, self.at + size)
        self.window = b""
        self.window_start = self.at

    def left(self) -> int:
        """Bytes up to the end of the file."""
        return self.end - self.at

    def next(self, names: FileNames) -> Any:
        """The object of the next pickle.

        Raises:
            EOFError: if the file ends here.
            UnsafeFileError: if it is damaged or holds more than plain data.
        """
        while True:
            start = self.at - self.window_start
            if start >= len(self.window):
                self._grow(_WINDOW)
                start = 0
            try:
                found, end = run(self.window, names, self.encoding, start)
            except UnsafeFileError:
                if self.window_start + len(self.window) >= self.end:
                    raise
                self._grow(2 * len(self.window))
                names.restart()
                continue
            self.at = self.window_start + end
            return found

    def _grow(self, size: int) -> None:
        self.file.seek(self.at)
        self.window = self.file.read(min(size, self.end - self.at))
        self.window_start = self.at

    def take(self, size: int) -> bytes:
        """Some bytes after a pickle; fewer at the end of the file."""
        self.file.seek(self.at)
        data = self.file.read(min(size, self.end - self.at))
        self.at += len(data)
        return data

    def take_into(self, target: memoryview) -> None:
        """Fills `target` with the next bytes; there must be as many."""
        self.file.seek(self.at)
        fill(self.file, target)
        self.at += target.nbytes

    def take_storage(self, key: str, storage: Any, dtype: Any, little: bool) -> None:
        """Fills a storage with the elements that follow: their count, then the data.

        Raises:
            UnsafeFileError: if they are not as many as the storage takes.
        """
        head = self.take(_COUNT.size)
        nbytes = storage.nbytes()
        itemsize = 1 if dtype is None else dtype.itemsize
        whole = len(head) == _COUNT.size and self.left() >= nbytes
        if not whole or _COUNT.unpack(head)[0] * itemsize != nbytes:
            raise UnsafeFileError(f"load: storage {brief(key)} is cut short or damaged")
        target = storage_bytes(storage)
        self.take_into(target)
        check_bools(target, dtype)
        if not little:
            swap_bytes(target, dtype)


class _Reader:
    """Builds the object over storages whose data come after it, then fills them."""

    def __init__(self, pickles: Pickles, restore: Restore, weights_only: bool) -> None:
        self.pickles = pickles
        self.restore = restore
        self.storages: dict[str, tuple[Any, Any]] = {}
        self.claimed = 0
        self.names = FileNames(self.claim, self.place, weights_only)
        self.placed: dict[int, Any] = {}

    def claim(self, key: str, nbytes: int, dtype: Any) -> Any:
        known = self.storages.get(key)
        if known is not None and known[0].nbytes() == nbytes:
            return known[0]
        self.claimed += nbytes
        if self.claimed > self.pickles.left():
            raise UnsafeFileError(
                f"load: the storages claim {self.claimed} bytes; "
                f"the file has {self.pickles.left()}"
            )
        storage = new_storage(nbytes)
        self.storages[key] = storage, dtype
        return storage

    def place(self, storage: Any, location: str) -> Any:
        """Moves a storage, once even if the pickle is read in two windows."""
        if id(storage) not in self.placed:
            self.placed[id(storage)] = self.restore(storage, location)
        return self.placed[id(storage)]

    def load(self) -> Any:
        self.check_header()
        facts = self.pickles.next(self.names)
        found = self.pickles.next(self.names)
        keys = self.pickles.next(self.names)
        texts = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        if not texts or sorted(keys) != sorted(self.storages):
            raise UnsafeFileError("load: the file's list of storages is wrong")
        little = facts.get("little_endian") if isinstance(facts, dict) else None
        if not isinstance(little, bool):
            raise UnsafeFileError("load: the file does not tell its byte order")
        for key in keys:
            storage, dtype = self.storages[key]
            target = self.placed.get(id(storage), storage)
            self.pickles.take_storage(key, storage, dtype, little)
            if target is not storage and not is_meta(target):
                storage_bytes(target)[: storage.nbytes()] = storage_bytes(storage)
        self.names.finish()
        self.pickles.file.seek(self.pickles.at)
        return found

    def check_header(self) -> None:
        try:
            found = self.pickles.next(self.names)
            known = type(found) is int and found == MAGIC
            if known:
                found = self.pickles.next(self.names)
                known = type(found) is int and found == VERSION
        except (UnsafeFileError, CallerError):
            known = False
        if not known:
            raise UnsafeFileError(
                "load: Invalid magic number; corrupt file? It is neither a zip archive "
                "nor does it begin with PyTorch's magic number"
            )
