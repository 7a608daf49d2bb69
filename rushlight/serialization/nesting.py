"""How deep and how large an object of a file may unfold.

A file of a few bytes can describe lists within lists that no program can print, copy
or compare: nested too deep for the stack, or sharing parts so that their text would be
astronomically long. Both are found here, without recursion, before the object is used.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Container, Iterable
from typing import Any

import rushlight

from .errors import UnsafeFileError
from .objects import has_slots, slot_values
from .records import Record

_MAX_DEPTH = 250
_MAX_PARTS = 4_000_000
_PARTS_PER_BYTE = 16
_PART = 32
"""Characters of a string that cost as much to print as one value."""
_MAX_STEPS = 200_000
_STEPS_PER_BYTE = 2

_PLAIN: dict[type, int] = {
    list: 1,
    tuple: 1,
    dict: 1,
    set: 1,
    frozenset: 1,
    deque: 3,
    OrderedDict: 4,
    Counter: 4,
    defaultdict: 4,
}
"""Containers, and how many frames of the stack printing one takes."""
_OBJECT_FRAMES = 5
_MAPPINGS = (dict, OrderedDict, Counter, defaultdict)
_TENSORS = (rushlight.Tensor, rushlight.nn.Parameter)
_LEAVES = frozenset((str, bytes, bytearray, int, float, bool, complex, type(None)))


def check_nesting(root: Any, size: int, attributed: Container[int] = ()) -> None:
    """Refuses an object that would unfold beyond every stack or memory.

    Args:
        root: what the pickle described.
        size: length of the pickle in bytes.
        attributed: the ids of the tensors that carry attributes.

    Raises:
        UnsafeFileError: if it is nested too deep or shares its parts too often.
    """
    if type(root) in _LEAVES:
        return
    limit = _MAX_PARTS + _PARTS_PER_BYTE * size
    if not _measure(root, limit, attributed):
        # It contains itself: only walking every path tells how far printing goes.
        _walk(root, _MAX_STEPS + _STEPS_PER_BYTE * size, attributed)


def _frames(value: Any) -> int:
    return _PLAIN.get(type(value), _OBJECT_FRAMES)


def _children(value: Any) -> Iterable[Any]:
    kind = type(value)
    if kind in _MAPPINGS:
        attributes = getattr(value, "__dict__", None)
        odd = not all(type(key) is str or type(key) is int for key in value)
        own = [*value.values(), *(value.keys() if odd else ())]
        return [*own, attributes] if attributes else own
    if kind in _PLAIN:
        return value
    if kind is Record:
        return value.children()
    if isinstance(value, rushlight.Tensor):
        return (value.__dict__,)
    if isinstance(value, tuple):
        return tuple(value)
    if kind is functools.partial:
        return value.args, value.keywords
    if has_slots(kind):
        return slot_values(value)
    if isinstance(value, rushlight.nn.Module) or dataclasses.is_dataclass(value):
        return (vars(value),)
    attributes = getattr(value, "__dict__", None)
    return (attributes,) if type(attributes) is dict and attributes else ()


def _measure(root: Any, limit: int, attributed: Container[int]) -> bool:
    """Checks depth and unfolded length of all objects, each visited once; False if the
    object contains itself."""
    done: dict[int, tuple[int, int]] = {}
    open_ids: set[int] = set()
    path: list[tuple[Any, Any, int, int]] = []
    value, rest, depth, length = root, iter(_children(root)), 0, 0
    open_ids.add(id(root))
    while True:
        for child in rest:
            kind = type(child)
            if kind is str or kind is bytes or kind is bytearray:
                length += len(child) // _PART + 1
                continue
            key = id(child)
            if kind in _LEAVES or kind in _TENSORS and key not in attributed:
                length += 1
                continue
            known = done.get(key)
            if known is not None:
                depth = max(depth, known[0])
                length += known[1]
                continue
            if key in open_ids:
                return False
            if len(path) > _MAX_DEPTH:
                raise _too_deep()
            open_ids.add(key)
            path.append((value, rest, depth, length))
            value, rest, depth, length = child, iter(_children(child)), 0, 0
            break
        else:
            depth += _frames(value)
            length += 1
            if depth > _MAX_DEPTH:
                raise _too_deep()
            if length > limit:
                raise UnsafeFileError(
                    "load: the pickle shares its parts so often that the object would "
                    f"print more than {limit} values"
                )
            done[id(value)] = depth, length
            open_ids.discard(id(value))
            if not path:
                return True
            below, size = depth, length
            value, rest, depth, length = path.pop()
            depth = max(depth, below)
            length += size


def _walk(root: Any, steps: int, attributed: Container[int]) -> None:
    """Follows every path until it meets itself, as printing does."""
    on_path = {id(root)}
    path = [(root, iter(_children(root)))]
    depth = _frames(root)
    while path:
        value, rest = path[-1]
        for child in rest:
            steps -= 1
            if steps < 0:
                raise UnsafeFileError(
                    "load: the object contains itself in too many ways"
                )
            kind = type(child)
            key = id(child)
            plain = kind in _LEAVES or kind in _TENSORS and key not in attributed
            if plain or key in on_path:
                continue
            on_path.add(key)
            path.append((child, iter(_children(child))))
            depth += _frames(child)
            if depth > _MAX_DEPTH:
                raise _too_deep()
            break
        else:
            path.pop()
            on_path.discard(id(value))
            depth -= _frames(value)


def _too_deep() -> UnsafeFileError:
    return UnsafeFileError(
        f"load: the object is nested deeper than {_MAX_DEPTH} levels"
    )
