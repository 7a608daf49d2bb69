"""The tables of all names that a model file may use, and the loading of storages."""

from __future__ import annotations

import enum
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import rushlight
from rushlight import _C
from rushlight._storage import TypedStorage

from .blocked import runs_code
from .errors import UnsafeFileError, UnsupportedFileError
from .keys import Limits, check_counts
from .location import Restore
from .numpy_values import NUMPY_FUNCTIONS, is_numpy, set_numpy_state
from .objects import (
    create_object,
    enum_member,
    find_imported,
    find_safe_class,
    is_named_tuple,
    is_rebuilt_plainly,
    set_attributes,
)
from .plain import PLAIN_FUNCTIONS, set_uuid
from .rebuild import (
    STORAGE_NAMES,
    TENSOR_FUNCTIONS,
    Rebuild,
    check_arguments,
    make_view,
)
from .records import Record, brief
from .storages import storage_bytes


class StorageKind(NamedTuple):
    """Stands for a storage class; without a dtype it is `UntypedStorage`."""

    dtype: Any
    itemsize: int = 1


class TensorKind(NamedTuple):
    """Stands for a tensor class of one dtype, such as `torch.FloatTensor`."""

    dtype: Any


def _encode(*args: Any) -> bytes:
    """How protocol 2 writes bytes: as the text whose code points they are."""
    check_arguments(args, str, str)
    text, encoding = args
    if encoding not in ("latin1", "latin-1"):
        raise UnsafeFileError(f"load: bytes written by the encoding {encoding[:40]!r}")
    return text.encode("latin1")


def _ordered_dict(names: FileNames, *args: Any) -> OrderedDict[Any, Any]:
    check_arguments(args, list, optional=1)
    made: OrderedDict[Any, Any] = OrderedDict()
    # Python 2 passed the items as an argument; today they follow one by one.
    items = args[0] if args else []
    if not all(isinstance(item, (list, tuple)) and len(item) == 2 for item in items):
        raise UnsafeFileError("load: an OrderedDict's item is no pair")
    names.limits.store(made, [item[0] for item in items], [item[1] for item in items])
    return made


def _default_dict(names: FileNames, *args: Any) -> defaultdict[Any, Any]:
    check_arguments(args, (type, type(None)), optional=1)
    factory = args[0] if args else None
    if factory not in _FACTORIES:
        raise UnsafeFileError(f"load: a defaultdict of {brief(factory)} is not built")
    return defaultdict(factory)


_FACTORIES = (None, dict, list, set, tuple, int, float, str, bool, OrderedDict)


def _counter(names: FileNames, *args: Any) -> Counter[Any]:
    check_arguments(args, dict, optional=1)
    # Its own constructor would add to the values, whatever they are.
    made: Counter[Any] = Counter()
    for counts in args:
        check_counts(list(counts.values()))
        dict.update(made, counts)
    return made


def _of_items(kind: Any) -> Callable[..., Any]:
    def build(names: FileNames, *args: Any) -> Any:
        check_arguments(args, (list, tuple), optional=1)
        made: set[Any] = set()
        names.limits.add(made, args[0] if args else ())
        return kind(made) if kind is frozenset else made

    return build


def _bytearray(names: FileNames, *args: Any) -> bytearray:
    if len(args) == 2:
        # Python 2's way: text and the encoding that makes it bytes.
        return bytearray(_encode(*args))
    check_arguments(args, bytes, optional=1)
    return bytearray(*args)


def _empty(kind: Any) -> Callable[..., Any]:
    def build(names: FileNames, *args: Any) -> Any:
        check_arguments(args)
        return kind()

    return build


def _complex(names: FileNames, *args: Any) -> complex:
    check_arguments(args, float, float)
    return complex(*args)


def _size(names: FileNames, *args: Any) -> Any:
    check_arguments(args, (tuple, list))
    if not all(type(item) is int and abs(item) < 2**63 for item in args[0]):
        raise UnsafeFileError("load: a Size holds something else than ints")
    return rushlight.Size(args[0])


def _device(names: FileNames, *args: Any) -> Any:
    check_arguments(args, str, int, optional=1)
    try:
        return rushlight.device(*args)
    except (RuntimeError, OverflowError, ValueError, TypeError) as error:
        raise UnsafeFileError(f"load: a device is damaged: {error}") from None


