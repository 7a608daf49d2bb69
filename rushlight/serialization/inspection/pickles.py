"""Tensors, values and dangers of a pickle that was read as symbols."""

from __future__ import annotations

from typing import Any

from ..functions import OWNERS
from .dangers import danger, full_name, is_data, is_layer
from .report import ITEM_BITS, Report, StorageLine, TensorLine, ValueLine, plain
from .symbols import Node, Reader

_MAX_DEPTH = 60
_MAX_DIMS = 64
_MAX_NUMBER = 2**63 - 1
STORAGES = {
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "UntypedStorage": "bytes",
}
_TENSOR_CALLS = ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")
_PARAMETER_CALLS = ("_rebuild_parameter", "_rebuild_parameter_with_state")
_STATE_PARTS = ("_parameters", "_buffers", "_modules")


def shown(value: Any, depth: int = 2) -> str:
    """A symbol in a few words, printable."""
    if not isinstance(value, Node):
        return plain(value if isinstance(value, int) else repr(value), 40)
    if value.kind == "global":
        return plain(full_name(*value.name))
    if depth == 0:
        return "…"
    items = [shown(item, depth - 1) for item in value.items[:4]]
    items += [
        f"{shown(key, 0)}: {shown(item, depth - 1)}" for key, item in value.pairs[:4]
    ]
    if len(value.items) > 4 or len(value.pairs) > 4:
        items.append("…")
    inside = ", ".join(items)
    if value.kind in ("call", "new"):
        as_bytes = _encoded(value)
        if as_bytes is not None:
            return plain(repr(as_bytes), 40)
        arguments = value.args.items[:4] if isinstance(value.args, Node) else []
        listed = ", ".join(shown(item, depth - 1) for item in arguments)
        return f"{shown(value.target, depth - 1)}({listed})"
    marks = {"list": "[]", "tuple": "()", "dict": "{}", "set": "{}", "frozenset": "{}"}
    around = marks.get(value.kind)
    return f"{around[0]}{inside}{around[1]}" if around else f"<{value.kind}>"


def _encoded(call: Node) -> bytes | None:
    """The bytes that protocol 2 writes as a call of `_codecs.encode`."""
    target = call.target
    named = isinstance(target, Node) and target.name == ("_codecs", "encode")
    given = call.args.items if isinstance(call.args, Node) else []
    if not named or not given or not isinstance(given[0], str):
        return None
    return given[0][:200].encode("latin1", "replace")


def describe_names(reader: Reader, report: Report) -> None:
    """Reports every global that was read, and what calls of it could do."""
    called: dict[str, Node] = {}
    known = _functions(reader)
    for node in reader.calls:
        if isinstance(node.target, Node) and node.target.kind == "global":
            name = full_name(*node.target.name)
            if node.kind == "call":
                called.setdefault(name, node)
        elif node.kind == "call":
            report.warn(f"calls something that is no name: {shown(node.target)}")
    for node in reader.globals:
        name = full_name(*node.name)
        if name in report.globals:
            continue
        words = danger(name)
        how = f"; pickle would call {shown(called[name])}" if name in called else ""
        if name in known:
            report.globals[name] = "function"
            report.note(
                f"keeps functions of PyTorch as attributes, by way of {plain(name)}; "
                "load finds them with weights_only=False"
            )
        elif is_data(*node.name):
            report.globals[name] = "data"
        elif words:
            report.globals[name] = words
            report.warn(f"names {plain(name)}, which {words}{how}")
        elif is_layer(name):
            report.globals[name] = "layer"
            report.note(
                f"holds an object of the class {plain(name)}, not only tensors; "
                "load builds it with weights_only=False"
            )
        elif name in called:
            report.globals[name] = "unknown, called"
            report.warn(f"names {plain(name)}, which load does not know{how}")
        else:
            report.globals[name] = "unknown class"
            report.note(
                f"holds an object of the class {plain(name)}, whose code pickle would "
                "import; load does not"
            )
    for text in reader.odd:
        report.warn(text)


def _functions(reader: Reader) -> set[str]:
    """The names that only stand for functions of PyTorch and partial calls of them and
    of layers, as whole models have them."""
    odd: set[str] = set()
    even: set[str] = set()
    for node in reader.calls:
        if isinstance(node.target, Node) and node.target.kind == "global":
            name = full_name(*node.target.name)
            if name in _WRAPPERS:
                (even if _is_function(node) else odd).add(name)
    found = even - odd
    return found | set(OWNERS) if "builtins.getattr" in found else found


def _is_function(node: Any) -> bool:
    """Whether a symbol is an operator, a layer's class, or a partial call of one."""
    if not isinstance(node, Node):
        return False
    if node.kind == "global":
        return full_name(*node.name).startswith(("torch.nn.", "torch._C._nn."))
    target = node.target if isinstance(node.target, Node) else None
    items = node.args.items if isinstance(node.args, Node) else []
    name = full_name(*target.name) if target and target.kind == "global" else ""
    if name == "functools.partial":
        return len(items) == 1 and _is_function(items[0])
    if name != "builtins.getattr" or len(items) != 2:
        return False
    holder, attribute = items
    owned = isinstance(holder, Node) and holder.kind == "global"
    plain_name = isinstance(attribute, str) and not attribute.startswith("_")
    return owned and plain_name and full_name(*holder.name) in OWNERS


