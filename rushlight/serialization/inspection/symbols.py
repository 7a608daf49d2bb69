"""A pickle as symbols: what it would build, without building or importing anything.

Unlike the machine of `load` it refuses nothing: a call becomes a node that says what
would be called. Opcodes are decoded by Python's own `pickletools`.
"""

from __future__ import annotations

import io
import pickletools
import warnings
from collections.abc import Callable
from typing import Any

MAX_STEPS = 3_000_000
"""Opcodes after which reading stops."""


class Node:
    """A container, a name, a call or a reference of a pickle.

    Attributes:
        kind: "list", "tuple", "dict", "set", "frozenset", "global", "call", "new",
            "reference" or "unknown".
        name: the (module, name) of a global.
        target: what a call calls.
        args: the arguments of a call, or what a reference refers to.
        items, pairs: elements, and keys with values.
        state: what BUILD gives it.
    """

    __slots__ = ("args", "items", "kind", "name", "pairs", "state", "target")

    def __init__(self, kind: str, items: list[Any] | None = None) -> None:
        self.kind = kind
        self.name: tuple[str, str] = ("", "")
        self.target: Any = None
        self.args: Any = None
        self.items: list[Any] = [] if items is None else items
        self.pairs: list[tuple[Any, Any]] = []
        self.state: Any = None


class DamagedPickle(Exception):
    """The pickle cannot be followed to its end."""


_MARK = Node("mark")


class Reader:
    """Reads the pickles of a stream one after the other.

    Args:
        data: the bytes; `at` is the position of the next pickle.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.stream = io.BytesIO(data)
        self.stream.seek(at)
        self.globals: list[Node] = []
        self.calls: list[Node] = []
        self.odd: list[str] = []
        self.protocol = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    @property
    def at(self) -> int:
        return self.stream.tell()

    def read(self) -> Any:
        """The next pickle's value.

        Raises:
            DamagedPickle: if there is none, or it is cut short or damaged. What was
                found until then is in `globals`, `calls` and `odd`.
        """
        self.stack, self.memo = [], {}
        steps = 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about escapes in old strings
                for opcode, arg, _ in pickletools.genops(self.stream):
                    steps += 1
                    if steps > MAX_STEPS:
                        raise DamagedPickle(f"it has more than {MAX_STEPS:,} opcodes")
                    self._step(opcode.name, arg)
        except (ValueError, IndexError, KeyError, OverflowError) as error:
            text = str(error) or "its stack runs empty"
            raise DamagedPickle(text.splitlines()[0][:120]) from None
        if len(self.stack) != 1:
            self.odd.append(f"a pickle leaves {len(self.stack)} values on its stack")
        return self.stack[-1] if self.stack else None

    def _step(self, code: str, arg: Any) -> None:
        special = _STEPS.get(code)
        if special is not None:
            special(self, arg)
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code])
        elif code in _EMPTY:
            self.stack.append(Node(_EMPTY[code]))
        elif code in _MARKED:
            self.stack.append(Node(_MARKED[code], self._pop_mark()))
        elif code in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[arg] = self.stack[-1]
        elif code in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[arg])
        elif code.startswith("EXT"):
            self.odd.append(f"a pickle uses the extension code {arg}")
            self.stack.append(Node("unknown"))
        elif code not in ("FRAME", "STOP", "READONLY_BUFFER"):
            self.stack.append(arg)

    def _pop_mark(self) -> list[Any]:
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] is _MARK:
                items = self.stack[at + 1 :]
                del self.stack[at:]
                return items
        raise ValueError("a mark is missing")

    def _drop_mark(self) -> None:
        self._pop_mark()

    def _tuple(self, size: int) -> None:
        if len(self.stack) < size:
            raise IndexError
        self.stack[-size:] = [Node("tuple", self.stack[-size:])]

    def _add(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, Node):
            raise ValueError("something is added to a value that is no container")
        target.items.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, Node) or len(items) % 2:
            raise ValueError("items are set in a value that is no container")
        target.pairs.extend(zip(items[::2], items[1::2]))

    def _set_one(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def _add_one(self) -> None:
        item = self.stack.pop()
        self._add([item])

    def _dict(self) -> None:
        items = self._pop_mark()
        self.stack.append(Node("dict"))
        self._set(items)

    def _name(self, module: Any, name: Any) -> Node:
        node = Node("global")
        node.name = (str(module)[:500], str(name)[:500])
        self.globals.append(node)
        return node

    def _global(self, arg: str) -> None:
        module, _, name = arg.partition(" ")
        self.stack.append(self._name(module, name))

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            self.odd.append("a pickle names a global by something that is no text")
        self.stack.append(self._name(module, name))

    def _call(self, kind: str, target: Any, args: Any) -> None:
        node = Node(kind)
        node.target, node.args = target, args
        self.calls.append(node)
        self.stack.append(node)

    def _reduce(self, kind: str, extra: bool = False) -> None:
        if extra:
            self.stack.pop()
        args, target = self.stack.pop(), self.stack.pop()
        self._call(kind, target, args)

    def _instance(self, arg: str) -> None:
        args = self._pop_mark()
        module, _, name = arg.partition(" ")
        self._call("call", self._name(module, name), Node("tuple", args))

    def _object(self) -> None:
        target, *args = self._pop_mark()
        self._call("call", target, Node("tuple", args))

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Node):
            target.state = state

    def _reference(self, key: Any) -> None:
        node = Node("reference")
        node.args = key
        self.stack.append(node)

    def _set_protocol(self, version: int) -> None:
        self.protocol = max(self.protocol, version)


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}
_EMPTY = {
    "EMPTY_LIST": "list",
    "EMPTY_DICT": "dict",
    "EMPTY_TUPLE": "tuple",
    "EMPTY_SET": "set",
    "NEXT_BUFFER": "unknown",
}
_MARKED = {"LIST": "list", "TUPLE": "tuple", "FROZENSET": "frozenset"}
_STEPS: dict[str, Callable[[Reader, Any], None]] = {
    "PROTO": Reader._set_protocol,
    "TUPLE1": lambda r, arg: r._tuple(1),
    "TUPLE2": lambda r, arg: r._tuple(2),
    "TUPLE3": lambda r, arg: r._tuple(3),
    "DICT": lambda r, arg: r._dict(),
    "APPEND": lambda r, arg: r._add_one(),
    "APPENDS": lambda r, arg: r._add(r._pop_mark()),
    "ADDITEMS": lambda r, arg: r._add(r._pop_mark()),
    "SETITEM": lambda r, arg: r._set_one(),
    "SETITEMS": lambda r, arg: r._set(r._pop_mark()),
    "POP": lambda r, arg: r.stack.pop(),
    "POP_MARK": lambda r, arg: r._drop_mark(),
    "DUP": lambda r, arg: r.stack.append(r.stack[-1]),
    "MEMOIZE": lambda r, arg: r.memo.__setitem__(len(r.memo), r.stack[-1]),
    "GLOBAL": Reader._global,
    "STACK_GLOBAL": lambda r, arg: r._stack_global(),
    "REDUCE": lambda r, arg: r._reduce("call"),
    "NEWOBJ": lambda r, arg: r._reduce("new"),
    "NEWOBJ_EX": lambda r, arg: r._reduce("new", extra=True),
    "INST": Reader._instance,
    "OBJ": lambda r, arg: r._object(),
    "BUILD": lambda r, arg: r._build(),
    "PERSID": Reader._reference,
    "BINPERSID": lambda r, arg: r._reference(r.stack.pop()),
}
