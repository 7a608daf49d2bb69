"""What may be hashed: dict keys and set elements that a file brings.

Hashing must run no code of the file's choosing and take bounded time, so keys are
scalars, small tuples of them, and objects whose class keeps a hash of its own to C.
"""

from __future__ import annotations

import time
from types import FunctionType
from typing import Any

from .errors import UnsafeFileError

SCALARS = frozenset((str, int, float, bool, bytes, complex, type(None)))
INT_BYTES = 1785
"""Longer ints are refused: Python itself refuses to print them (4,300 digits)."""
_UNEVEN_HASHES = (int, float, complex, tuple, frozenset)
_KEY_ITEMS = 1000
_DISTINCT_BITS = 60
_SAME_HASH = 64
_WORK_PER_BYTE = 16
_WORK = 4096
_CHUNK = 1000
_SECONDS = 0.25
_SECONDS_PER_KEY = 5e-6


class Limits:
    """What a pickle may make the reader do, in proportion to its length.

    Strings hash by a secret and small ints to themselves; other numbers and tuples can
    be chosen so that all collide, which makes a dict slow. Containers can be copied
    again and again by a few bytes each.

    Args:
        size: length of the pickle in bytes.
    """

    def __init__(self, size: int) -> None:
        self._left = _WORK_PER_BYTE * size + _WORK
        self._seconds_left = _SECONDS
        self._seen: dict[int, tuple[Any, dict[int, int]]] = {}

    def charge(self, count: int) -> None:
        """Counts elements that are copied or hashed.

        Raises:
            UnsafeFileError: if they are too many for the length of the pickle.
        """
        self._left -= count
        if self._left < 0:
            raise UnsafeFileError("load: the pickle expands far beyond its size")

    def store(self, target: dict[Any, Any], keys: list[Any], values: list[Any]) -> None:
        """Puts items into a dict whose keys may be anything that `admit` lets pass.

        Raises:
            UnsafeFileError: if a key is not plain, or storing takes far too long.
        """
        for at in range(0, len(keys), _CHUNK):
            chunk = keys[at : at + _CHUNK]
            for key in chunk:
                self.admit(target, key)
            start = time.thread_time()
            for key, value in zip(chunk, values[at : at + _CHUNK], strict=True):
                target[key] = value
            self._spend(time.thread_time() - start, len(chunk))

    def add(self, target: set[Any], items: list[Any] | tuple[Any, ...]) -> None:
        """Adds elements to a set, under the same conditions.

        Raises:
            UnsafeFileError: if an element is not plain, or adding takes far too long.
        """
        for at in range(0, len(items), _CHUNK):
            chunk = items[at : at + _CHUNK]
            for item in chunk:
                self.admit(target, item)
            start = time.thread_time()
            target.update(chunk)
            self._spend(time.thread_time() - start, len(chunk))

    def _spend(self, seconds: float, count: int) -> None:
        # Ints of different hashes can still be chosen to meet on their way through the
        # table; only the time tells, some twenty times that of other keys.
        self._seconds_left += _SECONDS_PER_KEY * count - seconds
        if self._seconds_left < 0:
            raise UnsafeFileError("load: the keys of a dict are made to collide")

    def admit(self, container: Any, key: Any) -> None:
        """Checks a key of a dict or an element of a set before it is hashed.

        Raises:
            UnsafeFileError: if it is not plain, or many keys have the same hash.
        """
        kind = type(key)
        if kind is str or kind is int and key.bit_length() <= _DISTINCT_BITS:
            return
        if kind not in SCALARS:
            self.charge(_check_key(key))
        if kind in _UNEVEN_HASHES:
            # The container is kept as well, so that its id stays its own.
            _, counts = self._seen.setdefault(id(container), (container, {}))
            count = counts.get(hash(key), 0) + 1
            counts[hash(key)] = count
            if count > _SAME_HASH:
                raise UnsafeFileError("load: the keys of a dict are made to collide")


def _check_key(key: Any) -> int:
    """Refuses a key that is neither a scalar nor a small nest of scalars; returns how
    many values it consists of."""
    todo, left = [key], _KEY_ITEMS
    while todo:
        item = todo.pop()
        if type(item) in SCALARS:
            continue
        nested = isinstance(item, (tuple, frozenset))
        left -= len(item) if nested else 0
        if left < 0 or not _hash_is_known(type(item)):
            raise _no_key(item)
        if nested:
            todo.extend(item)
    try:
        hash(key)
    except (TypeError, AttributeError, ValueError):
        raise _no_key(key) from None
    return _KEY_ITEMS - left + 1


def _no_key(item: Any) -> UnsafeFileError:
    kind = type(item).__name__
    return UnsafeFileError(f"load: a {kind} cannot be a key or a set's element")


def _hash_is_known(kind: type) -> bool:
    function: Any = kind.__hash__
    if isinstance(function, FunctionType):
        return str(function.__module__).partition(".")[0] in _KNOWN_MODULES
    return function is not None


_KNOWN_MODULES = ("rushlight", "pathlib", "uuid", "fractions", "enum")


def check_counts(values: list[Any]) -> None:
    """Refuses counts of a Counter, which it compares when it prints, but numbers.

    Raises:
        UnsafeFileError: if there is one of another type.
    """
    if not all(type(value) in (int, float, bool) for value in values):
        raise UnsafeFileError("load: a Counter counts by something else than numbers")