_WRAPPERS = ("builtins.getattr", "functools.partial")


class Walker:
    """Turns symbols into lines of a report.

    Args:
        report: gets tensors, values, storages and findings.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        # The nodes themselves too: an id may be used again when a node is gone.
        self.seen: dict[int, tuple[str, Node]] = {}

    def walk(self, value: Any, path: tuple[str, ...] = (), depth: int = 0) -> None:
        """Adds everything below a symbol."""
        if not isinstance(value, Node):
            self.leaf(path, shown(value))
            return
        if depth > _MAX_DEPTH:
            self.report.warn(f"is nested deeper than {_MAX_DEPTH} levels")
            return
        name = ".".join(path)
        if id(value) in self.seen and value.kind != "global":
            if not (value.kind == "tuple" and not value.items):
                first = self.seen[id(value)][0] or "the whole"
                self.leaf(path, f"the same object as {first}")
            return
        self.seen[id(value)] = name, value
        if value.kind == "reference":
            self.refer(value, path)
        elif value.kind in ("call", "new"):
            self._walk_call(value, path, depth)
        elif value.kind in ("global", "unknown"):
            self.leaf(path, shown(value))
        else:
            self._walk_items(value, path, depth)

    def refer(self, reference: Node, path: tuple[str, ...]) -> None:
        """Adds what a reference outside of a tensor stands for."""
        self.leaf(path, f"storage {plain(self.storage(reference))}")

    def leaf(self, path: tuple[str, ...], text: str) -> None:
        """Adds a value that is no tensor."""
        self.report.values.append(ValueLine(path, text))

    def _walk_items(self, node: Node, path: tuple[str, ...], depth: int) -> None:
        if not node.items and not node.pairs:
            self.leaf(path, f"empty {node.kind}")
        scalars = not any(isinstance(item, Node) for item in node.items)
        if node.items and scalars and not node.pairs and len(node.items) > 1:
            self.leaf(path, f"{node.kind} of {len(node.items)}: {shown(node)}")
            return
        for at, item in enumerate(node.items):
            self.walk(item, (*path, str(at)), depth + 1)
        for key, item in node.pairs:
            text = key if isinstance(key, str) else shown(key)
            self.walk(item, (*path, plain(text, 120)), depth + 1)

    def _walk_call(self, node: Node, path: tuple[str, ...], depth: int) -> None:
        target = node.target
        named = isinstance(target, Node) and target.kind == "global"
        name = full_name(*target.name) if named else ""
        arguments = node.args.items if isinstance(node.args, Node) else []
        short = name.rpartition(".")[2]
        if name.startswith("torch._utils.") and short in _TENSOR_CALLS:
            self._tensor(short, arguments, path)
        elif name.startswith("torch._utils.") and short in _PARAMETER_CALLS:
            before = len(self.report.tensors)
            self.walk(arguments[0] if arguments else None, path, depth + 1)
            for line in self.report.tensors[before:]:
                line.kind = "parameter"
        elif name == "torch._utils._rebuild_meta_tensor_no_storage" and arguments:
            shape = _ints(arguments[1]) if len(arguments) > 1 else None
            dtype = shown(arguments[0]).removeprefix("torch.")
            self.leaf(path, f"{dtype} {list(shape or ())} on meta, without data")
        elif short == "_rebuild_from_type_v2" and len(arguments) >= 3:
            inner = Node("call")
            inner.target, inner.args = arguments[0], arguments[2]
            self.walk(inner, path, depth + 1)
        elif name == "torch._utils._rebuild_sparse_tensor" and len(arguments) >= 2:
            self.leaf(path, f"sparse tensor {shown(arguments[0])}")
            self.walk(arguments[1], path, depth + 1)
        elif short == "_reconstruct" and node.state is not None:
            self.leaf(path, f"NumPy array {_array_shape(node.state)}")
        else:
            self._object(node, name, arguments, path, depth)

    def _object(
        self, node: Node, name: str, args: list[Any], path: tuple[str, ...], depth: int
    ) -> None:
        state = node.state
        if isinstance(state, Node) and state.pairs and not _is_container(name):
            self.leaf(path, f"object {shown(node, 1)}")
            for key, item in state.pairs:
                if not _is_empty(item):
                    inside = () if key in _STATE_PARTS else (plain(key, 120),)
                    self.walk(item, (*path, *inside), depth + 1)
        elif node.items or node.pairs or _is_container(name):
            collected = Node(name.rpartition(".")[2] or "object", node.items)
            collected.pairs = list(node.pairs)
            for item in args:
                if isinstance(item, Node):
                    collected.items += item.items
                    collected.pairs += item.pairs
            self._walk_items(collected, path, depth)
        else:
            self.leaf(path, shown(node))
            if not name.startswith(("torch.", "_codecs.", "numpy.", "builtins.")):
                for at, item in enumerate(args):
                    if isinstance(item, Node) and item.kind != "global":
                        self.walk(item, (*path, str(at)), depth + 1)

    def _tensor(self, call: str, args: list[Any], path: tuple[str, ...]) -> None:
        name = ".".join(path) or "the tensor"
        if len(args) < 4 or not isinstance(args[0], Node):
            self.report.warn(f"{plain(name)} is a tensor of wrong arguments")
            return
        storage, offset = self.storage(args[0]), args[1]
        shape, stride = _ints(args[2]), _ints(args[3])
        typed = self.report.storages.get(storage)
        dtype = typed.dtype if typed else "unknown"
        if call == "_rebuild_tensor_v3" and len(args) > 6:
            dtype = shown(args[6]).removeprefix("torch.")
        if shape is None or stride is None or type(offset) is not int:
            self.report.warn(f"{plain(name)} has a shape that is no tuple of numbers")
            return
        self.add_tensor(TensorLine(path, dtype, shape, storage, offset, stride))

    def add_tensor(self, line: TensorLine) -> None:
        """Adds a tensor and compares its geometry with its storage."""
        numbers = (*line.shape, *(line.stride or ()), line.offset)
        wrong = any(not 0 <= number <= _MAX_NUMBER for number in numbers)
        if wrong or len(line.shape) > _MAX_DIMS or len(line.stride or ()) > _MAX_DIMS:
            name = plain(line.name or "the tensor")
            self.report.warn(f"{name} has impossible sizes, strides or offset")
            return
        self.report.tensors.append(line)
        storage = self.report.storages.get(line.storage or "")
        if storage is not None:
            storage.names.append(line.name)
            self._check(line, storage)

    def _check(self, line: TensorLine, storage: StorageLine) -> None:
        name = plain(line.name or "the tensor")
        if len(line.shape) != len(line.stride or ()):
            self.report.warn(f"{name} has impossible sizes, strides or offset")
            return
        itemsize = ITEM_BITS.get(line.dtype, 8) // 8
        steps = zip(line.shape, line.stride or ())
        last = line.offset + sum((side - 1) * step for side, step in steps)
        if line.count and (last + 1) * itemsize > storage.nbytes:
            self.report.warn(
                f"{name} of shape {list(line.shape)} reaches byte "
                f"{(last + 1) * itemsize:,}; its storage has {storage.nbytes:,}"
            )

    def storage(self, reference: Node) -> str:
        """Enters the storage that a reference names; returns its key."""
        key = reference.args
        parts = key.items if isinstance(key, Node) else []
        if reference.kind != "reference" or len(parts) < 5 or parts[0] != "storage":
            self.report.warn(f"refers to something unknown: {shown(key)}")
            return "?"
        kind, name, location, count = parts[1:5]
        if not isinstance(name, str) or not _is_count(count):
            self.report.warn(f"has a storage with a wrong key or size: {shown(key)}")
            return "?"
        dtype = "unknown"
        if isinstance(kind, Node) and kind.kind == "global":
            dtype = STORAGES.get(kind.name[1], "unknown")
        if dtype == "unknown":
            self.report.warn(
                f"storage {plain(name)} has the unknown type {shown(kind)}"
            )
        nbytes = count * ITEM_BITS.get(dtype, 8) // 8
        known = self.report.storages.get(name)
        if known is None:
            place = plain(location)
            self.report.storages[name] = StorageLine(dtype, nbytes, place)
        elif known.dtype != dtype:
            self.report.warn(
                f"storage {plain(name)} is said to be both {known.dtype} and {dtype}"
            )
        else:
            known.nbytes = max(known.nbytes, nbytes)
        return name


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER


def _is_container(name: str) -> bool:
    return name.startswith("collections.") or name in (
        "builtins.set",
        "builtins.frozenset",
        "builtins.dict",
        "builtins.list",
    )


def _is_empty(value: Any) -> bool:
    """Whether it is a container or call of one without content, as unused hooks are."""
    if not isinstance(value, Node) or value.items or value.pairs:
        return False
    given = value.args.items if isinstance(value.args, Node) else []
    holds = any(isinstance(item, Node) and not _is_empty(item) for item in given)
    return value.kind not in ("global", "reference", "unknown") and not holds


def _ints(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, Node) and value.kind == "call":
        # torch.Size of a tuple
        arguments = value.args.items if isinstance(value.args, Node) else []
        value = arguments[0] if len(arguments) == 1 else None
    if not isinstance(value, Node) or value.kind != "tuple":
        return None
    if any(type(item) is not int for item in value.items):
        return None
    return tuple(value.items)


def _array_shape(state: Any) -> str:
    parts = state.items if isinstance(state, Node) else []
    shape = _ints(parts[1]) if len(parts) > 1 else None
    return "of unknown shape" if shape is None else str(list(shape))
