"""A pickle machine that treats opcodes as data.

It builds numbers, strings, bytes and containers by itself. A global name in the file
is only looked up in a table of what may be built (`Names.resolve`), and what a file
asks to call is only looked up in another (`Names.construct`): nothing is imported and
nothing that the file names is called. The opcodes are those that Python documents in
its module `pickletools`; the text opcodes of protocols 0 and 1 are not read.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol

from .errors import UnsafeFileError

_KEY_TYPES = (str, int, float, bool, bytes, complex, type(None))
_KEY_ITEMS = 1000
_DICTS = (dict, OrderedDict, Counter, defaultdict)
_COPIED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
_HIGHEST_PROTOCOL = 5


class Names(Protocol):
    """What the machine asks when the file names something."""

    def resolve(self, module: str, name: str) -> Any:
        """The object that stands for a global name."""

    def construct(self, target: Any, args: tuple[Any, ...]) -> Any:
        """What the file wants built by `target(*args)`."""

    def create(self, target: Any, args: tuple[Any, ...]) -> Any:
        """What the file wants built by `target.__new__(target, *args)`."""

    def set_state(self, target: Any, state: Any) -> Any:
        """Gives a built object its state; the object, or one in its place."""

    def persistent(self, key: Any) -> Any:
        """The object outside the pickle that the key stands for."""


def check_key(key: Any) -> None:
    """Refuses what must not be hashed: large nests, and objects whose class brings
    a hash function of its own.

    Raises:
        UnsafeFileError: if the key is neither a scalar nor a small tuple of scalars.
    """
    todo, left = [key], _KEY_ITEMS
    while todo:
        item = todo.pop()
        if type(item) in _KEY_TYPES:
            continue
        nested = type(item) in (tuple, frozenset)
        left -= len(item) if nested else 0
        if left < 0 or isinstance(type(item).__hash__, (FunctionType, type(None))):
            raise UnsafeFileError(
                f"load: a {type(item).__name__} cannot be a key or a set's element"
            )
        if nested:
            todo.extend(item)


def run(data: memoryview, names: Names, encoding: str = "utf-8") -> tuple[Any, int]:
    """Interprets one pickle; returns its object and the number of bytes used.

    Args:
        data: the pickle, with anything after it.
        names: the tables of what may be built.
        encoding: of the byte strings that Python 2 wrote.

    Raises:
        EOFError: if there are no bytes at all.
        UnsafeFileError: if the pickle is damaged or holds more than plain data.
    """
    if not data:
        raise EOFError("Ran out of input")
    machine = _Machine(data, names, encoding)
    try:
        return machine.run(), machine.at
    except (IndexError, struct.error):
        raise UnsafeFileError("load: the pickle ends too early or is damaged") from None
    except (UnicodeError, KeyError) as error:
        raise UnsafeFileError(f"load: the pickle is damaged: {error}") from None


class _Machine:
    def __init__(self, data: memoryview, names: Names, encoding: str) -> None:
        self.data = data
        self.names = names
        self.encoding = encoding
        self.at = 0
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.copies_left = 16 * len(data) + 4096

    def run(self) -> Any:
        data, opcodes = self.data, _OPCODES
        while True:
            opcode = data[self.at]
            self.at += 1
            if opcode == _STOP:
                if self.marked or len(self.stack) != 1:
                    raise UnsafeFileError("load: the pickle leaves its stack unsettled")
                return self.stack[0]
            step = opcodes.get(opcode)
            if step is None:
                raise UnsafeFileError(
                    f"load: pickle opcode {bytes([opcode])!r} at byte {self.at - 1} "
                    "is not supported"
                )
            step(self)

    # Reading bytes

    def take(self, size: int) -> memoryview:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise UnsafeFileError(
                f"load: the pickle wants {size} bytes and has {len(part)} left"
            )
        self.at += size
        return part

    def number(self, layout: struct.Struct) -> Any:
        return layout.unpack(self.take(layout.size))[0]

    def line(self) -> str:
        # A name of a global is short; the bound keeps the search from being long.
        head = bytes(self.data[self.at : self.at + 1024])
        end = head.find(b"\n")
        if end < 0:
            raise UnsafeFileError("load: the pickle has an unfinished line")
        self.at += end + 1
        return head[:end].decode()

    # The stack

    def pop(self) -> Any:
        return self.stack.pop()

    def pop_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def pop_args(self) -> tuple[Any, ...]:
        args = self.stack.pop()
        if not isinstance(args, tuple):
            raise UnsafeFileError("load: the pickle passes arguments that are no tuple")
        return args

    def charge(self, count: int) -> None:
        """Bounds what a file can make by copying one container many times."""
        self.copies_left -= count
        if self.copies_left < 0:
            raise UnsafeFileError("load: the pickle expands far beyond its size")

    # Opcodes

    def protocol(self) -> None:
        version = self.take(1)[0]
        if version > _HIGHEST_PROTOCOL:
            raise UnsafeFileError(f"load: unsupported pickle protocol: {version}")

    def frame(self) -> None:
        self.take(8)

    def mark(self) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def long(self, layout: struct.Struct) -> None:
        size = self.number(layout)
        if size < 0:
            raise UnsafeFileError("load: the pickle has a number of negative length")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def text(self, layout: struct.Struct) -> None:
        raw = self.take(self.number(layout))
        self.stack.append(str(raw, "utf-8", "surrogatepass"))

    def old_string(self, layout: struct.Struct) -> None:
        size = self.number(layout)
        if size < 0:
            raise UnsafeFileError("load: the pickle has a string of negative length")
        raw = self.take(size)
        as_bytes = self.encoding == "bytes"
        self.stack.append(bytes(raw) if as_bytes else str(raw, self.encoding))

    def binary(
        self, layout: struct.Struct, kind: type[bytes] | type[bytearray]
    ) -> None:
        self.stack.append(kind(self.take(self.number(layout))))

    def make_tuple(self, size: int) -> None:
        if len(self.stack) < size:
            raise IndexError
        items = tuple(self.stack[-size:])
        self.stack[-size:] = [items]

    def tuple_of_marked(self) -> None:
        items = tuple(self.pop_mark())
        self.stack.append(items)

    def list_of_marked(self) -> None:
        items = self.pop_mark()
        self.stack.append(items)

    def dict_of_marked(self) -> None:
        items = self.pop_mark()
        self.stack.append({})
        self.set_items(items)

    def frozenset_of_marked(self) -> None:
        items = self.pop_mark()
        for item in items:
            check_key(item)
        self.stack.append(frozenset(items))

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise self.wrong("append to", target)
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in _DICTS:
            raise self.wrong("set items of", target)
        if len(items) % 2:
            raise UnsafeFileError("load: the pickle has a key without a value")
        for at in range(0, len(items), 2):
            key = items[at]
            if type(key) not in _KEY_TYPES:
                check_key(key)
            target[key] = items[at + 1]

    def add_items(self) -> None:
        items = self.pop_mark()
        target = self.stack[-1]
        if type(target) is not set:
            raise self.wrong("add to", target)
        for item in items:
            check_key(item)
        target.update(items)

    def append_one(self) -> None:
        item = self.pop()
        self.extend([item])

    def append_marked(self) -> None:
        items = self.pop_mark()
        self.extend(items)

    def set_one(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def set_marked(self) -> None:
        items = self.pop_mark()
        self.set_items(items)

    def wrong(self, verb: str, target: Any) -> UnsafeFileError:
        kind = type(target).__name__
        return UnsafeFileError(f"load: the pickle tries to {verb} a {kind}")

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def global_line(self) -> None:
        module, name = self.line(), self.line()
        self.stack.append(self.names.resolve(module, name))

    def global_on_stack(self) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise UnsafeFileError("load: the pickle names a global by no string")
        self.stack.append(self.names.resolve(module, name))

    def reduce(self) -> None:
        args = self.pop_args()
        self.charge(sum(len(arg) for arg in args if isinstance(arg, _COPIED)))
        self.stack[-1] = self.names.construct(self.stack[-1], args)

    def new_object(self) -> None:
        args = self.pop_args()
        self.stack[-1] = self.names.create(self.stack[-1], args)

    def build(self) -> None:
        state = self.pop()
        self.stack[-1] = self.names.set_state(self.stack[-1], state)

    def persistent(self) -> None:
        self.stack[-1] = self.names.persistent(self.stack[-1])


_U1, _U2 = struct.Struct("<B"), struct.Struct("<H")
_U4, _U8 = struct.Struct("<I"), struct.Struct("<Q")
_I4, _F8 = struct.Struct("<i"), struct.Struct(">d")

_STOP = ord(".")


def _push(make: Callable[[], Any]) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(make())


def _number(layout: struct.Struct) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(m.number(layout))


_OPCODES: dict[int, Callable[[_Machine], None]] = {
    code[0]: step
    for code, step in {
        b"\x80": _Machine.protocol,
        b"\x95": _Machine.frame,
        b"(": _Machine.mark,
        b"0": lambda m: m.stack.pop(),
        b"1": lambda m: m.pop_mark(),
        b"N": _push(lambda: None),
        b"\x88": _push(lambda: True),
        b"\x89": _push(lambda: False),
        b"J": _number(_I4),
        b"K": _number(_U1),
        b"M": _number(_U2),
        b"G": _number(_F8),
        b"\x8a": lambda m: m.long(_U1),
        b"\x8b": lambda m: m.long(_I4),
        b"X": lambda m: m.text(_U4),
        b"\x8c": lambda m: m.text(_U1),
        b"\x8d": lambda m: m.text(_U8),
        b"U": lambda m: m.old_string(_U1),
        b"T": lambda m: m.old_string(_I4),
        b"B": lambda m: m.binary(_U4, bytes),
        b"C": lambda m: m.binary(_U1, bytes),
        b"\x8e": lambda m: m.binary(_U8, bytes),
        b"\x96": lambda m: m.binary(_U8, bytearray),
        b")": _push(tuple),
        b"t": _Machine.tuple_of_marked,
        b"\x85": lambda m: m.make_tuple(1),
        b"\x86": lambda m: m.make_tuple(2),
        b"\x87": lambda m: m.make_tuple(3),
        b"]": _push(list),
        b"l": _Machine.list_of_marked,
        b"a": _Machine.append_one,
        b"e": _Machine.append_marked,
        b"}": _push(dict),
        b"d": _Machine.dict_of_marked,
        b"s": _Machine.set_one,
        b"u": _Machine.set_marked,
        b"\x8f": _push(set),
        b"\x90": _Machine.add_items,
        b"\x91": _Machine.frozenset_of_marked,
        b"q": lambda m: m.put(m.number(_U1)),
        b"r": lambda m: m.put(m.number(_U4)),
        b"\x94": lambda m: m.put(len(m.memo)),
        b"h": lambda m: m.get(m.number(_U1)),
        b"j": lambda m: m.get(m.number(_U4)),
        b"c": _Machine.global_line,
        b"\x93": _Machine.global_on_stack,
        b"R": _Machine.reduce,
        b"\x81": _Machine.new_object,
        b"b": _Machine.build,
        b"Q": _Machine.persistent,
    }.items()
}
