"""Builds the tensors of a model file from the arguments that the file gives.

Each constructor checks the types of its arguments, and all tensors pass through
`make_view`, which compares sizes, strides and offsets with the bytes of the storage.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import rushlight
from rushlight import _C
from rushlight._storage import TypedStorage

from .errors import UnsafeFileError
from .objects import is_tensor_class, set_attributes
from .records import brief
from .storages import meta_storage

if TYPE_CHECKING:
    from rushlight import Tensor

STORAGE_NAMES = {
    rushlight.bool: "BoolStorage",
    rushlight.uint8: "ByteStorage",
    rushlight.int8: "CharStorage",
    rushlight.int16: "ShortStorage",
    rushlight.int32: "IntStorage",
    rushlight.int64: "LongStorage",
    rushlight.float16: "HalfStorage",
    rushlight.bfloat16: "BFloat16Storage",
    rushlight.float32: "FloatStorage",
    rushlight.float64: "DoubleStorage",
    rushlight.complex64: "ComplexFloatStorage",
    rushlight.complex128: "ComplexDoubleStorage",
}
"""PyTorch's storage class of each dtype, which is how a file tells the dtype."""

_MAX_BYTES = 2**63 - 1
_MAX_DIMS = 64


def make_view(
    storage: Any, dtype: Any, offset: Any, size: Any, stride: Any, requires_grad: Any
) -> Tensor:
    """The tensor over `storage`, after every number was checked against its bytes.

    Args:
        storage: an `UntypedStorage`.
        dtype: the element type.
        offset: the first element, counted in elements.
        size, stride: tuples of the same length, counted in elements.
        requires_grad: True only for floating and complex dtypes.

    Raises:
        UnsafeFileError: if an argument has a wrong type or does not fit the storage.
    """
    dims = len(size)
    if len(stride) != dims or dims > _MAX_DIMS:
        raise UnsafeFileError(
            f"load: a tensor has {dims} sizes and {len(stride)} strides"
        )
    count, last = 1, offset
    if type(offset) is not int or offset < 0:
        raise UnsafeFileError(f"load: a tensor has storage offset {brief(offset)}")
    for length, step in zip(size, stride):
        if (
            type(length) is not int
            or type(step) is not int
            or not 0 <= length <= _MAX_BYTES
            or not 0 <= step <= _MAX_BYTES
        ):
            raise UnsafeFileError(
                f"load: a tensor has size {brief(size)} and stride {brief(stride)}"
            )
        count *= length
        last += (length - 1) * step
    if requires_grad is not False:
        _check_gradient(dtype, requires_grad)
    itemsize = dtype.itemsize
    available = storage.nbytes() // itemsize
    needed = last + 1 if count else 0
    if needed > available or count > _MAX_BYTES // itemsize:
        raise UnsafeFileError(
            f"load: a tensor of size {brief(size)}, stride {brief(stride)} and offset "
            f"{brief(offset)} needs {brief(needed)} elements; its storage holds {available}"
        )
    if not count and offset > available:
        raise UnsafeFileError("load: an empty tensor lies outside of its storage")
    try:
        return _C.tensor_from_storage(
            storage, dtype, offset, size, stride, requires_grad
        )
    except (RuntimeError, OverflowError) as error:
        # Sizes of empty tensors whose product no integer holds.
        raise UnsafeFileError(f"load: a tensor is damaged: {error}") from None


def _check_gradient(dtype: Any, requires_grad: Any) -> None:
    floating = dtype.is_floating_point or dtype.is_complex
    if type(requires_grad) is not bool or (requires_grad and not floating):
        raise UnsafeFileError(
            f"load: a {dtype} tensor has requires_grad={brief(requires_grad)}"
        )


def check_arguments(args: tuple[Any, ...], *kinds: Any, optional: int = 0) -> None:
    """Checks the number and the types of a constructor's arguments."""
    fits = len(kinds) - optional <= len(args) <= len(kinds)
    if not fits or not all(map(isinstance, args, kinds)):
        got = ", ".join(type(arg).__name__ for arg in args)
        raise UnsafeFileError(f"load: a constructor got wrong arguments ({got})")


def _no_hooks(hooks: Any) -> None:
    if hooks is not None and (not isinstance(hooks, dict) or hooks):
        raise UnsafeFileError("load: a tensor brings backward hooks, which are code")


def _tensor_v1(names: Deferred, *args: Any) -> Tensor:
    check_arguments(args, TypedStorage, int, tuple, tuple)
    typed, offset, size, stride = args
    return make_view(typed.untyped(), typed.dtype, offset, size, stride, False)


