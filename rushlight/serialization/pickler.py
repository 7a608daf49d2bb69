"""Writes objects as a pickle that PyTorch reads with `weights_only=True`.

Tensors, parameters, shapes, dtypes and devices are written under PyTorch's names and
their storages as references; other objects the way Python's own pickle writes them.
"""

from __future__ import annotations

import copyreg
import enum
import importlib
import itertools
import pickle
import struct
import sys
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import rushlight
from rushlight._sparse import SparseTensor, _Layout
from rushlight._storage import TypedStorage

from .devices import location_tag
from .functions import is_composed, is_operator, owner_of
from .keys import INT_BYTES
from .objects import own_module, torch_module
from .rebuild import STORAGE_NAMES

_BATCH = 1000
_INT_BITS = 8 * INT_BYTES - 1
_PYTHON2_MODULES = {"builtins": "__builtin__", "copyreg": "copy_reg"}


class StorageTable:
    """The storages met so far: each once, under a key, with the dtype it has."""

    def __init__(self) -> None:
        self.storages: dict[str, Any] = {}
        self._dtypes: dict[str, Any] = {}
        self._known: dict[tuple[int, int], tuple[str, Any]] = {}

    def key(self, storage: Any, dtype: Any) -> str:
        """The key of a storage; the same for all views of the same bytes.

        Raises:
            RuntimeError: if the bytes were met before under another dtype.
        """
        nbytes, address = storage.nbytes(), storage.data_ptr()
        if nbytes and address == 0:  # of the device 'meta'
            raise NotImplementedError("Cannot copy out of meta tensor; no data!")
        # Empty storages have no address that tells them apart.
        place = (address, nbytes) if nbytes else (0, -len(self.storages))
        known = self._known.get(place)
        if known is None:
            known = str(len(self.storages)), dtype
            self._known[place] = known
            self.storages[known[0]] = storage
            self._dtypes[known[0]] = dtype
        elif known[1] != dtype:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as "
                "different types"
            )
        return known[0]

    def count(self, key: str) -> int:
        """The number of elements of a storage."""
        return int(self.storages[key].nbytes() // self._dtypes[key].itemsize)


def dumps(
    obj: Any, storages: StorageTable, protocol: int = 2, legacy: bool = False
) -> bytes:
    """The pickle of `obj`; its storages are added to the table.

    Args:
        obj: what to write.
        storages: filled with the storages of all tensors.
        protocol: 2 to 5; only 2 is read by PyTorch with `weights_only=True`.
        legacy: write storage references as the format before zip archives does.

    Raises:
        PicklingError, AttributeError: if an object cannot be pickled.
    """
    pickler = _Pickler(storages, protocol, legacy)
    pickler.save(obj)
    return b"\x80" + bytes([protocol]) + bytes(pickler.out) + b"."


class _Pickler:
    def __init__(self, storages: StorageTable, protocol: int, legacy: bool) -> None:
        self.storages = storages
        self.protocol = protocol
        self.legacy = legacy
        self.out = bytearray()
        # The objects themselves are kept, so that no id is used twice.
        self.memo: dict[int, tuple[int, Any]] = {}
        self.globals: dict[tuple[str, str], int] = {}
        self.heads: dict[Any, bytes] = {}
        self.shapes: dict[tuple[int, ...], bytes] = {}

    def save(self, obj: Any) -> None:
        emit = _EMIT.get(type(obj))
        if emit is not None:
            emit(self, obj)
        elif not self.recall(obj):
            self.save_other(obj)

    def save_other(self, obj: Any) -> None:
        if obj is Ellipsis or obj is NotImplemented:
            self.write_global("builtins", repr(obj))
        elif isinstance(obj, rushlight.Tensor):
            self.save_tensor(obj)
        elif isinstance(obj, rushlight.UntypedStorage):
            self.save_storage(_StorageRef(obj, None))
        elif isinstance(obj, TypedStorage):
            self.save_storage(_StorageRef(obj.untyped(), obj.dtype))
        elif isinstance(obj, rushlight.dtype):
            self.write_global("torch", str(obj).removeprefix("torch."))
        elif isinstance(obj, rushlight.Size):
            self.call("torch", "Size", (tuple(obj),), obj)
        elif isinstance(obj, rushlight.device):
            where = (obj.type,) if obj.index is None else (obj.type, obj.index)
            self.call("torch", "device", where, obj)
        elif isinstance(obj, (SparseTensor, _Layout)):
            self.save_sparse(obj)
        elif isinstance(obj, rushlight.layout):
            self.call("torch.serialization", "_get_layout", (str(obj),), obj)
        elif isinstance(obj, rushlight.memory_format):
            self.write_global("torch", str(obj).removeprefix("torch."))
        elif is_operator(obj):
            self.save_operator(obj)
        elif isinstance(obj, (type, FunctionType, BuiltinFunctionType)):
            self.save_named(obj)
        else:
            self.save_reduced(obj)

    # Memo

    def recall(self, obj: Any) -> bool:
        """Writes a reference, if the object was written before."""
        known = self.memo.get(id(obj))
        if known is not None:
            self.write_get(known[0])
        return known is not None

    def get(self, index: int) -> bytes:
        return b"h%c" % index if index < 256 else b"j" + struct.pack("<I", index)

    def write_get(self, index: int) -> None:
        self.out += self.get(index)

    def remember(self, obj: Any) -> None:
        index = len(self.memo)
        self.memo[id(obj)] = index, obj
        self.out += b"q%c" % index if index < 256 else b"r" + struct.pack("<I", index)

    # Plain values

    def save_int(self, value: int) -> None:
        self.out += _int(value)

    def save_str(self, text: str) -> None:
        if not self.recall(text):
            raw = text.encode("utf-8", "surrogatepass")
            self.out += b"X" + _u4(len(raw)) + raw
            self.remember(text)

    def save_bytes(self, data: bytes) -> None:
        if self.recall(data):
            return
        if self.protocol < 3:
            self.call("_codecs", "encode", (data.decode("latin1"), "latin1"), data)
            return
        large = len(data) >= 2**32
        if large and self.protocol < 4:
            raise OverflowError("save: bytes of 4 GiB and more need pickle protocol 4")
        self.out += (
            b"\x8e" + struct.pack("<Q", len(data)) if large else b"B" + _u4(len(data))
        )
        self.out += data
        self.remember(data)

    def save_bytearray(self, data: bytearray) -> None:
        if not self.recall(data):
            self.call("builtins", "bytearray", (bytes(data),), data)

    def save_complex(self, value: complex) -> None:
        if not self.recall(value):
            self.call("builtins", "complex", (value.real, value.imag), value)

    # Containers

    def save_tuple(self, items: tuple[Any, ...]) -> None:
        if not items:
            self.out += b")"
            return
        if self.recall(items):
            return
        short = len(items) <= 3
        if not short:
            self.out += b"("
        for item in items:
            self.save(item)
        if id(items) in self.memo:
            # The tuple contains itself, and was written on the way down.
            self.out += b"0" * len(items) if short else b"1"
            self.recall(items)
            return
        self.out += b"t" if not short else (b"\x85", b"\x86", b"\x87")[len(items) - 1]
        self.remember(items)

    def save_list(self, items: list[Any]) -> None:
        if not self.recall(items):
            self.out += b"]"
            self.remember(items)
            self.append_all(items)

    def save_dict(self, items: dict[Any, Any]) -> None:
        if not self.recall(items):
            self.out += b"}"
            self.remember(items)
            self.set_all(items.items())

    def save_set(self, items: set[Any] | frozenset[Any]) -> None:
        if not self.recall(items):
            self.call("builtins", type(items).__name__, (list(items),), items)

    def append_all(self, items: Iterable[Any]) -> None:
        for batch in _batches(items):
            self.out += b"("
            for item in batch:
                self.save(item)
            self.out += b"e"

    def set_all(self, items: Iterable[tuple[Any, Any]]) -> None:
        for batch in _batches(items):
            self.out += b"("
            for key, value in batch:
                self.save(key)
                self.save(value)
            self.out += b"u"

    # Names and calls

    def write_global(self, module: str, name: str) -> None:
        """Writes a name as it stands, in PyTorch's and Python 2's spelling."""
        if self.protocol < 3:
            module = _PYTHON2_MODULES.get(module, module)
        index = self.globals.get((module, name))
        if index is not None:
            self.write_get(index)
            return
        self.out += f"c{module}\n{name}\n".encode()
        marker = (module, name)
        self.remember(marker)
        self.globals[marker] = self.memo[id(marker)][0]

    def save_operator(self, obj: Any) -> None:
        """Writes a function of the core as PyTorch names it."""
        owner = owner_of(obj)
        if owner is None:
            self.write_global("torch._C._nn", obj.__name__)
        else:
            args = (_Name("torch._C", owner), obj.__name__)
            self.call("builtins", "getattr", args, obj)

    def save_named(self, obj: Any) -> None:
        """Writes a class or a function, which must be found under its name."""
        module = getattr(obj, "__module__", None) or "builtins"
        name = getattr(obj, "__qualname__", obj.__name__)
        if "<locals>" in name:
            raise AttributeError(f"Can't pickle local object {name!r}")
        found: Any = None
        for place in (module, own_module(module)):
            found = sys.modules.get(place)
            if found is None and place.partition(".")[0] == "rushlight":
                found = importlib.import_module(place)
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is obj:
                break
        if found is not obj:
            raise pickle.PicklingError(
                f"Can't pickle {obj!r}: it's not the same object as {module}.{name}"
            )
        known = is_composed(obj)
        self.write_global("torch.functional" if known else torch_module(module), name)

    def call(self, module: str, name: str, args: tuple[Any, ...], obj: Any) -> None:
        """Writes `module.name(*args)` as what makes `obj`."""
        self.write_global(module, name)
        self.save(args)
        self.out += b"R"
        self.remember(obj)

    def save_reduced(self, obj: Any) -> None:
        """Writes any other object as its `__reduce_ex__` describes it."""
        reduce = copyreg.dispatch_table.get(type(obj))
        # Protocol 5 would hand out buffers apart from the pickle.
        version = min(self.protocol, 4)
        reduced: Any
        if reduce is not None:
            reduced = reduce(obj)
        elif isinstance(obj, enum.Enum):
            # The same in every version of Python; some would write a call of getattr.
            reduced = type(obj), (obj._value_,)
        else:
            reduced = obj.__reduce_ex__(version)
        if isinstance(reduced, str):
            self.write_global(torch_module(obj.__module__), reduced)
            return
        parts: list[Any] = [*tuple(reduced), None, None, None]
        function, args, state, items, pairs = parts[:5]
        if getattr(function, "__name__", "") == "__newobj__":
            self.save(args[0])
            self.save(args[1:])
            self.out += b"\x81"
        else:
            self.save(function)
            self.save(args)
            self.out += b"R"
        self.remember(obj)
        if items is not None:
            self.append_all(items)
        if pairs is not None:
            self.set_all(pairs)
        if state is not None:
            self.save(state)
            self.out += b"b"

    def save_call(self, call: _Call) -> None:
        self.write_global(call.module, call.name)
        self.save(call.args)
        self.out += b"R"

    # Tensors

    def save_tensor(self, tensor: Any) -> None:
        kind = type(tensor)
        state = getattr(tensor, "__dict__", None)
        reduce: Any = kind.__reduce_ex__
        if issubclass(kind, rushlight.nn.Parameter):
            name = "_rebuild_parameter_with_state" if state else "_rebuild_parameter"
            inner: tuple[Any, ...] = (_View(tensor, False), tensor.requires_grad)
            inner += (_NO_HOOKS, dict(state)) if state else (_NO_HOOKS,)
            self.save_call(_Call("torch._utils", name, inner))
        elif reduce is not rushlight.Tensor.__reduce_ex__:
            self.save_reduced(tensor)
            return
        elif state or kind is not rushlight.Tensor:
            parts = describe(tensor, tensor.requires_grad)
            named = _Name("torch", "Tensor") if kind is rushlight.Tensor else kind
            inner = (_Name(*parts.function), named, parts.args, dict(state or {}))
            self.save_call(_Call("torch._tensor", "_rebuild_from_type_v2", inner))
        else:
            self.save_view(_View(tensor, tensor.requires_grad))
        self.remember(tensor)

    def save_view(self, view: _View) -> None:
        """Writes the call that rebuilds a plain tensor.

        Models have thousands of them, so the parts that repeat are kept as bytes.
        """
        tensor = view.tensor
        dtype = tensor.dtype
        meta = tensor.is_meta
        if self.legacy or meta or dtype not in self.heads:
            parts = describe(tensor, view.requires_grad)
            self.save_call(_Call(*parts.function, parts.args))
            if not (self.legacy or meta):
                kind = self.get_global("torch", STORAGE_NAMES[dtype])
                text = self.get(self.memo[id(_STORAGE)][0])
                self.heads[dtype] = self.get_global(*_REBUILD) + b"((" + text + kind
            return
        storage = tensor.untyped_storage()
        key = self.storages.key(storage, dtype)
        raw = key.encode()
        self.out += self.heads[dtype] + b"X" + _u4(len(raw)) + raw
        self.save_str(sys.intern(location_tag(storage)))
        self.save_int(storage.nbytes() // dtype.itemsize)
        self.out += b"tQ"
        self.save_int(tensor.storage_offset())
        self.out += self.numbers(tuple(tensor.shape)) + self.numbers(tensor.stride())
        self.out += b"\x88" if view.requires_grad else b"\x89"
        self.out += self.get_global("collections", "OrderedDict") + b")RtR"

    def numbers(self, values: tuple[int, ...]) -> bytes:
        """A tuple of integers, kept for the tensors of the same shape."""
        known = self.shapes.get(values)
        if known is None:
            known = self.shapes[values] = _int_tuple(values)
        return known

    def get_global(self, module: str, name: str) -> bytes:
        """The reference to a global name that was written before."""
        return self.get(self.globals[module, name])

    def save_sparse(self, obj: SparseTensor | _Layout) -> None:
        if isinstance(obj, _Layout):
            self.call("torch.serialization", "_get_layout", (str(obj),), obj)
        else:
            args = (obj.layout, obj.file_parts())
            self.call("torch._utils", "_rebuild_sparse_tensor", args, obj)

    def save_storage(self, ref: _StorageRef) -> None:
        key = self.storages.key(ref.storage, ref.dtype or rushlight.uint8)
        if ref.dtype is None:
            kind, count = _Name("torch.storage", "UntypedStorage"), ref.storage.nbytes()
        else:
            kind = _Name("torch", STORAGE_NAMES[ref.dtype])
            count = ref.storage.nbytes() // ref.dtype.itemsize
        parts: tuple[Any, ...] = (_STORAGE, kind, key, location_tag(ref.storage), count)
        self.save((*parts, None) if self.legacy else parts)
        self.out += b"Q"


class _Name(NamedTuple):
    """Written as a global name."""

    module: str
    name: str


class _Call(NamedTuple):
    """Written as the call of a global name."""

    module: str
    name: str
    args: tuple[Any, ...]


class _StorageRef(NamedTuple):
    """Written as a reference to a storage; without a dtype as an untyped one."""

    storage: Any
    dtype: Any


class _View(NamedTuple):
    """Written as what rebuilds a plain tensor."""

    tensor: Any
    requires_grad: bool


class _Parts(NamedTuple):
    """A function's name and the arguments it rebuilds a tensor from."""

    function: tuple[str, str]
    args: tuple[Any, ...]


_STORAGE = "storage"
_REBUILD = ("torch._utils", "_rebuild_tensor_v2")
_REBUILD_META = ("torch._utils", "_rebuild_meta_tensor_no_storage")
_NO_HOOKS = _Call("collections", "OrderedDict", ())


def describe(tensor: Any, requires_grad: bool) -> _Parts:
    """What rebuilds a plain tensor."""
    if tensor.is_meta:
        shape = tuple(tensor.shape), tuple(tensor.stride())
        return _Parts(_REBUILD_META, (tensor.dtype, *shape, requires_grad))
    storage = _StorageRef(tensor.untyped_storage(), tensor.dtype)
    size, stride = tuple(tensor.shape), tuple(tensor.stride())
    place = storage, tensor.storage_offset(), size, stride
    return _Parts(_REBUILD, (*place, requires_grad, _NO_HOOKS))


def _int(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K%c" % value
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    if value.bit_length() > _INT_BITS:
        raise OverflowError(
            f"save: an int of {value.bit_length()} bits; load takes {_INT_BITS}"
        )
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return (b"\x8a%c" % len(raw) if len(raw) < 256 else b"\x8b" + _u4(len(raw))) + raw


def _int_tuple(values: tuple[int, ...]) -> bytes:
    items = b"".join(map(_int, values))
    if len(values) > 3:
        return b"(" + items + b"t"
    return items + (b")", b"\x85", b"\x86", b"\x87")[len(values)]


def _u4(number: int) -> bytes:
    return struct.pack("<I", number)


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(items)
    while batch := list(itertools.islice(rest, _BATCH)):
        yield batch


_EMIT: dict[type, Callable[[_Pickler, Any], None]] = {
    type(None): lambda pickler, _: pickler.out.extend(b"N"),
    bool: lambda pickler, value: pickler.out.extend(b"\x88" if value else b"\x89"),
    float: lambda pickler, value: pickler.out.extend(b"G" + struct.pack(">d", value)),
    int: _Pickler.save_int,
    str: _Pickler.save_str,
    bytes: _Pickler.save_bytes,
    bytearray: _Pickler.save_bytearray,
    complex: _Pickler.save_complex,
    tuple: _Pickler.save_tuple,
    list: _Pickler.save_list,
    dict: _Pickler.save_dict,
    set: _Pickler.save_set,
    frozenset: _Pickler.save_set,
    _Name: lambda pickler, name: pickler.write_global(*name),
    _Call: _Pickler.save_call,
    _StorageRef: _Pickler.save_storage,
    _View: _Pickler.save_view,
}
