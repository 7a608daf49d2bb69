"""`make_tensor`: random inputs for tests, the same as PyTorch's for the same seed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import rushlight
from rushlight import Tensor

_INTEGERS = (
    rushlight.uint8,
    rushlight.int8,
    rushlight.int16,
    rushlight.int32,
    rushlight.int64,
)


def make_tensor(
    *shape: int | Sequence[int],
    dtype: rushlight.dtype,
    device: str | rushlight.device,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: rushlight.memory_format | None = None,
) -> Tensor:
    """A tensor of values drawn uniformly from `[low, high)`.

    Args:
        shape: the sizes, or one sequence of them.
        dtype: the element type.
        device: where the tensor lives.
        low, high: the range; by default [0, 2) for bool, [0, 10) for uint8, [-9, 10)
            for other integers and [-9, 9) for the rest. It is cut to what the dtype
            can hold.
        requires_grad: only for floating and complex dtypes.
        noncontiguous: leave a gap between the elements, if there are two or more.
        exclude_zero: replace zeros by the smallest positive normal number, or by 1.
        memory_format: the layout of the result; excludes `noncontiguous`.

    Raises:
        ValueError: if the range is empty or arguments exclude each other.
    """
    sizes: Any = (
        shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    )
    floating = dtype.is_floating_point or dtype.is_complex
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually "
            f"exclusive, but got {noncontiguous=} and {memory_format=}"
        )
    if requires_grad and not floating:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, "
            f"but got dtype={dtype}"
        )
    sizes = tuple(sizes)
    gaps = noncontiguous and math.prod(sizes) > 1
    drawn = (*sizes[:-1], 2 * sizes[-1]) if gaps else sizes
    if floating:
        result = _floating(drawn, dtype, device, low, high)
    else:
        result = _integral(drawn, dtype, device, low, high)
    if gaps:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        smallest = rushlight.finfo(dtype).tiny if floating else 1
        result[result == 0] = smallest
    return result.requires_grad_() if requires_grad else result


def _range(
    dtype: Any,
    given: tuple[float | None, float | None],
    usual: tuple[float, float],
    possible: tuple[float, float],
) -> tuple[Any, Any]:
    """The range asked for or the usual one, cut to the possible one."""
    low = usual[0] if given[0] is None else given[0]
    high = usual[1] if given[1] is None else given[1]
    if low != low or high != high:
        raise ValueError(
            f"`low` and `high` cannot be NaN, but got low={low} and high={high}"
        )
    same = low == high and (dtype.is_floating_point or dtype.is_complex)
    if same:
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or "
            "complex types is deprecated. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=4,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if high < possible[0] or low >= possible[1]:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), "
            f"but {dtype} only supports [{possible[0]}, {possible[1]})"
        )
    return max(low, possible[0]), min(high, possible[1])


def _integral(sizes: Any, dtype: Any, device: Any, low: Any, high: Any) -> Tensor:
    if dtype == rushlight.bool:
        low, high = _range(dtype, (low, high), (0, 2), (0, 2))
    elif dtype in _INTEGERS:
        info = rushlight.iinfo(dtype)
        usual = (0 if dtype == rushlight.uint8 else -9, 10)
        low, high = _range(dtype, (low, high), usual, (info.min, info.max + 1))
    else:
        raise TypeError(f"make_tensor: the dtype {dtype} is not supported")
    # The upper bound of randint is an int64 too.
    high = min(math.ceil(high), 2**63 - 1)
    return rushlight.randint(math.ceil(low), high, sizes, dtype=dtype, device=device)


def _floating(sizes: Any, dtype: Any, device: Any, low: Any, high: Any) -> Tensor:
    info = rushlight.finfo(dtype)
    low, high = _range(dtype, (low, high), (-9, 9), (info.min, info.max))
    result = rushlight.empty(sizes, dtype=dtype, device=device)
    values = rushlight.view_as_real(result) if dtype.is_complex else result
    if high - low > info.max:
        # The width of the range would overflow.
        values.uniform_(low / 2, high / 2).mul_(2)
    else:
        values.uniform_(low, high)
    return result
