"""`assert_close`: compares tensors, numbers and containers of them, and says where
and by how much they differ."""

from __future__ import annotations

import cmath
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import rushlight
from rushlight import Tensor

Message: TypeAlias = str | Callable[[str], str] | None

_TOLERANCES: dict[Any, tuple[float, float]] = {
    rushlight.float16: (1e-3, 1e-5),
    rushlight.bfloat16: (1.6e-2, 1e-5),
    rushlight.float32: (1.3e-6, 1e-5),
    rushlight.float64: (1e-7, 1e-7),
    rushlight.complex64: (1.3e-6, 1e-5),
    rushlight.complex128: (1e-7, 1e-7),
}
"""rtol and atol of each dtype, PyTorch's table; dtypes not listed compare exactly."""


@dataclass(frozen=True)
class _Rules:
    """What `assert_close` was told about how to compare."""

    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, *dtypes: Any) -> tuple[float, float]:
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        found = [_TOLERANCES.get(dtype, (0.0, 0.0)) for dtype in dtypes]
        return max(rtol for rtol, _ in found), max(atol for _, atol in found)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Asserts `|actual - expected| <= atol + rtol * |expected|`, element by element.

    Args:
        actual, expected: tensors, NumPy arrays, numbers, None, or sequences and
            mappings of these, of the same structure.
        allow_subclasses: let types differ where one derives from the other.
        rtol, atol: tolerances, both or none; by default those of the dtype.
        equal_nan: let NaN equal NaN.
        check_device, check_dtype, check_layout, check_stride: what must be equal
            besides the shape and the values.
        msg: the text of the error, or a function of the text.

    Raises:
        AssertionError: at the first difference.
        TypeError: if values of these types cannot be compared.
        ValueError: if only one tolerance is given, or one is negative.
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, "
            f"but got no {missing}."
        )
    if min(rtol or 0, atol or 0) < 0:
        raise ValueError(f"assert_close: tolerances must not be negative, got {rtol=}")
    rules = _Rules(
        allow_subclasses,
        rtol,
        atol,
        equal_nan,
        check_device,
        check_dtype,
        check_layout,
        check_stride,
    )
    try:
        # All structure is walked before a value is compared.
        for path, compare, left, right in list(_pairs(actual, expected, rules, ())):
            with_path = _Located(path)
            compare(left, right, rules, with_path)
    except _Difference as difference:
        text = str(difference)
        if callable(msg):
            text = msg(text)
        elif msg is not None:
            text = msg
        raise AssertionError(text) from None


class _Difference(Exception):
    """The two values differ; carries the explanation."""


class _Located:
    """Makes the errors of one place in the containers."""

    def __init__(self, path: tuple[Any, ...]) -> None:
        self.path = path

    def __call__(self, text: str) -> _Difference:
        if self.path:
            where = "".join(f"[{key!r}]" for key in self.path)
            text += f"\n\nThe failure occurred for item {where}"
        return _Difference(text)


_Compare: TypeAlias = Callable[[Any, Any, _Rules, _Located], None]


def _pairs(
    actual: Any, expected: Any, rules: _Rules, path: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], _Compare, Any, Any]]:
    """The values to compare, with where they stand and what compares them."""
    differ = _Located(path)
    if _both(actual, expected, Sequence) and not _any(actual, expected, (str, bytes)):
        if len(actual) != len(expected):
            raise differ(
                "The length of the sequences mismatch: "
                f"{len(actual)} != {len(expected)}"
            )
        for at, (left, right) in enumerate(zip(actual, expected, strict=True)):
            yield from _pairs(left, right, rules, (*path, at))
    elif _both(actual, expected, Mapping):
        _check_keys(actual, expected, differ)
        for key in _sorted_keys(expected):
            yield from _pairs(actual[key], expected[key], rules, (*path, key))
    else:
        yield path, _comparison_of(actual, expected, rules, differ), actual, expected


def _both(actual: Any, expected: Any, kind: Any) -> bool:
    return isinstance(actual, kind) and isinstance(expected, kind)


def _any(actual: Any, expected: Any, kind: Any) -> bool:
    return isinstance(actual, kind) or isinstance(expected, kind)


def _check_keys(actual: Any, expected: Any, differ: _Located) -> None:
    missing = [key for key in expected if key not in actual]
    additional = [key for key in actual if key not in expected]
    if missing or additional:
        raise differ(
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(missing, key=repr)}\n"
            f"Additional keys in the actual mapping: {sorted(additional, key=repr)}"
        )


def _sorted_keys(mapping: Any) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError:
        return list(mapping)


def _comparison_of(
    actual: Any, expected: Any, rules: _Rules, differ: _Located
) -> _Compare:
    if actual is None or expected is None:
        return _compare_none
    numpy: Any = sys.modules.get("numpy")
    bools = (bool, numpy.bool_) if numpy else bool
    numbers = (int, float, complex, numpy.number) if numpy else (int, float, complex)
    if _both(actual, expected, bools):
        return _compare_bools
    if not _any(actual, expected, bools) and _both(actual, expected, numbers):
        return _compare_numbers
    arrays = (Tensor, numpy.ndarray) if numpy else Tensor
    if _both(actual, expected, arrays) and _related(actual, expected, rules):
        return _compare_tensors
    text = str(differ(""))
    raise TypeError(
        "No comparison pair was able to handle inputs of type "
        f"{type(actual)} and {type(expected)}.{text}"
    )


