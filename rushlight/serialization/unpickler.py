"""A pickle machine that treats opcodes as data.

It builds numbers, strings, bytes and containers by itself. A global name in the file
is only looked up in a table of what may be built (`Names.resolve`), and what a file
asks to call is only looked up in another (`Names.construct`): nothing is imported and
nothing that the file names is called. The opcodes are those that Python documents in
its module `pickletools`, protocols 0 to 5; extension codes and buffers outside of the
pickle are refused.
"""

from __future__ import annotations

import codecs
import gc
import struct
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, Protocol

from .errors import UnsafeFileError
from .keys import INT_BYTES, Limits, check_counts
from .nesting import check_nesting
from .rebuild import Rebuild
from .records import Record

_DICTS = (dict, OrderedDict, Counter, defaultdict)
_COPIED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
_HIGHEST_PROTOCOL = 5
_NAME_BYTES = 1024
_INT_DIGITS = 4300


class Names(Protocol):
    """What the machine asks when the file names something."""

    attributed: set[int]
    """The ids of the tensors that carry attributes."""
    limits: Limits
    """Set by the machine: what the pickle may cost."""

    def resolve(self, module: str, name: str) -> Any:
        """The object that stands for a global name."""

    def construct(self, target: Any, args: tuple[Any, ...]) -> Any:
        """What the file wants built by `target(*args)`."""

    def create(self, target: Any, args: tuple[Any, ...], named: Any) -> Any:
        """What the file wants built by `target.__new__(target, *args, **named)`."""

    def set_state(self, target: Any, state: Any) -> Any:
        """Gives a built object its state; the object, or one in its place."""

    def persistent(self, key: Any) -> Any:
        """The object outside the pickle that the key stands for."""


def run(
    data: bytes, names: Names, encoding: str = "utf-8", at: int = 0
) -> tuple[Any, int]:
    """Interprets one pickle; returns its object and the position after it.

    Args:
        data: the pickle, with anything before and after it.
        names: the tables of what may be built.
        encoding: of the byte strings that Python 2 wrote.
        at: where in `data` the pickle begins.

    Raises:
        EOFError: if there are no bytes at all.
        UnsafeFileError: if the pickle is damaged or holds more than plain data.
    """
    if at >= len(data):
        raise EOFError("Ran out of input")
    machine = _Machine(data, names, encoding, at)
    # A pickle makes many objects and no garbage: collecting takes a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return machine.run(), machine.at
    except (IndexError, struct.error):
        raise UnsafeFileError("load: the pickle ends too early or is damaged") from None
    except (UnicodeError, KeyError, ValueError, LookupError) as error:
        raise UnsafeFileError(f"load: the pickle is damaged: {error}") from None
    finally:
        if collecting:
            gc.enable()
        # A refused object can be deep; the frames of the error must not hold it.
        machine.stack.clear()
        machine.marked.clear()
        machine.memo.clear()


