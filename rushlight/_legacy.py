"""PyTorch's old constructors: Tensor(...), FloatTensor(...), set_default_tensor_type."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor, dtype

_NAMES = {
    "Float": _C.float32,
    "Double": _C.float64,
    "Half": _C.float16,
    "BFloat16": _C.bfloat16,
    "Byte": _C.uint8,
    "Char": _C.int8,
    "Short": _C.int16,
    "Int": _C.int32,
    "Long": _C.int64,
    "Bool": _C.bool,
}
__all__ = [f"{name}Tensor" for name in _NAMES]


def _refuse(args: tuple[Any, ...], kwargs: dict[str, Any]) -> NoReturn:
    def shown(value: Any) -> str:
        return "torch.dtype" if isinstance(value, _C.dtype) else type(value).__name__

    got = [shown(a) for a in args] + [f"{k}={shown(v)}" for k, v in kwargs.items()]
    raise TypeError(
        "new() received an invalid combination of arguments - got "
        f"({', '.join(got)}), but expected one of:\n * (*, torch.device device = None)\n"
        " * (torch.Storage storage)\n * (Tensor other)\n"
        " * (tuple of ints size, *, torch.device device = None)\n"
        " * (object data, *, torch.device device = None)\n"
    )


def _construct(dtype: dtype, args: tuple[Any, ...], device: Any = None) -> Tensor:
    """Sizes give uninitialised memory; a sequence is data; a tensor or storage is shared."""
    from rushlight._storage import TypedStorage

    if device is not None and _C.device(device).type != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: "
            f"{_C.device(device).type} was passed"
        )
    if len(args) == 1:
        (only,) = args
        if isinstance(only, _C.Tensor):
            if only.dtype is not dtype:
                raise TypeError(
                    f"expected torch.{dtype._legacy_name}Tensor (got {only.type()})"
                )
            return only.detach()
        if isinstance(only, _C.Size):
            return _C.ops.empty(only, dtype=dtype)
        if isinstance(only, TypedStorage):
            if only.dtype is not dtype:
                raise RuntimeError(
                    f"Expected a Storage of type {dtype._legacy_name} or an UntypedStorage, "
                    f"but got type {only.dtype._legacy_name} for argument 1 'storage'"
                )
            only = only.untyped()
        if isinstance(only, _C.UntypedStorage):
            count = only.nbytes() // dtype.itemsize
            return _C.tensor_from_storage(only, dtype, 0, (count,), (1,))
        if not isinstance(only, int) or isinstance(only, bool):
            if isinstance(only, str):
                raise TypeError("new(): invalid data type 'str'")
            if isinstance(only, (bool, float, complex)) or only is None:
                raise TypeError(
                    f"new(): data must be a sequence (got {type(only).__name__})"
                )
            return _truncating(only, dtype)
    if len(args) > 1 and not any(hasattr(type(size), "__index__") for size in args):
        _refuse(args, {})
    for place, size in enumerate(args, 1):
        if not hasattr(type(size), "__index__"):
            raise TypeError(
                f"new(): argument 'size' failed to unpack the object at pos {place} with error "
                f'"type must be tuple of ints,but got {type(size).__name__}"'
            )
    return _C.ops.empty(args, dtype=dtype) if args else _C.ops.empty(0, dtype=dtype)


def _truncating(data: Any, dtype: dtype) -> Tensor:
    """The data in ``dtype``; floats become integers by truncation."""
    return _C.tensor_from_data(data, dtype)


def _new_tensor(
    cls: type, args: tuple[Any, ...], kwargs: dict[str, Any] | None
) -> Tensor:
    """``Tensor.__new__``."""
    kwargs = kwargs or {}
    data = kwargs.pop("data", None)
    device = kwargs.pop("device", None)
    if kwargs:
        _refuse(args, kwargs)
    if data is not None:
        args = (data, *args)
    if len(args) == 1 and isinstance(args[0], _C.Tensor):
        out = args[0].detach()  # any dtype is taken as it is
    else:
        out = _construct(_C.get_default_dtype(), args, device)
    return out if cls is _C.Tensor else _C.Tensor._make_subclass(cls, out)


_C._set_legacy_constructor(_new_tensor)


class _TypedTensorMeta(type):
    """isinstance(t, FloatTensor) asks for the dtype."""

    dtype: Any

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, _C.Tensor) and obj.dtype is cls.dtype

    def __call__(cls, *args: Any, device: Any = None, **unknown: Any) -> Any:
        if unknown:
            _refuse(args, unknown)
        return _construct(cls.dtype, args, device)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


for _name, _dtype in _NAMES.items():
    globals()[f"{_name}Tensor"] = _TypedTensorMeta(
        f"{_name}Tensor",
        (),
        {
            "dtype": _dtype,
            "is_cuda": False,
            "__module__": "torch",
            "__doc__": f"Constructor of {_dtype} tensors: from sizes or from a sequence.",
        },
    )


class _CudaTensorMeta(type):
    """``torch.cuda.FloatTensor`` and its like, of which there are no tensors in this build."""

    def __instancecheck__(cls, obj: object) -> bool:
        return False

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled."
        )

    def __repr__(cls) -> str:
        return f"<class 'torch.cuda.{cls.__name__}'>"


def cuda_type(name: str) -> type:
    """The class ``torch.cuda.<name>``."""
    members = {"dtype": _NAMES[name.removesuffix("Tensor")], "is_cuda": True}
    return _CudaTensorMeta(name, (), {**members, "__module__": "torch.cuda"})


def dtype_of_type(kind: Any) -> dtype:
    """The dtype that a dtype, a legacy type or its name stands for."""
    if isinstance(kind, _C.dtype):
        return kind
    if isinstance(kind, _TypedTensorMeta):
        return kind.dtype
    if isinstance(kind, _CudaTensorMeta):
        raise RuntimeError(
            "Cannot initialize CUDA without ATen_cuda library: this build has no CUDA"
        )
    if kind is _C.Tensor:
        return _C.get_default_dtype()
    if isinstance(kind, str):
        name = kind.removeprefix("torch.").removesuffix("Tensor")
        if name in _NAMES:
            return _NAMES[name]
        if name == "":
            return _C.get_default_dtype()
    if not isinstance(kind, (str, type)):
        raise TypeError("dtype must be a type, str, or dtype object")
    raise ValueError(
        f"invalid type: '{kind if isinstance(kind, str) else kind.__name__}'"
    )


def set_default_tensor_type(t: Any) -> None:
    """Deprecated form of ``set_default_dtype``, by a legacy type or its name."""
    global _warned
    if not _warned:
        _warned = True
        _warn()
    dtype = dtype_of_type(t)
    if not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _C.set_default_dtype(dtype)


_warned = False


def _warn() -> None:
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=3,
    )
