"""Records: what a file described and `load` does not build.

A record holds the name, the arguments and the state that the file gave. It can be
printed and inspected; it is never called, and it is not written to another file.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any, NoReturn

import rushlight

from .errors import UnsafeFileError

_SHOWN_ITEMS = 6
_SHOWN_DEPTH = 3
_SHOWN_TEXT = 60
_MESSAGE = 120


class Record:
    """An object of a model file as data.

    Attributes:
        name: the dotted name that the file gave, as PyTorch spells it.
        args: the arguments of the call that would make the object; None if the record
            stands for the name itself.
        named: the keyword arguments of that call.
        state: what the object's attributes would be made of, or None.
        items: what would be appended to the object.
        pairs: keys and values that would be set in the object.
        reason: why it was not built.
    """

    __slots__ = (
        "__weakref__",
        "args",
        "items",
        "name",
        "named",
        "pairs",
        "reason",
        "state",
    )

    def __init__(
        self,
        name: str,
        args: tuple[Any, ...] | None = None,
        named: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        self.name = name
        self.args = args
        self.named = named or {}
        self.state: Any = None
        self.items: list[Any] = []
        self.pairs: list[tuple[Any, Any]] = []
        self.reason = reason

    def add_items(self, items: list[Any]) -> None:
        """Notes what the file appends to the object."""
        self._check_made()
        self.items.extend(items)

    def add_pairs(self, pairs: list[tuple[Any, Any]]) -> None:
        """Notes what the file sets in the object."""
        self._check_made()
        self.pairs.extend(pairs)

    def set_state(self, state: Any) -> None:
        """Notes the state that the file gives the object.

        Raises:
            UnsafeFileError: if it has one, or the record stands for a name only.
        """
        self._check_made()
        if self.state is not None:
            raise UnsafeFileError(f"load: a second state for {self.name[:80]}")
        self.state = state

    def _check_made(self) -> None:
        if self.args is None:
            raise UnsafeFileError(f"load: the file wants to change {self.name[:80]}")

    def children(self) -> list[Any]:
        """Everything that the record holds."""
        keys = [item for pair in self.pairs for item in pair]
        return [self.args, self.named, self.state, *self.items, *keys]

    def __repr__(self) -> str:
        return f"<inert record: {_outline(self, _SHOWN_DEPTH)}>"

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnsafeFileError(
            f"{self.name!r} came out of a model file as an inert record; it is not "
            "called. Import the class before loading, or use the record's state."
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"the inert record of {self.name!r} has no attribute {name!r}; "
            "what the file said is in its args, state, items and pairs"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        return self

    def __copy__(self) -> Record:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise pickle.PicklingError(
            f"save: {self.name!r} is an inert record of something that was not built; "
            "records are not written to files"
        )


def brief(value: Any) -> str:
    """A short text of what a file brought, for messages: `repr` may never end."""
    return _outline(value, 1)[:_MESSAGE]


def _outline(value: Any, depth: int) -> str:
    """A bounded text of a value, whatever its size and nesting."""
    if isinstance(value, Record):
        return _outline_record(value, depth)
    if type(value) in (str, bytes):
        cut = value[:_SHOWN_TEXT]
        return repr(cut) + ("..." if len(value) > len(cut) else "")
    if value is None or type(value) in (bool, int, float, complex):
        return repr(value)[:_SHOWN_TEXT]
    if type(value) in (list, tuple, set, frozenset):
        opening, closing = _BRACKETS.get(type(value), ("{", "}"))
        return opening + _outline_all(list(value), depth) + closing
    if type(value) in (dict, OrderedDict):
        return "{" + _outline_pairs(list(value.items()), depth) + "}"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    kind = type(value).__name__
    if isinstance(value, rushlight.Tensor):
        return f"<{kind} of shape {tuple(value.shape)}>"
    return f"<{kind}>"


_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")")}


def _outline_record(record: Record, depth: int) -> str:
    text = record.name
    if record.args is not None:
        text += f"({_outline_all(list(record.args), depth)}"
        if record.named:
            named = _outline_pairs(list(record.named.items()), depth)
            text += f"{', ' if record.args else ''}**{{{named}}}"
        text += ")"
    if record.state is not None:
        text += f" with state {_outline(record.state, depth - 1) if depth else '...'}"
    if record.items:
        text += f" with items [{_outline_all(record.items, depth)}]"
    if record.pairs:
        text += f" with pairs {{{_outline_pairs(record.pairs, depth)}}}"
    return text


def _outline_all(values: list[Any], depth: int) -> str:
    if depth <= 0 and values:
        return "..."
    shown = [_outline(value, depth - 1) for value in values[:_SHOWN_ITEMS]]
    return ", ".join(shown + ["..."] * (len(values) > _SHOWN_ITEMS))


def _outline_pairs(pairs: list[tuple[Any, Any]], depth: int) -> str:
    if depth <= 0 and pairs:
        return "..."
    shown = [
        f"{_outline(key, depth - 1)}: {_outline(value, depth - 1)}"
        for key, value in pairs[:_SHOWN_ITEMS]
    ]
    return ", ".join(shown + ["..."] * (len(pairs) > _SHOWN_ITEMS))
