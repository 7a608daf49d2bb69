"""Samples of the pointwise operators of three tensors, and of lerp."""

from collections.abc import Iterable
from typing import Any

from .dtypes import INEXACT, NUMBERS, kind
from .table import OpSamples, SampleInput, sample


def ternary_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    def part(*shape: int, layout: str = "contiguous") -> Any:
        return make(shape, dtype, layout=layout, nonzero=True)

    for value in (1, 2):
        yield sample(part(2, 3), part(2, 3), part(2, 3), value=value)
    yield sample(part(2, 3), part(3), part(2, 1))
    yield sample(part(), part(), part())
    yield sample(part(3, 2, layout="transposed"), part(3, 2, layout="strided"), part())
    yield sample(part(0, 2), part(2), part(2)).but(grad=False)
    if kind(dtype) in "fc":
        yield sample(part(2, 3), part(2, 3), part(3), value=-0.5)


def lerp_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for weight in (0.25, 0.75, 2.0):
        yield sample(make((2, 3), dtype), make((3,), dtype), weight)
    x = make((3, 2), dtype, layout="transposed")
    yield sample(x, make((3, 2), dtype), make((3, 2), dtype))
    yield sample(make((2, 1), dtype), make((3,), dtype), make((2, 3), dtype))
    yield sample(make((), dtype), make((), dtype), make((), dtype))
    yield sample(make((0,), dtype), make((1,), dtype), 0.5).but(grad=False)


TABLE: list[OpSamples] = [
    OpSamples(
        "lerp",
        INEXACT,
        lerp_inputs,
        lambda a, b, w: a + w * (b - a),
        result="same",
        variants="mio",
    ),
    OpSamples(
        "addcmul",
        NUMBERS,
        ternary_inputs,
        lambda a, b, c, *, value=1: a + value * b * c,
        result="same",
        variants="mio",
    ),
    OpSamples(
        "addcdiv",
        INEXACT,
        ternary_inputs,
        lambda a, b, c, *, value=1: a + value * b / c,
        result="same",
        variants="mio",
    ),
]
