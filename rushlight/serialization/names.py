"""The tables of all names that a model file may use, and the loading of storages."""

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import rushlight
from rushlight._storage import TypedStorage

from .errors import UnsafeFileError
from .location import Restore
from .numpy_values import NUMPY_FUNCTIONS, is_numpy, set_numpy_state
from .objects import (
    create_object,
    enum_member,
    find_imported,
    find_safe_class,
    set_attributes,
)
from .rebuild import (
    STORAGE_NAMES,
    TENSOR_FUNCTIONS,
    Rebuild,
    check_arguments,
)
from .unpickler import check_key


class StorageKind(NamedTuple):
    """Stands for a storage class; without a dtype it is `UntypedStorage`."""

    dtype: Any

    @property
    def itemsize(self) -> int:
        return 1 if self.dtype is None else int(self.dtype.itemsize)


def _encode(*args: Any) -> bytes:
    """How protocol 2 writes bytes: as the text whose code points they are."""
    check_arguments(args, str, str)
    text, encoding = args
    if encoding not in ("latin1", "latin-1"):
        raise UnsafeFileError(f"load: bytes written by the encoding {encoding!r}")
    return text.encode("latin1")


def _ordered_dict(*args: Any) -> OrderedDict[Any, Any]:
    check_arguments(args, list, optional=1)
    for item in args[0] if args else ():
        # Python 2 passed the items as an argument; today they follow one by one.
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise UnsafeFileError("load: an OrderedDict's item is no pair")
        check_key(item[0])
    return OrderedDict(*args)


def _default_dict(*args: Any) -> defaultdict[Any, Any]:
    check_arguments(args, (type, type(None)), optional=1)
    factory = args[0] if args else None
    if factory not in _FACTORIES:
        raise UnsafeFileError(f"load: a defaultdict of {factory!r} is not built")
    return defaultdict(factory)


_FACTORIES = (None, dict, list, set, tuple, int, float, str, bool, OrderedDict)


def _counter(*args: Any) -> Counter[Any]:
    check_arguments(args, dict, optional=1)
    return Counter(*args)


def _of_items(kind: Callable[..., Any]) -> Callable[..., Any]:
    def build(*args: Any) -> Any:
        check_arguments(args, (list, tuple), optional=1)
        for item in args[0] if args else ():
            check_key(item)
        return kind(*args)

    return build


def _bytearray(*args: Any) -> bytearray:
    check_arguments(args, bytes, optional=1)
    return bytearray(*args)


def _bytes(*args: Any) -> bytes:
    check_arguments(args)
    return b""


def _complex(*args: Any) -> complex:
    check_arguments(args, float, float)
    return complex(*args)


def _size(*args: Any) -> Any:
    check_arguments(args, (tuple, list))
    if not all(type(item) is int for item in args[0]):
        raise UnsafeFileError("load: a Size holds something else than ints")
    return rushlight.Size(args[0])


def _device(*args: Any) -> Any:
    check_arguments(args, str, int, optional=1)
    return rushlight.device(*args)


_CONSTRUCTORS: dict[Any, Callable[..., Any]] = {
    OrderedDict: _ordered_dict,
    defaultdict: _default_dict,
    Counter: _counter,
    set: _of_items(set),
    frozenset: _of_items(frozenset),
    bytes: _bytes,
    bytearray: _bytearray,
    complex: _complex,
    rushlight.Size: _size,
    rushlight.device: _device,
    Rebuild("_codecs.encode", _encode): _encode,
}
for _functions in (TENSOR_FUNCTIONS, NUMPY_FUNCTIONS):
    _CONSTRUCTORS.update((entry, entry.function) for entry in _functions.values())

_NAMES: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": defaultdict,
    "collections.Counter": Counter,
    "_codecs.encode": Rebuild("_codecs.encode", _encode),
    "torch.Size": rushlight.Size,
    "torch.device": rushlight.device,
    "torch.Tensor": rushlight.Tensor,
    "torch.nn.parameter.Parameter": rushlight.nn.Parameter,
    "torch.UntypedStorage": StorageKind(None),
    "torch.storage.UntypedStorage": StorageKind(None),
    **TENSOR_FUNCTIONS,
    **NUMPY_FUNCTIONS,
}
_NAMES.update(
    (f"builtins.{kind.__name__}", kind)
    for kind in (set, frozenset, bytes, bytearray, complex)
)
_NAMES.update(
    (f"builtins.{kind.__name__}", kind) for kind in _FACTORIES if kind is not None
)
_NAMES.update((str(dtype), dtype) for dtype in STORAGE_NAMES)
_NAMES.update(
    (f"torch.{name}", StorageKind(dtype)) for dtype, name in STORAGE_NAMES.items()
)

