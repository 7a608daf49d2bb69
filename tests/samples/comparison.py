"""Samples of comparisons, logic and bit operators."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, BOOL, INTS, REAL, kind
from .pointwise_binary import INTEGERS, REALS, TENSORS, binary, broadcast_errors
from .table import ErrorInput, OpSamples, SampleInput, error, sample

SHIFTS: dict[str, Any] = {"low": 0, "high": 5, "scalars": (2,), "mixed": frozenset()}


def isclose_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for a, b in (((3,), (3,)), ((2, 3), (3,)), ((), ()), ((0, 2), (2,))):
        yield sample(make(a, dtype, low=0, high=2), make(b, dtype, low=0, high=2))
    x = make((2, 3), dtype, layout="transposed")
    yield sample(x, x.clone())
    if kind(dtype) in "fc":
        yield sample(x, x * 1.01, rtol=0.02, atol=0.0)
        yield sample(x, x + 0.5, rtol=0.0, atol=0.75)
    if kind(dtype) == "f":
        values = make.extremal(dtype)
        yield sample(values[:, None], values[None, :])
        yield sample(values[:, None], values[None, :], equal_nan=True)


def whole_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((2, 3), dtype)
    yield sample(x, x.clone())
    yield sample(x, make((2, 3), dtype, layout="transposed"))
    yield sample(make((0,), dtype), make((0,), dtype))
    yield sample(make((), dtype), make((), dtype))


def allclose_errors(make: Any) -> Iterable[ErrorInput]:
    a, b = make((3,), "float32"), make((3,), "float64")
    yield error(RuntimeError, "Float did not match Double", a, b)


def isin_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for invert in (False, True):
        for shape in ((4, 5), (), (0,)):
            x, tests = make(shape, dtype, high=3), make((3,), dtype, high=3)
            yield sample(x, tests, invert=invert)
    yield sample(make((4, 5), dtype, layout="transposed"), make((50,), dtype))
    yield sample(make((4, 5), dtype), 1)


def bit_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(NotImplementedError, "not implemented for 'Float'", x, x)


def order_errors(make: Any) -> Iterable[ErrorInput]:
    yield from broadcast_errors(make)
    x = make((3,), "complex64")
    yield error(NotImplementedError, "not implemented for 'ComplexFloat'", x, x)


TABLE: list[OpSamples] = [
    binary(
        "eq",
        np.equal,
        "bool",
        errors=broadcast_errors,
        grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    binary("ne", np.not_equal, "bool", grad=False, variants="mio", dtypes=ALL),
    binary("not_equal", np.not_equal, "bool", grad=False, variants="mio", dtypes=ALL),
    binary(
        "lt",
        np.less,
        "bool",
        inputs_options=REALS,
        errors=order_errors,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "less",
        np.less,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "le",
        np.less_equal,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "less_equal",
        np.less_equal,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "gt",
        np.greater,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "greater",
        np.greater,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "ge",
        np.greater_equal,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "greater_equal",
        np.greater_equal,
        "bool",
        inputs_options=REALS,
        grad=False,
        variants="mio",
        dtypes=REAL | BOOL,
    ),
    binary(
        "logical_and",
        np.logical_and,
        "bool",
        inputs_options=TENSORS,
        grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "logical_or",
        np.logical_or,
        "bool",
        inputs_options=TENSORS,
        grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "logical_xor",
        np.logical_xor,
        "bool",
        inputs_options=TENSORS,
        grad=False,
        variants="mio",
        dtypes=ALL,
    ),
    binary(
        "bitwise_and",
        np.bitwise_and,
        inputs_options=INTEGERS,
        errors=bit_errors,
        grad=False,
        variants="mio",
        dtypes=INTS | BOOL,
    ),
    binary(
        "bitwise_or",
        np.bitwise_or,
        inputs_options=INTEGERS,
        grad=False,
        variants="mio",
        dtypes=INTS | BOOL,
    ),
    binary(
        "bitwise_xor",
        np.bitwise_xor,
        inputs_options=INTEGERS,
        grad=False,
        variants="mio",
        dtypes=INTS | BOOL,
    ),
    binary(
        "bitwise_left_shift",
        np.left_shift,
        inputs_options=SHIFTS,
        grad=False,
        variants="mio",
        dtypes=INTS,
    ),
    binary(
        "bitwise_right_shift",
        np.right_shift,
        inputs_options=SHIFTS,
        grad=False,
        variants="mio",
        dtypes=INTS,
    ),
    OpSamples(
        "isclose",
        ALL,
        isclose_inputs,
        np.isclose,
        result="bool",
        grad=False,
        variants="m",
    ),
    OpSamples(
        "allclose",
        ALL,
        whole_inputs,
        np.allclose,
        errors=allclose_errors,
        grad=False,
        variants="m",
    ),
    OpSamples("equal", ALL, whole_inputs, np.array_equal, grad=False, variants="m"),
    OpSamples(
        "isin", REAL, isin_inputs, np.isin, result="bool", grad=False, variants="o"
    ),
]
