"""Samples of Python's operators: `a + b`, `number + b`, comparisons, bits."""

import operator
from collections.abc import Iterable
from typing import Any

from .dtypes import (
    ALL,
    BOOL,
    INTS,
    NUMBERS,
    REAL,
    kind,
)
from .table import OpSamples, SampleInput, sample


def operator_row(name: str, **fields: Any) -> OpSamples:
    """`a + b` and `number + b` as Python's operator module calls them."""
    function = getattr(operator, name)
    bits = name in ("and_", "or_", "xor", "lshift", "rshift")
    shift = name in ("lshift", "rshift")
    divides = name in ("truediv", "floordiv", "mod")
    compares = name in ("eq", "ne", "lt", "le", "gt", "ge")
    numbers: tuple[Any, ...] = (3,) if bits else (3, 1.5)

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        low = 1 if shift or divides or (name == "pow" and kind(dtype) in "ib") else None
        high = 4 if shift or name == "pow" else None
        x = make((2, 3), dtype, low=0.25 if name == "pow" else low, high=high)
        y = make((3,), dtype, low=low, high=high, nonzero=divides)
        yield sample(x, y).but(grad=not compares)
        for number in numbers:
            smooth = kind(dtype) == "f" and not compares
            yield sample(x, number).but(reference=kind(dtype) != "b", grad=smooth)
            smooth = smooth and name != "mod"
            yield sample(number, y).but(reference=kind(dtype) != "b", grad=smooth)

    return OpSamples(
        f"operator.{name}",
        inputs=inputs,
        reference=function,
        call=lambda xp: function,
        **fields,
    )


TABLE: list[OpSamples] = [
    operator_row("add", dtypes=ALL),
    operator_row("sub", dtypes=NUMBERS),
    operator_row("mul", dtypes=ALL),
    operator_row("truediv", dtypes=ALL),
    operator_row("floordiv", dtypes=REAL, grad=False),
    operator_row("mod", dtypes=REAL),
    operator_row("pow", dtypes=NUMBERS),
    operator_row("eq", dtypes=ALL, result="bool", grad=False),
    operator_row("ne", dtypes=ALL, result="bool", grad=False),
    operator_row("lt", dtypes=REAL | BOOL, result="bool", grad=False),
    operator_row("le", dtypes=REAL | BOOL, result="bool", grad=False),
    operator_row("gt", dtypes=REAL | BOOL, result="bool", grad=False),
    operator_row("ge", dtypes=REAL | BOOL, result="bool", grad=False),
    operator_row("and_", dtypes=INTS | BOOL, grad=False),
    operator_row("or_", dtypes=INTS | BOOL, grad=False),
    operator_row("xor", dtypes=INTS | BOOL, grad=False),
    operator_row("lshift", dtypes=INTS, grad=False, result="same"),
    operator_row("rshift", dtypes=INTS, grad=False, result="same"),
]