_MODULE_ALIASES = {"__builtin__": "builtins", "copy_reg": "copyreg"}


class FileNames:
    """What one file may build (the `Names` of its pickle machine).

    Args:
        open_storage: the storage of a key; gets the key, the bytes it must
            have at least, and the dtype.
        restore: moves a storage to its device.
        weights_only: False lets the file name classes that the program has imported.
    """

    def __init__(
        self,
        open_storage: Callable[[str, int, Any], Any],
        restore: Restore,
        weights_only: bool,
    ) -> None:
        self.open_storage = open_storage
        self.restore = restore
        self.weights_only = weights_only
        self.storages: dict[str, Any] = {}
        self.kinds: dict[str, StorageKind] = {}
        self.created: set[type] = set()

    def resolve(self, module: str, name: str) -> Any:
        module = _MODULE_ALIASES.get(module, module)
        found = _NAMES.get(f"{module}.{name}")
        if found is None:
            found = find_safe_class(module, name)
        if found is None and not self.weights_only:
            found = find_imported(module, name)
        if found is None:
            raise UnsafeFileError(_refusal(module, name, self.weights_only))
        return found

    def construct(self, target: Any, args: tuple[Any, ...]) -> Any:
        if isinstance(target, type) and issubclass(target, enum.Enum):
            return enum_member(target, args)
        try:
            build = _CONSTRUCTORS.get(target)
        except TypeError:
            build = None
        if build is None:
            raise UnsafeFileError(f"load: the file wants to call {str(target)[:80]}")
        return build(*args)

    def create(self, target: Any, args: tuple[Any, ...]) -> Any:
        if target in _CONSTRUCTORS:
            return self.construct(target, args)
        made = create_object(target, args)
        self.created.add(type(made))
        return made

    def set_state(self, target: Any, state: Any) -> Any:
        if is_numpy(target):
            return set_numpy_state(target, state)
        known = isinstance(target, (OrderedDict, Counter, rushlight.Tensor))
        if not known and type(target) not in self.created:
            kind = type(target).__name__
            raise UnsafeFileError(f"load: the file wants to set the state of a {kind}")
        return set_attributes(target, state)

    def persistent(self, key: Any) -> Any:
        """A storage from its tuple ("storage", class, key, device, elements, ...)."""
        if not isinstance(key, tuple) or len(key) not in (5, 6) or key[0] != "storage":
            raise UnsafeFileError(f"load: unknown reference {str(key)[:80]}")
        check_arguments(key[1:5], StorageKind, str, str, int)
        _, kind, name, location, count = key[:5]
        if count < 0 or (len(key) == 6 and key[5] is not None):
            raise UnsafeFileError(f"load: storage {name!r} is a view or has no size")
        needed = count * kind.itemsize
        if name not in self.storages:
            opened = self.open_storage(name, needed, kind.dtype)
            self.storages[name] = self.restore(opened, location)
            self.kinds[name] = kind
        storage = self.storages[name]
        if storage.nbytes() < needed or self.kinds[name] != kind:
            raise UnsafeFileError(
                f"load: storage {name!r} claims {needed} bytes of {kind.dtype} and has "
                f"{storage.nbytes()} of {self.kinds[name].dtype}"
            )
        return storage if kind.dtype is None else TypedStorage(storage, kind.dtype)


def _refusal(module: str, name: str, weights_only: bool) -> str:
    text = (
        f"Weights only load failed. Unsupported global: GLOBAL {module}.{name} was not "
        "an allowed global by default. Model files are read as data: nothing they "
        "name is called, and only tensors, numbers, strings and containers are built."
    )
    if weights_only:
        return text + (
            " To load a whole model, import its class and pass weights_only=False, or "
            "list the class with rushlight.serialization.add_safe_globals; better, "
            "save model.state_dict()."
        )
    return text + (
        " With weights_only=False also subclasses of nn.Module and dataclasses are "
        "built, if the program has imported them before."
    )
