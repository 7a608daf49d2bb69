"""Samples of the pointwise operators of two and three tensors."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import special

from .dtypes import (
    ALL,
    BOOL,
    COMPLEX,
    FLOATS,
    FULLS,
    HALFS,
    INEXACT,
    INTS,
    NUMBERS,
    REAL,
    kind,
    promote,
    result_dtype,
    with_scalar,
)
from .table import ErrorInput, OpSamples, SampleInput, error, sample

SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((4,), (4,)),
    ((2, 3), (3,)),
    ((2, 1, 3), (4, 1)),
    ((), ()),
    ((2, 3), ()),
    ((), (3,)),
)


def binary_inputs(
    make: Any,
    dtype: str,
    rule: str = "same",
    low: float | None = None,
    high: float | None = None,
    right_low: float | None = None,
    nonzero: bool = False,
    scalars: tuple[complex, ...] = (2, True, 2.5, 1.5 + 2j),
    mixed: frozenset[str] = frozenset({"uint8", "int64", "float32", "complex128"}),
    extremal: bool = True,
    apart: bool = False,
) -> Iterable[SampleInput]:
    """Broadcasting, layouts, Python numbers, other dtypes, extreme values."""

    def left(shape: tuple[int, ...], layout: str = "contiguous") -> Any:
        return make(shape, dtype, low=low, high=high, layout=layout)

    def right(
        shape: tuple[int, ...], layout: str = "contiguous", as_dtype: str = dtype
    ) -> Any:
        least = low if right_low is None else right_low
        tensor = make(
            shape, as_dtype, low=least, high=high, layout=layout, nonzero=nonzero
        )
        # Half a grid step apart no pair ties, and no quotient is whole.
        return tensor + 0.03125 if apart and kind(as_dtype) == "f" else tensor

    for a, b in SHAPES:
        yield sample(left(a), right(b))
    yield sample(left((3, 2), "transposed"), right((3, 2)))
    yield sample(left((3, 2), "strided"), right((3, 2), "expanded"))
    yield sample(left((0, 3)), right((1, 3))).but(grad=False)
    if dtype in ("float32", "int64"):
        yield sample(left((61, 70)), right((70,))).but(grad=False)
    # Numbers of a higher category than the tensor change the result's dtype.
    for number in scalars:
        result = result_dtype(rule, with_scalar(dtype, number))
        if dtype == "float16" and isinstance(number, complex):
            continue  # would be complex32
        yield sample(left((3,)), number).but(result=result, grad=type(number) is float)
        if not isinstance(number, complex):
            x = left((), "contiguous")
            yield sample(x, number).but(result=result, grad=False)
    for other in sorted(mixed - {dtype}):
        result = result_dtype(rule, promote(dtype, other))
        x, y = left((2, 3)), right((3,), as_dtype=other)
        yield sample(x, y).but(result=result, grad=False)
    if extremal and kind(dtype) == "f":
        values = make.extremal(dtype)
        yield sample(values[:, None], values[None, :]).but(grad=False)


def binary(
    name: str,
    reference: Callable[..., Any] | None,
    rule: str = "same",
    *,
    dtypes: frozenset[str],
    extra: Callable[[Any, str], Iterable[SampleInput]] | None = None,
    inputs_options: dict[str, Any] | None = None,
    **fields: Any,
) -> OpSamples:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        yield from binary_inputs(make, dtype, rule, **(inputs_options or {}))
        if extra is not None:
            yield from extra(make, dtype)

    return OpSamples(name, dtypes, inputs, reference, result=rule, **fields)


# Options of binary_inputs by what an operator accepts.
NO_BOOL: dict[str, Any] = {"scalars": (2, 2.5, 1.5 + 2j)}


REALS: dict[str, Any] = {
    "scalars": (2, True, 2.5),
    "mixed": frozenset({"uint8", "int64", "float32"}),
}


NONZERO = {**REALS, "nonzero": True, "apart": True}


TENSORS: dict[str, Any] = {
    "scalars": (),
    "mixed": frozenset({"int64", "float32"}),
    "apart": True,
}


FLOAT_TENSORS: dict[str, Any] = {"scalars": (), "mixed": frozenset()}


INTEGERS: dict[str, Any] = {
    "scalars": (2, True),
    "mixed": frozenset({"uint8", "int64"}),
}


def pairs_with(*choices: dict[str, Any], **make_options: Any) -> Any:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for choice in choices:
            x, y = make((2, 3), dtype), make((3,), dtype, **make_options)
            yield sample(x, y, **choice)

    return inputs


def with_alpha(op: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda a, b, *, alpha=1: op(a, b) if alpha == 1 else op(a, alpha * b)


def divide(a: Any, b: Any, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is None:
        return np.true_divide(a, b)
    if rounding_mode == "floor":
        return np.floor_divide(a, b)
    quotient = np.trunc(np.true_divide(a, b))
    both = np.result_type(a, b)
    return quotient.astype(both) if both.kind in "iub" else quotient


def logaddexp(a: Any, b: Any) -> Any:
    if np.iscomplexobj(a):
        return np.log(np.exp(a) + np.exp(b))
    return np.logaddexp(a, b)


def rounding(mode: str) -> Any:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for item in binary_inputs(make, dtype, **{**NONZERO, "extremal": False}):
            yield item.but(kwargs={"rounding_mode": mode}, grad=False)

    return inputs


def floor_divide(a: Any, b: Any) -> Any:
    return np.floor_divide(a, b)


def pow_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    base = {"low": 0.3, "high": 3.0} if kind(dtype) in "fc" else {"low": 0, "high": 3}
    for a, b in SHAPES:
        yield sample(make(a, dtype, **base), make(b, dtype, **base))
    x = make((2, 3), dtype, **base, layout="transposed")
    for exponent in (0, 1, 2, 3):
        yield sample(x, exponent)
    if kind(dtype) in "fc":
        for number in (0.5, -1, -2, -0.5, 2.5, 1.5):
            yield sample(x, number)
    yield sample(make((0,), dtype), 2).but(grad=False)
    yield sample(2, make((3,), dtype, **base)).but(grad=kind(dtype) == "f")
    if kind(dtype) == "f":
        values = make.extremal(dtype)
        yield sample(values[:, None], values[None, :]).but(grad=False)
    if dtype in ("int32", "int64"):
        result = promote(dtype, "float32")
        y = make((3,), "float32", **base)
        yield sample(make((3,), dtype, **base), y).but(result=result, grad=False)
        yield sample(make((3,), dtype, **base), 0.5).but(result="float32")


def float_power_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    result = "complex128" if kind(dtype) == "c" else "float64"
    base = {"low": 0.3 if kind(dtype) in "fc" else 1, "high": 3.0}
    for a, b in SHAPES:
        x, y = make(a, dtype, **base), make(b, dtype, **base)
        yield sample(x, y).but(result=result)
    yield sample(make((2, 3), dtype, **base), 2).but(result=result)
    yield sample(3, make((2, 3), dtype, **base)).but(result=result, grad=False)


def float_power(a: Any, b: Any) -> Any:
    both = np.result_type(a, b)
    wide = np.complex128 if both.kind == "c" else np.float64
    return np.power(np.asarray(a, wide), np.asarray(b, wide))


def pow_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Integers to negative integer powers are not allowed."
    yield error(RuntimeError, text, make((3,), "int64"), -1)


def broadcast_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((3,), "float32"), make((4,), "float32")
    text = (
        "The size of tensor a (3) must match the size of tensor b (4) "
        "at non-singleton dimension 0"
    )
    yield error(RuntimeError, text, a, b)
    yield error(TypeError, "", a, "text")


def sub_errors(make: Any) -> Iterable[ErrorInput]:
    yield from broadcast_errors(make)
    x = make((3,), "bool")
    text = "Subtraction, the `-` operator, with two bool tensors is not supported"
    yield error(RuntimeError, text, x, x)


def div_errors(make: Any) -> Iterable[ErrorInput]:
    yield from broadcast_errors(make)
    x = make((3,), "float32")
    text = "div expected rounding_mode to be one of None, 'trunc', or 'floor'"
    yield error(RuntimeError, text, x, x, rounding_mode="up")


def integer_division_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "int64")
    yield error(RuntimeError, "ZeroDivisionError", x, 0)


def heaviside_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for a, b in SHAPES:
        yield sample(make(a, dtype, low=-1, high=1), make(b, dtype))
    zeros = make.value([0, 0, 1], dtype)
    yield sample(zeros, make((3,), dtype))


def polar_parts(make: Any, dtype: str) -> Iterable[SampleInput]:
    for a, b in SHAPES:
        yield sample(make(a, dtype, low=0.3), make(b, dtype))


def complex_parts(make: Any, dtype: str) -> Iterable[SampleInput]:
    for a, b in SHAPES:
        yield sample(make(a, dtype), make(b, dtype))
    yield sample(make((3, 2), dtype, layout="transposed"), make((3, 2), dtype))


def dist(a: Any, b: Any, p: float = 2) -> Any:
    size = np.abs(a - b).reshape(-1)
    if p == 0:
        return np.asarray((size != 0).sum(), float)
    if math.isinf(p):
        return size.max() if p > 0 else size.min()
    return (size**p).sum() ** (1 / p)


def dist_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p in (2, 1, 3, 0, math.inf, -math.inf):
        smooth = 0 < p < math.inf
        x = make.distinct((2, 3), dtype)
        yield sample(x, make((3,), dtype), p).but(grad=smooth)
    yield sample(make.distinct((4,), dtype), make((4,), dtype))


TABLE: list[OpSamples] = [
    binary(
        "add",
        with_alpha(np.add),
        extra=pairs_with({"alpha": 2}),
        errors=broadcast_errors,
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "sub",
        with_alpha(np.subtract),
        errors=sub_errors,
        inputs_options=NO_BOOL,
        extra=pairs_with({"alpha": 2}),
        variants="mio",
        dtypes=NUMBERS,
    ),
    binary(
        "subtract",
        with_alpha(np.subtract),
        inputs_options=NO_BOOL,
        variants="mio",
        dtypes=NUMBERS,
    ),
    binary(
        "rsub",
        lambda a, b, *, alpha=1: b - alpha * a,
        inputs_options=NO_BOOL,
        extra=pairs_with({"alpha": 2}),
        dtypes=NUMBERS,
    ),
    binary("mul", np.multiply, errors=broadcast_errors, variants="mio", dtypes=ALL),
    binary("multiply", np.multiply, variants="mio", dtypes=ALL),
    binary(
        "div",
        divide,
        "float",
        inputs_options={"nonzero": True},
        errors=div_errors,
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "divide",
        divide,
        "float",
        inputs_options={"nonzero": True},
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "true_divide",
        np.true_divide,
        "float",
        inputs_options={"nonzero": True},
        variants="mio",
        dtypes=ALL,
    ),
    OpSamples(
        "div",
        REAL,
        rounding("floor"),
        divide,
        label="floor",
        result="same",
        grad=False,
        variants="mio",
    ),
    OpSamples(
        "div",
        REAL,
        rounding("trunc"),
        divide,
        label="trunc",
        result="same",
        grad=False,
        variants="mio",
    ),
    binary(
        "floor_divide",
        floor_divide,
        inputs_options={**NONZERO, "extremal": False},
        errors=integer_division_errors,
        gradgrad=False,
        variants="mio",
        dtypes=REAL,
        grad=False,
    ),
    binary(
        "remainder",
        np.remainder,
        inputs_options={**NONZERO, "extremal": False},
        errors=integer_division_errors,
        variants="mio",
        dtypes=REAL,
    ),
    binary(
        "fmod",
        np.fmod,
        inputs_options={**NONZERO, "extremal": False},
        variants="mio",
        dtypes=REAL,
    ),
    OpSamples(
        "pow",
        NUMBERS,
        pow_inputs,
        np.power,
        errors=pow_errors,
        result="same",
        variants="mio",
    ),
    OpSamples("float_power", ALL, float_power_inputs, float_power, variants="mio"),
    binary(
        "maximum", np.maximum, inputs_options=TENSORS, variants="mo", dtypes=REAL | BOOL
    ),
    binary(
        "minimum", np.minimum, inputs_options=TENSORS, variants="mo", dtypes=REAL | BOOL
    ),
    binary("fmax", np.fmax, inputs_options=TENSORS, variants="mo", dtypes=REAL | BOOL),
    binary("fmin", np.fmin, inputs_options=TENSORS, variants="mo", dtypes=REAL | BOOL),
    binary(
        "atan2",
        np.arctan2,
        "float",
        inputs_options=TENSORS,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "arctan2",
        np.arctan2,
        "float",
        inputs_options=TENSORS,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "hypot", np.hypot, inputs_options=FLOAT_TENSORS, variants="mio", dtypes=FLOATS
    ),
    binary(
        "copysign",
        np.copysign,
        "float",
        inputs_options=REALS,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "nextafter",
        None,
        inputs_options={**FLOAT_TENSORS, "apart": True},
        variants="mio",
        dtypes=FLOATS,
    ),
    binary(
        "ldexp",
        lambda a, b: a * np.exp2(b),
        "float",
        inputs_options={**TENSORS, "mixed": frozenset({"int64"})},
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "logaddexp",
        logaddexp,
        inputs_options={**FLOAT_TENSORS, "low": -1, "high": 1},
        variants="mo",
        dtypes=INEXACT,
    ),
    binary(
        "logaddexp2",
        np.logaddexp2,
        inputs_options=FLOAT_TENSORS,
        variants="mo",
        dtypes=FLOATS,
    ),
    binary(
        "xlogy",
        special.xlogy,
        "float",
        inputs_options={**REALS, "low": 0.3, "extremal": False},
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "special.xlogy",
        special.xlogy,
        "float",
        inputs_options={**REALS, "low": 0.3, "extremal": False},
        variants="o",
        dtypes=REAL | BOOL,
    ),
    binary(
        "special.xlog1py",
        special.xlog1py,
        "float",
        inputs_options={**REALS, "low": 0.3, "extremal": False},
        variants="o",
        dtypes=REAL | BOOL,
    ),
    binary(
        "special.zeta",
        special.zeta,
        "float",
        inputs_options={**REALS, "low": 1.3, "extremal": False},
        gradgrad=False,
        variants="o",
        dtypes=ALL - COMPLEX - HALFS,
        grad=False,
    ),
    binary(
        "igamma",
        special.gammainc,
        inputs_options={**FLOAT_TENSORS, "low": 0.5, "extremal": False},
        constant=(0,),
        variants="mio",
        dtypes=FLOATS,
    ),
    binary(
        "igammac",
        special.gammaincc,
        inputs_options={**FLOAT_TENSORS, "low": 0.5, "extremal": False},
        constant=(0,),
        variants="mio",
        dtypes=FLOATS,
    ),
    binary(
        "gcd",
        np.gcd,
        inputs_options={**INTEGERS, "scalars": ()},
        grad=False,
        variants="mio",
        dtypes=INTS,
    ),
    binary(
        "lcm",
        np.lcm,
        inputs_options={**INTEGERS, "scalars": (), "high": 5},
        grad=False,
        variants="mio",
        dtypes=INTS,
    ),
    OpSamples(
        "heaviside",
        REAL | BOOL,
        heaviside_inputs,
        np.heaviside,
        result="same",
        gradgrad=False,
        variants="mio",
        grad=False,
    ),
    OpSamples(
        "complex",
        FULLS,
        complex_parts,
        lambda a, b: a + 1j * b,
        variants="o",
    ),
    OpSamples(
        "polar", FULLS, polar_parts, lambda a, b: a * np.exp(1j * b), variants="o"
    ),
    OpSamples("dist", INEXACT, dist_inputs, dist, result="real", variants="m"),
]