def _tensor_v2(names: Deferred, *args: Any) -> Tensor:
    if len(args) != 6 or type(args[0]) is not TypedStorage:
        kinds = (TypedStorage, int, tuple, tuple, bool, dict, (dict, type(None)))
        check_arguments(args, *kinds, optional=1)
    typed, offset, size, stride, requires_grad, hooks = args[:6]
    if (
        type(hooks) is not OrderedDict
        or hooks
        or type(size) is not tuple
        or type(stride) is not tuple
    ):
        _no_hooks(hooks)
        check_arguments((size, stride), tuple, tuple)
    view = make_view(typed._untyped, typed.dtype, offset, size, stride, requires_grad)
    return view if len(args) == 6 else _apply_metadata(names, view, typed, args[6])


def _tensor_v3(names: Deferred, *args: Any) -> Tensor:
    kinds = (rushlight.UntypedStorage, int, tuple, tuple, bool, dict, rushlight.dtype)
    check_arguments(args, *kinds, (dict, type(None)), optional=1)
    storage, offset, size, stride, requires_grad, hooks, dtype, *metadata = args
    _no_hooks(hooks)
    if dtype == rushlight.bool:
        raise UnsafeFileError("load: a bool tensor lies over untyped bytes")
    view = make_view(storage, dtype, offset, size, stride, requires_grad)
    return _apply_metadata(names, view, storage, metadata[0]) if metadata else view


def _apply_metadata(names: Deferred, view: Tensor, storage: Any, bits: Any) -> Tensor:
    """Resolves PyTorch's lazy conjugates and negatives, which we compute at once."""
    conj, neg = (bool((bits or {}).get(name)) for name in ("conj", "neg"))
    unknown = set(bits or ()) - {"conj", "neg"}
    if unknown:
        raise UnsafeFileError(f"load: a tensor has unknown metadata {brief(unknown)}")
    if not conj and not neg:
        return view
    names.charge_bytes(view.nbytes)
    made = rushlight.empty(view.shape, dtype=view.dtype, device=view.device)

    def fill() -> None:
        source = view.detach()
        source = source.conj_physical() if conj else source
        made.detach().copy_(-source if neg else source)

    names.defer(fill)
    return made.requires_grad_(view.requires_grad)


def _parameter(names: Deferred, *args: Any) -> Any:
    check_arguments(args, rushlight.Tensor, bool, dict, optional=2)
    data, requires_grad, hooks = (*args, True, None)[:3] if len(args) < 3 else args
    _no_hooks(hooks)
    _check_gradient(data.dtype, requires_grad)
    return rushlight.nn.Parameter(data, requires_grad)


def _parameter_with_state(names: Deferred, *args: Any) -> Any:
    check_arguments(args, rushlight.Tensor, bool, dict, object)
    made = _parameter(names, *args[:3])
    names.attributed.add(id(made))
    return set_attributes(made, args[3])


def _typed_tensor(names: Deferred, *args: Any) -> Any:
    """A tensor, or a Parameter, that carries attributes."""
    check_arguments(args, Rebuild, type, tuple, object)
    rebuild, kind, inner, state = args
    if rebuild.name not in TENSOR_FUNCTIONS or rebuild.function is _typed_tensor:
        raise UnsafeFileError(f"load: a tensor is made by {rebuild.name}")
    tensor = rebuild.function(names, *inner)
    if kind is rushlight.nn.Parameter:
        if type(tensor) is rushlight.Tensor:
            tensor = kind(tensor.detach(), tensor.requires_grad)
    elif kind is not rushlight.Tensor:
        if not is_tensor_class(kind):
            raise UnsafeFileError(
                f"load: tensors of class {kind.__name__} are not built"
            )
        tensor = rushlight.Tensor._make_subclass(kind, tensor, tensor.requires_grad)
    names.attributed.add(id(tensor))
    return set_attributes(tensor, state)