class _Machine:
    def __init__(self, data: bytes, names: Names, encoding: str, at: int) -> None:
        self.data = data
        self.start = at
        self.names = names
        self.encoding = encoding
        self.at = at
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.limits = names.limits = Limits(len(data) - at)

    def run(self) -> Any:
        """The loop. What files of tensors consist of is handled in place, most frequent
        first; everything else is a step of the table `_OPCODES`."""
        data, memo, names = self.data, self.memo, self.names
        construct, persistent = names.construct, names.persistent
        u4, steps = _U4.unpack_from, _OPCODES
        stack, marked, at = self.stack, self.marked, self.at
        while True:
            code = data[at]
            at += 1
            if code == 0x71:  # BINPUT
                memo[data[at]] = stack[-1]
                at += 1
            elif code == 0x72:  # LONG_BINPUT
                memo[u4(data, at)[0]] = stack[-1]
                at += 4
            elif code == 0x68:  # BINGET
                stack.append(memo[data[at]])
                at += 1
            elif code == 0x4B:  # BININT1
                stack.append(data[at])
                at += 1
            elif code == 0x58:  # BINUNICODE
                size = u4(data, at)[0]
                at += 4 + size
                raw = data[at - size : at]
                if len(raw) != size:
                    self.at = at
                    raise IndexError
                stack.append(raw.decode("utf-8", "surrogatepass"))
            elif code == 0x85:  # TUPLE1
                stack[-1] = (stack[-1],)
            elif code == 0x74:  # TUPLE
                items = tuple(stack)
                stack = marked.pop()
                stack.append(items)
            elif code == 0x28:  # MARK
                marked.append(stack)
                stack = []
            elif code == 0x52:  # REDUCE
                args = stack.pop()
                target = stack[-1]
                if target is OrderedDict and type(args) is tuple and not args:
                    stack[-1] = OrderedDict()
                else:
                    self.at = at
                    self.stack = stack
                    stack[-1] = construct(target, self.arguments(args, target))
            elif code == 0x51:  # BINPERSID
                self.at = at
                stack[-1] = persistent(stack[-1])
            elif code == 0x89:  # NEWFALSE
                stack.append(False)
            elif code == 0x29:  # EMPTY_TUPLE
                stack.append(())
            elif code == 0x86:  # TUPLE2
                last = stack.pop()
                stack[-1] = (stack[-1], last)
            elif code == 0x4D:  # BININT2
                stack.append(data[at] | data[at + 1] << 8)
                at += 2
            elif code == 0x6A:  # LONG_BINGET
                stack.append(memo[u4(data, at)[0]])
                at += 4
            elif code == 0x2E:  # STOP
                self.at = at
                if marked or len(stack) != 1:
                    raise UnsafeFileError("load: the pickle leaves its stack unsettled")
                check_nesting(stack[0], at - self.start, names.attributed)
                return stack[0]
            else:
                step = steps.get(code)
                self.at = at
                if step is None:
                    raise UnsafeFileError(
                        f"load: pickle opcode {bytes([code])!r} at byte {at - 1} is "
                        "not supported"
                    )
                self.stack = stack
                step(self)
                stack = self.stack
                at = self.at

    def arguments(self, args: Any, target: Any) -> tuple[Any, ...]:
        """Checks the arguments of a call, and charges what it copies."""
        if type(args) is not tuple:
            raise UnsafeFileError("load: the pickle passes arguments that are no tuple")
        if type(target) is not Rebuild or target.copies:
            self.charge(args)
        return args

    def charge(self, parts: tuple[Any, ...]) -> None:
        """Counts what a constructor or a state copies."""
        self.limits.charge(
            sum(len(part) for part in parts if isinstance(part, _COPIED))
        )

    # Reading bytes

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        self.at += size
        if len(part) != size:
            raise UnsafeFileError(
                f"load: the pickle wants {size} bytes and has {len(part)} left"
            )
        return part

    def number(self, layout: struct.Struct) -> Any:
        return layout.unpack(self.take(layout.size))[0]

    def line(self, limit: int | None = None) -> bytes:
        last = len(self.data) if limit is None else self.at + limit
        end = self.data.find(b"\n", self.at, last)
        if end < 0:
            raise UnsafeFileError("load: the pickle has an unfinished line")
        found = self.data[self.at : end]
        self.at = end + 1
        return found

    # The stack

    def pop(self) -> Any:
        return self.stack.pop()

    def pop_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.marked.pop()
        return items

    # Numbers

    def long(self, layout: struct.Struct) -> None:
        size = self.number(layout)
        if not 0 <= size <= INT_BYTES:
            raise UnsafeFileError(f"load: the pickle has a number of {size} bytes")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def decimal(self, text: bytes) -> int:
        digits = text[1:] if text[:1] in (b"-", b"+") else text
        if not digits.isdigit() or len(digits) > _INT_DIGITS:
            raise UnsafeFileError(f"load: {text[:40]!r} is no number of the pickle's")
        return int(text)

    def int_line(self) -> None:
        text = self.line()
        # Protocols 0 and 1 write bools as the ints 00 and 01.
        known = {b"00": False, b"01": True}.get(text)
        self.stack.append(self.decimal(text) if known is None else known)

    def long_line(self) -> None:
        text = self.line()
        self.stack.append(self.decimal(text[:-1] if text[-1:] == b"L" else text))

    def float_line(self) -> None:
        text = self.line()
        if b"_" in text or len(text) > _NAME_BYTES:
            raise UnsafeFileError(f"load: {text[:40]!r} is no number of the pickle's")
        self.stack.append(float(text))

    # Strings

    def text(self, layout: struct.Struct) -> None:
        raw = self.take(self.number(layout))
        self.stack.append(raw.decode("utf-8", "surrogatepass"))

    def text_line(self) -> None:
        self.stack.append(self.line().decode("raw-unicode-escape"))

    def old_string(self, layout: struct.Struct) -> None:
        size = self.number(layout)
        if size < 0:
            raise UnsafeFileError("load: the pickle has a string of negative length")
        self.push_old_string(self.take(size))

    def string_line(self) -> None:
        text = self.line().strip(b" ")
        if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
            raise UnsafeFileError("load: the pickle has a string without quotes")
        self.push_old_string(codecs.escape_decode(text[1:-1])[0])

    def push_old_string(self, raw: bytes) -> None:
        as_bytes = self.encoding == "bytes"
        self.stack.append(raw if as_bytes else str(raw, self.encoding))

    def binary(
        self, layout: struct.Struct, kind: type[bytes] | type[bytearray]
    ) -> None:
        self.stack.append(kind(self.take(self.number(layout))))

    # Containers

    def make_tuple(self, size: int) -> None:
        if len(self.stack) < size:
            raise IndexError
        items = tuple(self.stack[-size:])
        self.stack[-size:] = [items]

    def list_of_marked(self) -> None:
        items = self.pop_mark()
        self.stack.append(items)

    def dict_of_marked(self) -> None:
        items = self.pop_mark()
        self.stack.append({})
        self.set_items(items)

    def frozenset_of_marked(self) -> None:
        items = self.pop_mark()
        made: set[Any] = set()
        self.limits.add(made, items)
        self.stack.append(frozenset(made))

    def extend(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) in (list, deque):
            target.extend(items)
        elif type(target) is Record:
            target.add_items(items)
        else:
            raise self.wrong("append to", target)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if len(items) % 2:
            raise UnsafeFileError("load: the pickle has a key without a value")
        keys, values = items[::2], items[1::2]
        if type(target) is Record:
            target.add_pairs(list(zip(keys, values, strict=True)))
            return
        if type(target) not in _DICTS:
            raise self.wrong("set items of", target)
        if type(target) is Counter:
            check_counts(values)
        if all(type(key) is str for key in keys):
            for key, value in zip(keys, values, strict=True):
                target[key] = value
        else:
            self.limits.store(target, keys, values)

    def add_items(self) -> None:
        items = self.pop_mark()
        target = self.stack[-1]
        if type(target) is Record:
            target.add_items(items)
            return
        if type(target) is not set:
            raise self.wrong("add to", target)
        self.limits.add(target, items)

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

    def put_line(self) -> None:
        self.memo[self.decimal(self.line(_NAME_BYTES))] = self.stack[-1]

    def get_line(self) -> None:
        self.stack.append(self.memo[self.decimal(self.line(_NAME_BYTES))])

    def drop(self) -> None:
        # The opcode of one item also drops a mark, when nothing was pushed since.
        if self.stack:
            self.stack.pop()
        else:
            self.pop_mark()

    # Names, calls and states

    def protocol(self) -> None:
        version = self.take(1)[0]
        if version > _HIGHEST_PROTOCOL:
            raise UnsafeFileError(f"load: unsupported pickle protocol: {version}")

    def resolve_lines(self) -> Any:
        module, name = self.line(_NAME_BYTES), self.line(_NAME_BYTES)
        return self.names.resolve(module.decode(), name.decode())

    def global_line(self) -> None:
        self.stack.append(self.resolve_lines())

    def global_on_stack(self) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise UnsafeFileError("load: the pickle names a global by no string")
        if len(name) > _NAME_BYTES or len(module) > _NAME_BYTES:
            raise UnsafeFileError("load: the pickle names a global by a long string")
        self.stack.append(self.names.resolve(module, name))

    def call_of_lines(self) -> None:
        args = tuple(self.pop_mark())
        target = self.resolve_lines()
        self.stack.append(self.names.construct(target, self.arguments(args, target)))

    def call_of_marked(self) -> None:
        target, *args = self.pop_mark()
        made = self.names.construct(target, self.arguments(tuple(args), target))
        self.stack.append(made)

    def new_object(self) -> None:
        args = self.pop()
        target = self.stack[-1]
        args = self.arguments(args, target)
        self.stack[-1] = self.names.create(target, args, {})

    def new_object_of_named(self) -> None:
        named, args = self.pop(), self.pop()
        if type(named) is not dict:
            raise UnsafeFileError("load: the pickle passes named arguments by no dict")
        target = self.stack[-1]
        args = self.arguments(args, target)
        self.stack[-1] = self.names.create(target, args, named)

    def build(self) -> None:
        state = self.pop()
        self.charge(state if type(state) is tuple else (state,))
        self.stack[-1] = self.names.set_state(self.stack[-1], state)

    def persistent_line(self) -> None:
        self.stack.append(self.names.persistent(self.line(_NAME_BYTES).decode("ascii")))