def _related(actual: Any, expected: Any, rules: _Rules) -> bool:
    if not rules.allow_subclasses:
        return type(actual) is type(expected)
    return isinstance(actual, type(expected)) or isinstance(expected, type(actual))


def _compare_none(actual: Any, expected: Any, _: _Rules, differ: _Located) -> None:
    if actual is not expected:
        raise differ(f"None mismatch: {actual} is not {expected}")


def _compare_bools(actual: Any, expected: Any, _: _Rules, differ: _Located) -> None:
    if bool(actual) is not bool(expected):
        raise differ(f"Booleans mismatch: {bool(actual)} is not {bool(expected)}")


def _compare_numbers(
    actual: Any, expected: Any, rules: _Rules, differ: _Located
) -> None:
    actual, expected = _python_number(actual), _python_number(expected)
    if rules.check_dtype and type(actual) is not type(expected):
        raise differ(f"The (d)types do not match: {type(actual)} != {type(expected)}.")
    dtypes = [_NUMBER_DTYPES[type(number)] for number in (actual, expected)]
    rtol, atol = rules.tolerances(*dtypes)
    _compare_scalars(actual, expected, rtol, atol, rules.equal_nan, differ)


_NUMBER_DTYPES = {
    int: rushlight.int64,
    float: rushlight.float64,
    complex: rushlight.complex128,
}


def _python_number(number: Any) -> Any:
    return number.item() if hasattr(number, "item") else number


def _compare_scalars(
    actual: Any,
    expected: Any,
    rtol: float,
    atol: float,
    equal_nan: bool,
    differ: _Located,
) -> None:
    if actual == expected:
        return
    if cmath.isnan(actual) or cmath.isnan(expected):
        if equal_nan and cmath.isnan(actual) and cmath.isnan(expected):
            return
    difference = abs(actual - expected)
    if cmath.isfinite(difference) and difference <= atol + rtol * abs(expected):
        return
    relative = difference / abs(expected) if expected else float("inf")
    exact = rtol == 0 and atol == 0
    raise differ(
        f"Scalars are not {'equal' if exact else 'close'}!\n\n"
        f"Expected {expected} but got {actual}.\n"
        f"Absolute difference: {difference}{_allowed(atol, exact)}\n"
        f"Relative difference: {relative}{_allowed(rtol, exact)}"
    )


def _allowed(tolerance: float, exact: bool) -> str:
    return "" if exact else f" (up to {tolerance} allowed)"


def _compare_tensors(
    actual: Any, expected: Any, rules: _Rules, differ: _Located
) -> None:
    actual = rushlight.as_tensor(actual).detach()
    expected = rushlight.as_tensor(expected).detach()
    _check_attributes(actual, expected, rules, differ)
    rtol, atol = rules.tolerances(actual.dtype, expected.dtype)
    if actual.dtype != expected.dtype:
        dtype = rushlight.promote_types(actual.dtype, expected.dtype)
        actual, expected = actual.to(dtype), expected.to(dtype)
    matches = rushlight.isclose(
        actual, expected, rtol=rtol, atol=atol, equal_nan=rules.equal_nan
    )
    if bool(matches.all()):
        return
    if actual.dim() == 0:
        left, right = actual.item(), expected.item()
        _compare_scalars(left, right, rtol, atol, rules.equal_nan, differ)
    raise differ(_explain(actual, expected, matches, rtol, atol))


def _check_attributes(
    actual: Tensor, expected: Tensor, rules: _Rules, differ: _Located
) -> None:
    checks = {
        "shape": True,
        "layout": rules.check_layout,
        "device": rules.check_device,
        "dtype": rules.check_dtype,
    }
    for name, wanted in checks.items():
        left, right = getattr(actual, name), getattr(expected, name)
        if wanted and left != right:
            raise differ(
                f"The values for attribute {name!r} do not match: {left} != {right}."
            )
    if rules.check_stride and actual.stride() != expected.stride():
        raise differ(
            "The values for attribute 'stride()' do not match: "
            f"{actual.stride()} != {expected.stride()}."
        )


def _explain(
    actual: Tensor, expected: Tensor, matches: Tensor, rtol: float, atol: float
) -> str:
    """How many elements differ, and where the differences are greatest."""
    if not (actual.is_floating_point() or actual.is_complex()):
        actual, expected = actual.to(rushlight.int64), expected.to(rushlight.int64)
    total, differing = matches.numel(), int((~matches).sum())
    absolute = (actual - expected).abs()
    relative = absolute / expected.abs()
    exact = rtol == 0 and atol == 0
    lines = [f"Mismatched elements: {differing} / {total} ({differing / total:.1%})"]
    for name, values, tolerance in (
        ("absolute", absolute, atol),
        ("relative", relative, rtol),
    ):
        values = values.masked_fill(matches, 0).flatten()
        at = int(values.argmax())
        lines.append(
            f"Greatest {name} difference: {values[at].item()} at index "
            f"{_unravel(at, actual.shape)}{_allowed(tolerance, exact)}"
        )
    verdict = f"Tensor-likes are not {'equal' if exact else 'close'}!\n\n"
    return verdict + "\n".join(lines)


def _unravel(at: int, shape: Sequence[int]) -> tuple[int, ...]:
    index = []
    for size in reversed(shape):
        at, rest = divmod(at, size)
        index.append(rest)
    return tuple(reversed(index))
