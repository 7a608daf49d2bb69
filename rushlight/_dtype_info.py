"""Ranges of dtypes and the rules by which they mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import Tensor, dtype

# bits, eps, largest, smallest normal, decimal digits (IEEE 754; bfloat16 is its upper half).
_FLOATS: dict[Any, tuple[int, float, float, float, float]] = {
    _C.float16: (16, 2.0**-10, 65504.0, 2.0**-14, 1e-3),
    _C.bfloat16: (16, 2.0**-7, (2 - 2.0**-7) * 2.0**127, 2.0**-126, 1e-2),
    _C.float32: (32, 2.0**-23, (2 - 2.0**-23) * 2.0**127, 2.0**-126, 1e-6),
    _C.float64: (64, 2.0**-52, (2 - 2.0**-52) * 2.0**1023, 2.0**-1022, 1e-15),
}


class finfo:
    """Range and precision of a floating dtype (of its parts, for a complex one)."""

    def __init__(self, type: dtype | None = None) -> None:
        given = _C.get_default_dtype() if type is None else type
        if not isinstance(given, _C.dtype):
            raise TypeError(
                "finfo(): argument 'type' (position 1) must be torch.dtype, not "
                f"{given.__class__.__name__}"
            )
        real = given.to_real() if given.is_complex else given
        if real not in _FLOATS:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        self.bits, self.eps, self.max, self.tiny, self.resolution = _FLOATS[real]
        self.min = -self.max
        self.smallest_normal = self.tiny
        self.dtype = str(real).removeprefix("torch.")

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.tiny:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:
    """Range of an integer dtype."""

    def __init__(self, type: dtype | None = None) -> None:
        if not isinstance(type, _C.dtype):
            raise TypeError(
                'iinfo() missing 1 required positional arguments: "type"'
                if type is None
                else "iinfo(): argument 'type' (position 1) must be torch.dtype, not "
                f"{type.__class__.__name__}"
            )
        if type is _C.bool:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.is_floating_point or type.is_complex or type is _C.bool:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        self.bits = type.itemsize * 8
        self.min = -(2 ** (self.bits - 1)) if type.is_signed else 0
        self.max = 2 ** (self.bits - type.is_signed) - 1
        self.dtype = str(type).removeprefix("torch.")

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both."""
    return _C.promote_types(type1, type2)


def result_type(tensor1: Tensor | complex, tensor2: Tensor | complex) -> dtype:
    """The dtype an operation on these two computes in."""
    return _C.result_type(tensor1, tensor2)


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether an in-place operation may write ``from_`` results into ``to``."""
    return _C.can_cast(from_, to)