def _tensor_of(names: FileNames, *args: Any) -> Any:
    return names.construct(_PARAMETER, args)


_TYPES: dict[Any, Callable[..., Any]] = {
    OrderedDict: _ordered_dict,
    defaultdict: _default_dict,
    Counter: _counter,
    set: _of_items(set),
    frozenset: _of_items(frozenset),
    bytes: _empty(bytes),
    list: _empty(list),
    dict: _empty(dict),
    bytearray: _bytearray,
    complex: _complex,
    rushlight.Size: _size,
    rushlight.device: _device,
    rushlight.nn.Parameter: _tensor_of,
}
"""How the classes are called that stand for themselves."""


def _reconstructor(names: FileNames, *args: Any) -> Any:
    """How protocols 0 and 1 make an object whose state follows."""
    check_arguments(args, object, type, type(None))
    if args[1] is not object:
        raise UnsafeFileError("load: an object is made by another class's method")
    return names.create(args[0], (), {})


def _new_object(names: FileNames, *args: Any) -> Any:
    if not args:
        raise UnsafeFileError("load: an object is made of no class")
    return names.create(args[0], args[1:], {})


def _not_here(what: str) -> Callable[..., Any]:
    def refuse(names: FileNames, *args: Any) -> Any:
        raise UnsupportedFileError(f"load: the file holds {what}")

    return refuse


_MAKERS = {
    name: Rebuild(name, function)
    for name, function in {
        "copyreg._reconstructor": _reconstructor,
        "copyreg.__newobj__": _new_object,
    }.items()
}
_PARAMETER = TENSOR_FUNCTIONS["torch._utils._rebuild_parameter"]
_WITH_READER = frozenset((*TENSOR_FUNCTIONS, *_MAKERS))

_UNSUPPORTED = {
    "torch._utils._rebuild_qtensor": "quantized tensors, which rushlight does not have",
    "torch._utils._rebuild_nested_tensor": "nested tensors (rushlight.nested)",
    "torch._utils._rebuild_meta_tensor_no_storage": "tensors of the device 'meta'",
    "torch._utils._rebuild_wrapper_subclass": "tensors of another class",
}
"""Functions whose results are records at best, and what they would make."""

_NAMES: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": defaultdict,
    "collections.Counter": Counter,
    "_codecs.encode": Rebuild("_codecs.encode", _encode, copies=True),
    "builtins.object": object,
    "torch.Size": rushlight.Size,
    "torch.device": rushlight.device,
    "torch.Tensor": rushlight.Tensor,
    "torch.nn.parameter.Parameter": rushlight.nn.Parameter,
    "torch.autograd.variable.Variable": rushlight.Tensor,
    "torch.UntypedStorage": StorageKind(None),
    "torch.storage.UntypedStorage": StorageKind(None),
    "torch.strided": rushlight.strided,
    **TENSOR_FUNCTIONS,
    **NUMPY_FUNCTIONS,
    **PLAIN_FUNCTIONS,
    **_MAKERS,
}
_NAMES.update(
    (f"builtins.{kind.__name__}", kind)
    for kind in (set, frozenset, bytes, bytearray, complex)
)
_NAMES.update(
    (f"builtins.{kind.__name__}", kind) for kind in _FACTORIES if kind is not None
)
_NAMES.update((str(dtype), dtype) for dtype in STORAGE_NAMES)
for _dtype, _name in STORAGE_NAMES.items():
    for _package in ("torch", "torch.cuda"):
        _NAMES[f"{_package}.{_name}"] = StorageKind(_dtype, _dtype.itemsize)
        _tensor_name = _name.replace("Storage", "Tensor")
        _NAMES[f"{_package}.{_tensor_name}"] = TensorKind(_dtype)
_NAMES.update(
    (str(found), found)
    for found in (
        rushlight.contiguous_format,
        rushlight.channels_last,
        rushlight.channels_last_3d,
        rushlight.preserve_format,
    )
)