_U1, _U2 = struct.Struct("<B"), struct.Struct("<H")
_U4, _U8 = struct.Struct("<I"), struct.Struct("<Q")
_I4, _F8 = struct.Struct("<i"), struct.Struct(">d")


def _push(make: Callable[[], Any]) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(make())


def _number(layout: struct.Struct) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(m.number(layout))


def _memoize(machine: _Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


_OPCODES: dict[int, Callable[[_Machine], None]] = {
    code[0]: step
    for code, step in {
        b"\x80": _Machine.protocol,
        b"\x95": lambda m: m.take(8),
        b"0": _Machine.drop,
        b"1": lambda m: m.pop_mark(),
        b"2": lambda m: m.stack.append(m.stack[-1]),
        b"N": _push(lambda: None),
        b"\x88": _push(lambda: True),
        b"I": _Machine.int_line,
        b"L": _Machine.long_line,
        b"F": _Machine.float_line,
        b"J": _number(_I4),
        b"G": _number(_F8),
        b"\x8a": lambda m: m.long(_U1),
        b"\x8b": lambda m: m.long(_I4),
        b"S": _Machine.string_line,
        b"V": _Machine.text_line,
        b"\x8c": lambda m: m.text(_U1),
        b"\x8d": lambda m: m.text(_U8),
        b"U": lambda m: m.old_string(_U1),
        b"T": lambda m: m.old_string(_I4),
        b"B": lambda m: m.binary(_U4, bytes),
        b"C": lambda m: m.binary(_U1, bytes),
        b"\x8e": lambda m: m.binary(_U8, bytes),
        b"\x96": lambda m: m.binary(_U8, bytearray),
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
        b"\x94": _memoize,
        b"p": _Machine.put_line,
        b"g": _Machine.get_line,
        b"c": _Machine.global_line,
        b"\x93": _Machine.global_on_stack,
        b"i": _Machine.call_of_lines,
        b"o": _Machine.call_of_marked,
        b"\x81": _Machine.new_object,
        b"\x92": _Machine.new_object_of_named,
        b"b": _Machine.build,
        b"P": _Machine.persistent_line,
    }.items()
}