def _sparse(names: Deferred, *args: Any) -> Any:
    """A sparse tensor; its indices are checked when their bytes are there."""
    from rushlight._sparse import SparseTensor, _Layout, layout_named

    check_arguments(args, object, tuple)
    layout, data = args
    coo = layout is layout_named("torch.sparse_coo")
    tensors = data[: 2 if coo else 3]
    size = data[len(tensors)] if len(data) > len(tensors) else None
    rest = data[len(tensors) + 1 :]
    flags: tuple[Any, ...] = ((), (None,), (True,), (False,)) if coo else ((),)
    if (
        not isinstance(layout, _Layout)
        or not all(type(part) is rushlight.Tensor for part in tensors)
        or len(rest) > 1
        or (rest and type(rest[0]) not in (bool, type(None)))
        or rest not in flags
    ):
        raise UnsafeFileError("load: a sparse tensor is damaged")
    if not isinstance(size, tuple) or not all(type(n) is int and n >= 0 for n in size):
        raise UnsafeFileError("load: a sparse tensor has no size")
    made = SparseTensor(layout, tensors, size, bool(rest and rest[0]))

    def check() -> None:
        try:
            made.check_invariants()
        except (RuntimeError, TypeError, ValueError) as error:
            raise UnsafeFileError(
                f"load: a sparse tensor is damaged: {error}"
            ) from None

    names.defer(check)
    return made


def _layout(names: Deferred, *args: Any) -> Any:
    from rushlight._sparse import layout_named

    check_arguments(args, str)
    found = layout_named(args[0])
    if found is None:
        raise UnsafeFileError(f"load: there is no layout {args[0][:40]!r}")
    return found


def _meta(names: Deferred, *args: Any) -> Tensor:
    """A tensor of the device 'meta', of which a file has the geometry only."""
    check_arguments(args, rushlight.dtype, tuple, tuple, bool)
    dtype, size, stride, requires_grad = args
    span = sum((n - 1) * step for n, step in zip(size, stride) if _are_ints(n, step))
    count = max(0, span) + 1 if _are_ints(*size) and math.prod(size) else 0
    nbytes = count * dtype.itemsize
    if nbytes > _MAX_BYTES:
        raise UnsafeFileError(f"load: a tensor has size {brief(size)}")
    return make_view(meta_storage(nbytes), dtype, 0, size, stride, requires_grad)


def _are_ints(*values: Any) -> bool:
    return all(type(value) is int for value in values)


def _converted(names: Deferred, *args: Any) -> Tensor:
    """Tensors of devices without storages, which were written by way of the CPU."""
    check_arguments(args, object, rushlight.dtype, str, bool)
    data, dtype, location, requires_grad = args
    if isinstance(data, rushlight.Tensor):
        source = data.detach()
    elif type(data).__module__ == "numpy" and hasattr(data, "__array_interface__"):
        source = rushlight.from_numpy(data.copy())
    else:
        raise UnsafeFileError("load: a tensor of another device is damaged")
    _check_gradient(dtype, requires_grad)
    names.place(location)
    names.charge_bytes(source.numel() * dtype.itemsize)
    made = rushlight.empty(source.shape, dtype=dtype)
    names.defer(lambda: made.detach().copy_(source))
    return made.requires_grad_(requires_grad)


class Deferred(Protocol):
    """What a constructor needs to know of the file's reading."""

    attributed: set[int]
    """The ids of the tensors that carry attributes."""

    def defer(self, work: Callable[[], Any]) -> None:
        """Has something done when the bytes of all storages are there."""

    def charge_bytes(self, count: int) -> None:
        """Counts bytes that are made besides those of the file's storages."""

    def place(self, location: str) -> None:
        """Checks that a location of the file may be mapped to the CPU."""


class Rebuild(NamedTuple):
    """Stands for a function of PyTorch's that rebuilds an object; ours is inside."""

    name: str
    function: Callable[..., Any]
    copies: bool = False
    """Whether the object has a copy of the arguments, however long they are."""


TENSOR_FUNCTIONS = {
    name: Rebuild(name, function)
    for name, function in {
        "torch._utils._rebuild_tensor": _tensor_v1,
        "torch._utils._rebuild_tensor_v2": _tensor_v2,
        "torch._utils._rebuild_tensor_v3": _tensor_v3,
        "torch._utils._rebuild_parameter": _parameter,
        "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
        "torch._utils._rebuild_sparse_tensor": _sparse,
        "torch._utils._rebuild_sparse_csr_tensor": _sparse,
        "torch._utils._rebuild_device_tensor_from_numpy": _converted,
        "torch._utils._rebuild_device_tensor_from_cpu_tensor": _converted,
        "torch._utils._rebuild_xla_tensor": _converted,
        "torch._utils._rebuild_meta_tensor_no_storage": _meta,
        "torch._tensor._rebuild_from_type_v2": _typed_tensor,
        "torch.tensor._rebuild_from_type_v2": _typed_tensor,
        "torch.serialization._get_layout": _layout,
    }.items()
}
"""Every function that a file may name to get a tensor, by its dotted name. They get the
reader (`Deferred`) besides the arguments of the file."""