_MISSING_STORAGES = {
    "QInt8Storage": ("torch.qint8", 1),
    "QUInt8Storage": ("torch.quint8", 1),
    "QInt32Storage": ("torch.qint32", 4),
    "QUInt4x2Storage": ("torch.quint4x2", 1),
    "QUInt2x4Storage": ("torch.quint2x4", 1),
}
_MISSING_DTYPES = frozenset(
    f"torch.{name}"
    for name in """complex32 chalf uint16 uint32 uint64 qint8 quint8 qint32 quint4x2 quint2x4
    float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
    float4_e2m1fn_x2 bits1x8 bits2x4 bits4x2 bits8 bits16 uint1 uint2 uint3 uint4 uint5
    uint6 uint7 int1 int2 int3 int4 int5 int6 int7""".split()
)
_COPIES = 16
_MODULE_COST = 500
_BLOCKED_BY_TORCH = ("sys", "os", "posix", "nt")


class FileNames:
    """What one file may build (the `Names` of its pickle machine).

    Args:
        open_storage: the storage of a key; gets the key, the bytes it must
            have at least, and the dtype.
        restore: moves a storage to its device.
        weights_only: False lets the file name classes that the program has imported,
            and makes records of everything else.
        objects: what the keys stand for that are no storages (very old files).
    """

    def __init__(
        self,
        open_storage: Callable[[str, int, Any], Any],
        restore: Restore,
        weights_only: bool,
        objects: dict[str, Any] | None = None,
    ) -> None:
        self.open_storage = open_storage
        self.restore = restore
        self.weights_only = weights_only
        self.objects = objects
        self.storages: dict[str, tuple[Any, StorageKind, Any, int]] = {}
        self.views: dict[tuple[str, str], Any] = {}
        self.created: dict[int, Any] = {}
        self.attributed: set[int] = set()
        self.deferred: list[Callable[[], Any]] = []
        self.resolved: dict[tuple[str, str], Any] = {}
        self.limits = Limits(0)
        self.copied = 0

    # What constructors need

    def defer(self, work: Callable[[], Any]) -> None:
        self.deferred.append(work)

    def charge_bytes(self, count: int) -> None:
        self.copied += count
        if self.copied > _COPIES * sum(entry[3] for entry in self.storages.values()):
            raise UnsafeFileError("load: tensors are copied far beyond the file's size")

    def place(self, location: str) -> None:
        self.restore(
            rushlight.empty(0, dtype=rushlight.uint8).untyped_storage(), location
        )

    def restart(self) -> None:
        """Forgets the objects of a pickle that is read again."""
        self.created.clear()
        self.attributed.clear()
        self.deferred.clear()

    def finish(self) -> None:
        """Does what had to wait for the bytes of the storages."""
        with rushlight.no_grad():
            for work in self.deferred:
                work()

    # What the machine asks

    def resolve(self, module: str, name: str) -> Any:
        found = self.resolved.get((module, name))
        if found is None:
            found = self._find(module, name)
            self.resolved[module, name] = found
        return found

    def _find(self, module: str, name: str) -> Any:
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[module, name]
        module = IMPORT_MAPPING.get(module, module)
        path = f"{module}.{name}"
        found = _NAMES.get(path)
        if found is None and name in _MISSING_STORAGES and module.startswith("torch"):
            dtype, itemsize = _MISSING_STORAGES[name]
            self._miss(dtype)
            found = StorageKind(None, itemsize)
        if found is None and path in _MISSING_DTYPES:
            self._miss(path)
        if path in _UNSUPPORTED and self.weights_only:
            return Rebuild(path, _not_here(_UNSUPPORTED[path]))
        if found is None:
            found = find_safe_class(path)
        if found is None and not self.weights_only:
            found = find_imported(module, name)
        if found is None and (self.weights_only or runs_code(module, name)):
            raise UnsafeFileError(refusal(module, name, self.weights_only))
        return Record(path) if found is None else found

    def _miss(self, dtype: str) -> None:
        if self.weights_only:
            raise UnsupportedFileError(
                f"load: the file holds tensors of dtype {dtype}, which rushlight does "
                "not have; weights_only=False loads them as inert records"
            )

    def construct(self, target: Any, args: tuple[Any, ...]) -> Any:
        if type(target) is Rebuild:
            if self._is_foreign(target, args):
                return Record(target.name, args)
            if target.name in _WITH_READER or target.name in _UNSUPPORTED:
                return target.function(self, *args)
            return target.function(*args)
        if type(target) is Record:
            return self._record(target, args, {})
        if type(target) is TensorKind:
            return self._old_tensor(target, args)
        if isinstance(target, type):
            build = _TYPES.get(target)
            if build is not None:
                return build(self, *args)
            if issubclass(target, enum.Enum):
                return enum_member(target, args)
            if not self.weights_only and is_named_tuple(target):
                return create_object(target, args)
            if not self.weights_only and target not in _NOT_RECORDED:
                path = f"{target.__module__}.{target.__qualname__}"
                return Record(path, args, reason="load calls no class of the program")
        raise UnsafeFileError(f"load: the file wants to call {brief(target)}")

    def _is_foreign(self, target: Rebuild, args: tuple[Any, ...]) -> bool:
        """Whether a tensor is of a dtype or class that is only here as a record."""
        if self.weights_only or target.name not in TENSOR_FUNCTIONS:
            return False
        return any(type(arg) is Record for arg in args)

    def _record(
        self, target: Record, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if target.args is not None:
            raise UnsafeFileError(f"load: the file wants to call {brief(target)}")
        return Record(target.name, args, named)

    def _old_tensor(self, target: TensorKind, args: tuple[Any, ...]) -> Any:
        """An empty tensor; its state follows (PyTorch before 0.4)."""
        check_arguments(args)
        made = rushlight.empty(0, dtype=target.dtype)
        self.created[id(made)] = made
        return made

    def create(self, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if type(target) is Record:
            return self._record(target, args, named)
        if named:
            raise UnsafeFileError("load: an object is made by named arguments")
        if type(target) in (Rebuild, TensorKind):
            return self.construct(target, args)
        if isinstance(target, type) and target in _TYPES:
            return self.construct(target, args)
        is_class = isinstance(target, type) and target not in _NOT_RECORDED
        if is_class and not self.weights_only and not is_named_tuple(target):
            if args or not is_rebuilt_plainly(target):
                path = f"{target.__module__}.{target.__qualname__}"
                return Record(path, args, reason="its class needs methods of its own")
        if isinstance(target, type) and issubclass(target, rushlight.nn.Module):
            # An empty module takes a few bytes of the file and kilobytes of memory.
            self.limits.charge(_MODULE_COST)
        made = create_object(target, args)
        # The object is kept, so that its id stays its own.
        self.created[id(made)] = made
        return made

    def set_state(self, target: Any, state: Any) -> Any:
        kind = type(target)
        if is_numpy(target):
            return set_numpy_state(target, state)
        if kind is Record:
            target.set_state(state)
            return target
        if kind.__module__ == "uuid":
            return set_uuid(target, state)
        if isinstance(target, rushlight.Tensor) and isinstance(state, tuple):
            return self._set_tensor(target, state)
        known = isinstance(target, (OrderedDict, Counter, rushlight.Tensor))
        if not known and id(target) not in self.created and kind is not SimpleNamespace:
            raise UnsafeFileError(
                f"load: the file wants to set the state of a {kind.__name__}"
            )
        if isinstance(target, rushlight.Tensor):
            self.attributed.add(id(target))
        return set_attributes(target, state)

    def _set_tensor(self, target: Any, state: tuple[Any, ...]) -> Any:
        """States of PyTorch before 0.4: of tensors (storage, offset, size, stride), of
        variables (requires_grad, volatile, hooks)."""
        if len(state) == 4 and self.created.pop(id(target), None) is target:
            check_arguments(state, TypedStorage, int, tuple, tuple)
            typed, offset, size, stride = state
            make_view(typed.untyped(), target.dtype, offset, size, stride, False)
            if typed.dtype != target.dtype:
                raise UnsafeFileError(
                    "load: a tensor lies over another dtype's storage"
                )
            _C._set_storage(target, typed.untyped(), offset, size, stride)
            return target
        floating = target.is_floating_point() or target.is_complex()
        if len(state) != 3 or type(state[0]) is not bool or state[2]:
            raise UnsafeFileError("load: a tensor has a wrong state, or hooks")
        if target.requires_grad != state[0] and (floating or not state[0]):
            target.requires_grad_(state[0])
        return target

    def persistent(self, key: Any) -> Any:
        """A storage from its tuple ("storage", class, key, device, elements, ...)."""
        if type(key) is not tuple:
            return self._old_object(key)
        if len(key) in (2, 4) and _ascii(key[0]) == "module":
            # A class, followed by its source code, which is not looked at.
            return key[1]
        if len(key) not in (5, 6) or _ascii(key[0]) != "storage":
            raise UnsafeFileError(f"load: unknown reference {brief(key)}")
        kind, name, count = key[1], key[2], key[4]
        if type(name) is not str:
            name = _ascii(name)
        if type(kind) is not StorageKind or type(count) is not int or count < 0:
            raise UnsafeFileError(f"load: storage {brief(name)} is damaged")
        known = self.storages.get(name)
        if known is None:
            known = self._open(name, kind, _ascii(key[3]), count * kind.itemsize)
        storage, first_kind, shown, nbytes = known
        if nbytes < count * kind.itemsize or first_kind != kind:
            raise UnsafeFileError(
                f"load: storage {brief(name)} claims {count * kind.itemsize} bytes of "
                f"{kind.dtype} and has {nbytes} of {first_kind.dtype}"
            )
        if len(key) == 6 and key[5] is not None:
            return self._view(name, storage, kind, key[5])
        return shown

    def _open(self, name: str, kind: StorageKind, location: str, needed: int) -> Any:
        opened = self.open_storage(name, needed, kind.dtype)
        storage = self.restore(opened, location)
        shown = storage if kind.dtype is None else TypedStorage(storage, kind.dtype)
        known = storage, kind, shown, storage.nbytes()
        self.storages[name] = known
        return known

    def _view(self, name: str, storage: Any, kind: StorageKind, view: Any) -> Any:
        """A part of a storage, which PyTorch before 0.4 could have."""
        check_arguments(view if isinstance(view, tuple) else (), (str, bytes), int, int)
        view_key, (offset, count) = _ascii(view[0]), view[1:]
        known = self.views.get((name, view_key))
        if known is not None:
            return known
        start, end = offset * kind.itemsize, (offset + count) * kind.itemsize
        if not 0 <= start <= end <= storage.nbytes():
            raise UnsafeFileError(f"load: a view of storage {brief(name)} exceeds it")
        part = _C.storage_from_buffer(storage_bytes(storage)[start:end])
        found = part if kind.dtype is None else TypedStorage(part, kind.dtype)
        self.views[name, view_key] = found
        return found

    def _old_object(self, key: Any) -> Any:
        """A tensor or storage of a tar archive, by its number."""
        known = self.objects if type(key) in (int, str) else None
        found = None if known is None else known.get(str(key))
        if found is None:
            raise UnsafeFileError(f"load: unknown reference {brief(key)}")
        return found


_NOT_RECORDED = (object, dict, list, tuple, int, float, str, bool)


def _ascii(text: Any) -> str:
    """Text that Python 2 may have written as bytes."""
    if type(text) is str:
        return text
    if type(text) is not bytes:
        raise UnsafeFileError(f"load: expected a string, got {type(text).__name__}")
    return text.decode("ascii")


def refusal(module: str, name: str, weights_only: bool) -> str:
    """Why a name of a file is refused; the phrases are PyTorch's."""
    path = f"{module}.{name}"
    if not weights_only:
        return (
            f"load: Unsupported global: GLOBAL {path} is a name that files use to run "
            "code. Nothing was called. Do not trust where this file comes from."
        )
    if module in _BLOCKED_BY_TORCH:
        return (
            f"Weights only load failed. Trying to load unsupported GLOBAL {path} whose "
            f"module {module} is blocked."
        )
    shown = path.removeprefix("builtins.")
    return (
        f"Weights only load failed. Unsupported global: GLOBAL {shown} was not an "
        f"allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{shown}])` or the "
        f"`torch.serialization.safe_globals([{shown}])` context manager to allowlist "
        "this global if you trust this class/function. Model files are read as data: "
        "nothing they name is called. To load a whole model, import its class and pass "
        "weights_only=False; better, save model.state_dict()."
    )
