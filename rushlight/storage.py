"""Storages by the names of ``torch.storage``, with the legacy classes of one dtype each."""

from __future__ import annotations

from typing import Any

from rushlight import _C
from rushlight._storage import TypedStorage

UntypedStorage = _C.UntypedStorage

_NAMES = {
    "Bool": _C.bool,
    "Byte": _C.uint8,
    "Char": _C.int8,
    "Short": _C.int16,
    "Int": _C.int32,
    "Long": _C.int64,
    "Half": _C.float16,
    "BFloat16": _C.bfloat16,
    "Float": _C.float32,
    "Double": _C.float64,
    "ComplexFloat": _C.complex64,
    "ComplexDouble": _C.complex128,
}


class _LegacyMeta(type):
    """Makes typed storages; isinstance asks for the dtype."""

    dtype: Any

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype

    def __call__(cls, *args: Any) -> TypedStorage:
        return TypedStorage(*args, dtype=cls.dtype)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


_CLASSES = {
    dtype: _LegacyMeta(
        f"{name}Storage",
        (),
        {"dtype": dtype, "__module__": "torch", "__doc__": f"A storage of {dtype}."},
    )
    for name, dtype in _NAMES.items()
}
globals().update({cls.__name__: cls for cls in _CLASSES.values()})
__all__ = [
    "TypedStorage",
    "UntypedStorage",
    *(cls.__name__ for cls in _CLASSES.values()),
]


def class_of(dtype: Any) -> type:
    """The legacy class for a dtype."""
    return _CLASSES[dtype]
