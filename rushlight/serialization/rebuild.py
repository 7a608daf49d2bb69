"""Builds the tensors of a model file from the arguments that the file gives.

Each constructor checks the types of its arguments, and all tensors pass through
`make_view`, which compares sizes, strides and offsets with the bytes of the storage.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import rushlight
from rushlight import _C
from rushlight._storage import TypedStorage

from .errors import UnsafeFileError
from .objects import set_attributes

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
    size, stride = _ints(size, "size"), _ints(stride, "stride")
    if type(offset) is not int or offset < 0:
        raise UnsafeFileError(f"load: a tensor has storage offset {offset!r}")
    if len(size) != len(stride) or len(size) > _MAX_DIMS:
        raise UnsafeFileError(
            f"load: a tensor has {len(size)} sizes and {len(stride)} strides"
        )
    _check_gradient(dtype, requires_grad)
    available = storage.nbytes() // dtype.itemsize
    count = math.prod(size)
    span = sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    needed = offset + span + 1 if count else 0
    if needed > available or count * dtype.itemsize > _MAX_BYTES:
        raise UnsafeFileError(
            f"load: a tensor of size {size}, stride {stride} and offset {offset} needs "
            f"{needed} elements; its storage holds {available}"
        )
    if not count and offset > available:
        raise UnsafeFileError("load: an empty tensor lies outside of its storage")
    return _C.tensor_from_storage(storage, dtype, offset, size, stride, requires_grad)


def _check_gradient(dtype: Any, requires_grad: Any) -> None:
    floating = dtype.is_floating_point or dtype.is_complex
    if type(requires_grad) is not bool or (requires_grad and not floating):
        raise UnsafeFileError(
            f"load: a {dtype} tensor has requires_grad={requires_grad}"
        )


def _ints(numbers: Any, what: str) -> tuple[int, ...]:
    if not isinstance(numbers, tuple) or any(
        type(number) is not int or not 0 <= number <= _MAX_BYTES for number in numbers
    ):
        raise UnsafeFileError(f"load: a tensor's {what} is {str(numbers)[:80]}")
    return tuple(numbers)


def check_arguments(args: tuple[Any, ...], *kinds: Any, optional: int = 0) -> None:
    """Checks the number and the types of a constructor's arguments."""
    fits = len(kinds) - optional <= len(args) <= len(kinds)
    if not fits or not all(map(isinstance, args, kinds)):
        got = ", ".join(type(arg).__name__ for arg in args)
        raise UnsafeFileError(f"load: a constructor got wrong arguments ({got})")


def _no_hooks(hooks: Any) -> None:
    if hooks:
        raise UnsafeFileError("load: a tensor brings backward hooks, which are code")


def _tensor_v1(*args: Any) -> Tensor:
    check_arguments(args, TypedStorage, int, tuple, tuple)
    typed, offset, size, stride = args
    return make_view(typed.untyped(), typed.dtype, offset, size, stride, False)


def _tensor_v2(*args: Any) -> Tensor:
    kinds = (TypedStorage, int, tuple, tuple, bool, dict, (dict, type(None)))
    check_arguments(args, *kinds, optional=1)
    typed, offset, size, stride, requires_grad, hooks, *metadata = args
    _no_hooks(hooks)
    view = make_view(typed.untyped(), typed.dtype, offset, size, stride, requires_grad)
    return _apply_metadata(view, metadata)


def _tensor_v3(*args: Any) -> Tensor:
    kinds = (rushlight.UntypedStorage, int, tuple, tuple, bool, dict, rushlight.dtype)
    check_arguments(args, *kinds, (dict, type(None)), optional=1)
    storage, offset, size, stride, requires_grad, hooks, dtype, *metadata = args
    _no_hooks(hooks)
    if dtype == rushlight.bool:
        raise UnsafeFileError("load: a bool tensor lies over untyped bytes")
    view = make_view(storage, dtype, offset, size, stride, requires_grad)
    return _apply_metadata(view, metadata)


def _apply_metadata(view: Tensor, metadata: list[dict[str, Any] | None]) -> Tensor:
    bits = dict(metadata[0] or {}) if metadata else {}
    conj, neg = bits.pop("conj", False), bits.pop("neg", False)
    if bits:
        raise UnsafeFileError(f"load: a tensor has unknown metadata {sorted(bits)}")
    if conj:
        view = view.conj_physical()
    return -view if neg else view


def _parameter(*args: Any) -> Any:
    check_arguments(args, rushlight.Tensor, bool, dict)
    data, requires_grad, hooks = args
    _no_hooks(hooks)
    _check_gradient(data.dtype, requires_grad)
    return rushlight.nn.Parameter(data, requires_grad)


def _parameter_with_state(*args: Any) -> Any:
    check_arguments(args, rushlight.Tensor, bool, dict, object)
    return set_attributes(_parameter(*args[:3]), args[3])


def _typed_tensor(*args: Any) -> Any:
    """A tensor, or a Parameter, that carries attributes."""
    check_arguments(args, Rebuild, type, tuple, object)
    rebuild, kind, inner, state = args
    tensor = rebuild.function(*inner)
    if kind not in (rushlight.Tensor, rushlight.nn.Parameter):
        raise UnsafeFileError(f"load: tensors of class {kind.__name__} are not built")
    if kind is not type(tensor):
        tensor = kind(tensor.detach(), tensor.requires_grad)
    return set_attributes(tensor, state)


class Rebuild(NamedTuple):
    """Stands for a function of PyTorch's that rebuilds an object; ours is inside."""

    name: str
    function: Callable[..., Any]


TENSOR_FUNCTIONS = {
    rebuild.name: rebuild
    for rebuild in (
        Rebuild("torch._utils._rebuild_tensor", _tensor_v1),
        Rebuild("torch._utils._rebuild_tensor_v2", _tensor_v2),
        Rebuild("torch._utils._rebuild_tensor_v3", _tensor_v3),
        Rebuild("torch._utils._rebuild_parameter", _parameter),
        Rebuild("torch._utils._rebuild_parameter_with_state", _parameter_with_state),
        Rebuild("torch._tensor._rebuild_from_type_v2", _typed_tensor),
    )
}
"""Every function that a file may name to get a tensor, by its dotted name."""
