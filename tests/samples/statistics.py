"""Samples of statistics and other composites that belong to no larger family."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, FLOATS, FULLS, INEXACT, INTS, NUMBERS, SIGNED
from .table import OpSamples, SampleInput, sample


def table_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 5), dtype))
    yield sample(make((5, 3), dtype, layout="transposed"))
    yield sample(make((6,), dtype))


def covariance_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from table_inputs(make, dtype)
    yield sample(make((3, 5), dtype), correction=0)
    counts = make.value([1, 2, 1, 3, 1], "int64")
    yield sample(make((3, 5), dtype), fweights=counts)


def cov(x: Any, *, correction: int = 1, fweights: Any = None) -> Any:
    return np.cov(x, ddof=correction, fweights=fweights)


def gradient_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((5,), dtype))
    yield sample(make((3, 4), dtype, layout="transposed"), dim=1)
    yield sample(make((3, 4), dtype), spacing=2.0)
    yield sample(make((4, 4), dtype), edge_order=2)


def gradient(x: Any, spacing: float = 1.0, dim: Any = None, edge_order: int = 1) -> Any:
    found = np.gradient(x, spacing, axis=dim, edge_order=edge_order)
    return tuple(found) if isinstance(found, (list, tuple)) else (found,)


def renorm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p, dim in ((2, 0), (1, 1), (3, -1)):
        yield sample(make((3, 4), dtype), p, dim, 2.0)
    yield sample(make((2, 3, 2), dtype, layout="transposed"), 2, 1, 1.5)


def renorm(x: Any, p: float, dim: int, maxnorm: float) -> Any:
    axes = tuple(i for i in range(x.ndim) if i != dim % x.ndim)
    size = (np.abs(x) ** p).sum(axes, keepdims=True) ** (1 / p)
    # The divisor of a slice that is too long carries 1e-7 against overflow.
    return np.where(size > maxnorm, x * (maxnorm / (size + 1e-7)), x)


def histogram_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((20,), dtype), 4, range=(-2.0, 2.0))
    yield sample(make((4, 5), dtype), make.value([-3.0, -1.0, 0.0, 3.0], dtype))
    yield sample(make((6,), dtype), 3, range=(-3.0, 3.0), density=True)


def histogram(x: Any, bins: Any, range: Any = None, density: bool = False) -> Any:
    return np.histogram(x, bins, range, density)


def pdist_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for p in (2.0, 1.0, 3.0):
        yield sample(make.distinct((4, 3), dtype), p)


def pdist(x: Any, p: float = 2.0) -> Any:
    rows, columns = np.triu_indices(len(x), 1)
    return (np.abs(x[rows] - x[columns]) ** p).sum(-1) ** (1 / p)


def shuffle_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((1, 4, 2, 2), dtype), 2)
    yield sample(make((2, 6, 3), dtype, layout="transposed"), 3)


def channel_shuffle(x: Any, groups: int) -> Any:
    n, c, *space = x.shape
    return x.reshape(n, groups, c // groups, *space).swapaxes(1, 2).reshape(x.shape)


def unravel_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((5,), dtype, low=0, high=11), (3, 4))
    yield sample(make((2, 3), dtype, low=0, high=23), (2, 3, 4))


def numel_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (3,), (2, 3), (0, 4)):
        yield sample(make(shape, dtype))


def one_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (1,), (1, 1)):
        yield sample(make(shape, dtype))


def strided_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((12,), dtype), make((3, 2), dtype), (3, 2), (4, 1)).but(
        grad=False
    )
    yield sample(make((3, 4), dtype), make((2, 2), dtype), (2, 2), (4, 1), 1).but(
        grad=False
    )


def as_strided_scatter(x: Any, source: Any, size: Any, stride: Any, at: int = 0) -> Any:
    out = x.copy()
    rows, columns = np.indices(size)
    out.reshape(-1)[at + rows * stride[0] + columns * stride[1]] = source
    return out


def detach_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype))
    yield sample(make((3, 4), dtype, layout="transposed"))


def gumbel_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype)).but(grad=False)
    yield sample(make((3, 4), dtype), 0.5, True).but(grad=False)


def kind_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2,), dtype))


TABLE: list[OpSamples] = [
    OpSamples("cov", NUMBERS, covariance_inputs, cov, variants="m", result="float"),
    OpSamples(
        "corrcoef", NUMBERS, table_inputs, np.corrcoef, variants="m", result="float"
    ),
    OpSamples("gradient", INEXACT | SIGNED, gradient_inputs, gradient),
    OpSamples("renorm", INEXACT, renorm_inputs, renorm, variants="mio", result="same"),
    OpSamples(
        "histogram", FULLS, histogram_inputs, histogram, variants="mo", grad=False
    ),
    OpSamples(
        "nn.functional.pdist", FULLS, pdist_inputs, pdist, gradgrad=False, result="same"
    ),
    OpSamples(
        "channel_shuffle",
        ALL,
        shuffle_inputs,
        channel_shuffle,
        records=("native_channel_shuffle",),
        result="same",
    ),
    OpSamples(
        "unravel_index",
        INTS,
        unravel_inputs,
        lambda x, shape: np.unravel_index(x, shape),
        grad=False,
    ),
    OpSamples(
        "as_strided_scatter",
        ALL,
        strided_inputs,
        as_strided_scatter,
        any_layout=False,
        variants="m",
        grad=False,
        result="same",
    ),
    OpSamples(
        "detach",
        ALL,
        detach_inputs,
        lambda x: x,
        variants="m",
        grad=False,
        result="same",
    ),
    OpSamples(
        "nn.functional.gumbel_softmax",
        FLOATS,
        gumbel_inputs,
        seeded=True,
        grad=False,
        result="same",
    ),
    OpSamples("numel", ALL, numel_inputs, np.size, variants="m", grad=False),
    OpSamples(
        "is_nonzero",
        ALL,
        one_inputs,
        lambda x: bool(x.reshape(())[()]),
        variants="m",
        grad=False,
    ),
    OpSamples("Tensor.item", ALL, one_inputs, lambda x: x.item(), grad=False),
    OpSamples("Tensor.tolist", ALL, numel_inputs, lambda x: x.tolist(), grad=False),
    OpSamples(
        "is_complex", ALL, kind_inputs, np.iscomplexobj, variants="m", grad=False
    ),
    OpSamples(
        "is_floating_point",
        ALL,
        kind_inputs,
        lambda x: x.dtype.kind == "f",
        variants="m",
        grad=False,
    ),
]
