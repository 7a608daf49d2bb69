"""The tables of all names that a model file may use, and what builds each."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import rushlight

from .errors import UnsafeFileError, UnsupportedFileError
from .keys import check_counts
from .numpy_values import NUMPY_FUNCTIONS
from .plain import PLAIN_FUNCTIONS
from .rebuild import STORAGE_NAMES, TENSOR_FUNCTIONS, Rebuild, check_arguments
from .records import Record, brief

if TYPE_CHECKING:
    from .names import FileNames


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


def _default_dict(names: FileNames, *args: Any) -> Any:
    kinds = (type, type(None)) if names.weights_only else object
    check_arguments(args, kinds, optional=1)
    factory = args[0] if args else None
    if not any(factory is known for known in _FACTORIES):
        if not names.weights_only:
            return Record("collections.defaultdict", args, reason="of its factory")
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


TYPES: dict[Any, Callable[..., Any]] = {
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


def not_here(what: str) -> Callable[..., Any]:
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
WITH_READER = frozenset((*TENSOR_FUNCTIONS, *_MAKERS))

UNSUPPORTED = {
    "torch._utils._rebuild_qtensor": "quantized tensors, which rushlight does not have",
    "torch._utils._rebuild_nested_tensor": "nested tensors (rushlight.nested)",
    "torch._utils._rebuild_wrapper_subclass": "tensors of another class",
}
"""Functions whose results are records at best, and what they would make."""

NAMES: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": defaultdict,
    "collections.Counter": Counter,
    "_codecs.encode": Rebuild("_codecs.encode", _encode, copies=True),
    "builtins.object": object,
    "builtins.Ellipsis": Ellipsis,
    "builtins.NotImplemented": NotImplemented,
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
NAMES.update(
    (f"builtins.{kind.__name__}", kind)
    for kind in (set, frozenset, bytes, bytearray, complex)
)
NAMES.update(
    (f"builtins.{kind.__name__}", kind) for kind in _FACTORIES if kind is not None
)
NAMES.update((str(dtype), dtype) for dtype in STORAGE_NAMES)
for _dtype, _name in STORAGE_NAMES.items():
    for _package in ("torch", "torch.cuda"):
        NAMES[f"{_package}.{_name}"] = StorageKind(_dtype, _dtype.itemsize)
        _tensor_name = _name.replace("Storage", "Tensor")
        NAMES[f"{_package}.{_tensor_name}"] = TensorKind(_dtype)
NAMES.update(
    (str(found), found)
    for found in (
        rushlight.contiguous_format,
        rushlight.channels_last,
        rushlight.channels_last_3d,
        rushlight.preserve_format,
    )
)

MISSING_STORAGES = {
    "QInt8Storage": ("torch.qint8", 1),
    "QUInt8Storage": ("torch.quint8", 1),
    "QInt32Storage": ("torch.qint32", 4),
    "QUInt4x2Storage": ("torch.quint4x2", 1),
    "QUInt2x4Storage": ("torch.quint2x4", 1),
}
MISSING_DTYPES = frozenset(
    f"torch.{name}"
    for name in """complex32 chalf uint16 uint32 uint64 qint8 quint8 qint32 quint4x2 quint2x4
    float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
    float4_e2m1fn_x2 bits1x8 bits2x4 bits4x2 bits8 bits16 uint1 uint2 uint3 uint4 uint5
    uint6 uint7 int1 int2 int3 int4 int5 int6 int7""".split()
)
