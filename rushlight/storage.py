"""Storages by the names of ``torch.storage``, with the legacy classes of one dtype each."""

from __future__ import annotations

from typing import Any

from rushlight import _C
from rushlight._storage import TypedStorage, typed

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
        return typed(cls.dtype, args)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _legacy(name: str) -> Any:
    dtype = _NAMES[name]
    return _LegacyMeta(
        f"{name}Storage",
        (),
        {"dtype": dtype, "__module__": "torch", "__doc__": f"A storage of {dtype}."},
    )


BoolStorage = _legacy("Bool")
ByteStorage = _legacy("Byte")
CharStorage = _legacy("Char")
ShortStorage = _legacy("Short")
IntStorage = _legacy("Int")
LongStorage = _legacy("Long")
HalfStorage = _legacy("Half")
BFloat16Storage = _legacy("BFloat16")
FloatStorage = _legacy("Float")
DoubleStorage = _legacy("Double")
ComplexFloatStorage = _legacy("ComplexFloat")
ComplexDoubleStorage = _legacy("ComplexDouble")

__all__ = ["TypedStorage", "UntypedStorage", *(f"{name}Storage" for name in _NAMES)]


def class_of(dtype: Any) -> Any:
    """The legacy class for a dtype."""
    return next(globals()[f"{n}Storage"] for n, d in _NAMES.items() if d is dtype)
