"""Storages by the names of ``torch.storage``, with the legacy classes of one dtype each."""

from __future__ import annotations

from typing import Any

from rushlight import _C
from rushlight._storage import LEGACY_DTYPES, TypedStorage

UntypedStorage = _C.UntypedStorage


class _LegacyMeta(type):
    """Makes typed storages; isinstance asks for the dtype."""

    dtype: Any

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype

    def __call__(cls, *args: Any, wrap_storage: Any = None) -> TypedStorage:
        return TypedStorage(*args, wrap_storage=wrap_storage, dtype=cls.dtype)

    def from_buffer(cls, *args: Any, **kwargs: Any) -> TypedStorage:
        """Elements of a buffer: see `UntypedStorage.from_buffer`."""
        return TypedStorage.from_buffer(*args, **kwargs, dtype=cls.dtype)

    def from_file(cls, *args: Any, **kwargs: Any) -> TypedStorage:
        """The first elements of a file: see `UntypedStorage.from_file`."""
        return TypedStorage.from_file(*args, **kwargs, dtype=cls.dtype)

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _legacy(name: str) -> Any:
    dtype = LEGACY_DTYPES[name]
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

__all__ = [
    "TypedStorage",
    "UntypedStorage",
    *(f"{name}Storage" for name in LEGACY_DTYPES),
]


def class_of(dtype: Any) -> Any:
    """The legacy class for a dtype."""
    return next(
        globals()[f"{n}Storage"] for n, d in LEGACY_DTYPES.items() if d is dtype
    )
