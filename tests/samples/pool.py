"""Samples of pooling in one, two and three dimensions."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from . import nn_references as ref
from .dtypes import FLOATS, FULLS
from .table import ErrorInput, Inputs, OpSamples, SampleInput, error, sample

SPACE: tuple[int, ...] = (7, 6, 5)
SMALL = {1: (6,), 2: (3, 4), 3: (2, 3, 2)}


def max_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        x = make.distinct((1, 2, *SMALL[n]), dtype)
        yield sample(x, 2)
        yield sample(x, 2, 1)
        yield sample(x[0], 2, padding=1)
        yield sample(x, 2, ceil_mode=True)
        space = SPACE[:n]
        x = make((2, 3, *space), dtype)
        yield sample(x, 3, 2, 1).but(grad=False)
        yield sample(x, 2, 1, 0, 2).but(grad=False)
        yield sample(x, (3, 2, 1)[:n], (2, 1, 2)[:n], (1, 1, 0)[:n]).but(grad=False)
        x = make((2, 3, *space), dtype, layout="transposed")
        yield sample(x, 3, ceil_mode=True).but(grad=False)
        yield sample(x, 2, return_indices=True).but(grad=False)
        yield sample(x[:0], 2).but(grad=False)

    return inputs


def avg_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        x = make((1, 2, *SMALL[n]), dtype)
        yield sample(x, 2)
        yield sample(x, 2, 1, 1)
        yield sample(x[0], 2, padding=1, count_include_pad=False)
        yield sample(x, 2, ceil_mode=True)
        x = make((2, 3, *SPACE[:n]), dtype)
        yield sample(x, 3, 2, 1)
        yield sample(x, (3, 2, 1)[:n], (2, 1, 2)[:n], (1, 1, 0)[:n])
        yield sample(x, 3, 2, 1, True, False)
        yield sample(x, 3, 2, 1, True)
        if n > 1:
            yield sample(x, 2, divisor_override=3)
        x = make((2, 3, *SPACE[:n]), dtype, layout="transposed")
        yield sample(x, 3, ceil_mode=True)

    return inputs


def adaptive_inputs(n: int, distinct: bool) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        build = make.distinct if distinct else make
        x = build((1, 2, *SMALL[n]), dtype)
        for size in (1, 2):
            yield sample(x, size)
        yield sample(x[0], 2)
        yield sample(x, (3, 2, 1)[:n])
        if n > 1:
            yield sample(x, (2, None, 1)[:n])
        x = build((2, 3, *SPACE[:n]), dtype, layout="transposed")
        for size in (1, 3, 4):
            yield sample(x, size).but(grad=False)

    return inputs


def lp_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        x = make((1, 2, *SMALL[n]), dtype, low=0.2)
        yield sample(x, 2, 2)
        yield sample(x, 3, 2, 1)
        yield sample(make((2, 3, *SPACE[:n]), dtype, low=0.2), 2.5, 3, 2)

    return inputs


def unpool_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((1, 2, 2, 2), dtype)
    index = make.value([[[0, 3], [8, 11]], [[1, 2], [12, 15]]], "int64")[None]
    yield sample(x, index, 2)
    yield sample(x, index, 2, output_size=(4, 5)).but(grad=False)


def max_unpool(x: Any, index: Any, kernel_size: int, output_size: Any = (4, 4)) -> Any:
    out = np.zeros((*x.shape[:2], int(np.prod(output_size))))
    flat = (*x.shape[:2], -1)
    np.put_along_axis(out, index.reshape(flat), x.reshape(flat), 2)
    return out.reshape(*x.shape[:2], *output_size)


def max_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((1, 2, 4, 4), "float32")
    text = "pad should be at most half of effective kernel size"
    yield error(RuntimeError, text, x, 2, padding=2)
    yield error(RuntimeError, "stride should not be zero", x, 2, stride=0)
    yield error(RuntimeError, "Output size is too small", x, 6)


def avg_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((1, 2, 4, 4), "float32")
    yield error(RuntimeError, "pad should be at most half of", x, 2, padding=2)
    yield error(RuntimeError, "divisor must be not zero", x, 2, divisor_override=0)


TABLE: list[OpSamples] = [
    OpSamples(
        "nn.functional.max_pool1d",
        FLOATS,
        max_inputs(1),
        ref.max_pool(1),
        records=("max_pool1d_with_indices",),
    ),
    OpSamples(
        "nn.functional.max_pool2d",
        FLOATS,
        max_inputs(2),
        ref.max_pool(2),
        errors=max_errors,
        records=("max_pool2d_with_indices",),
    ),
    OpSamples(
        "nn.functional.max_pool3d",
        FLOATS,
        max_inputs(3),
        ref.max_pool(3),
        records=("max_pool3d_with_indices",),
    ),
    OpSamples(
        "nn.functional.avg_pool1d",
        FLOATS,
        avg_inputs(1),
        ref.avg_pool(1),
        result="same",
    ),
    OpSamples(
        "nn.functional.avg_pool2d",
        FLOATS,
        avg_inputs(2),
        ref.avg_pool(2),
        errors=avg_errors,
        variants="o",
        result="same",
    ),
    OpSamples(
        "nn.functional.avg_pool3d",
        FULLS,
        avg_inputs(3),
        ref.avg_pool(3),
        variants="o",
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_avg_pool1d",
        FLOATS,
        adaptive_inputs(1, False),
        ref.adaptive_pool(1, np.mean),
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_avg_pool2d",
        FLOATS,
        adaptive_inputs(2, False),
        ref.adaptive_pool(2, np.mean),
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_avg_pool3d",
        FLOATS,
        adaptive_inputs(3, False),
        ref.adaptive_pool(3, np.mean),
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_max_pool1d",
        FLOATS,
        adaptive_inputs(1, True),
        ref.adaptive_pool(1, np.max),
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_max_pool2d",
        FLOATS,
        adaptive_inputs(2, True),
        ref.adaptive_pool(2, np.max),
        result="same",
    ),
    OpSamples(
        "nn.functional.adaptive_max_pool3d",
        FLOATS,
        adaptive_inputs(3, True),
        ref.adaptive_pool(3, np.max),
        result="same",
    ),
    OpSamples(
        "nn.functional.lp_pool1d",
        FLOATS,
        lp_inputs(1),
        ref.lp_pool(1),
        result="same",
    ),
    OpSamples(
        "nn.functional.lp_pool2d",
        FLOATS,
        lp_inputs(2),
        ref.lp_pool(2),
        result="same",
    ),
    OpSamples(
        "nn.functional.max_unpool2d", FLOATS, unpool_inputs, max_unpool, result="same"
    ),
]
