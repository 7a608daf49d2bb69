"""Samples of gather and of the scatter family."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, kind
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def gather_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim, index in (
        ((5,), 0, (3,)),
        ((3, 4), 0, (2, 4)),
        ((3, 4), 1, (3, 6)),
        ((3, 4), -1, (2, 2)),
        ((2, 3, 4), 1, (2, 5, 3)),
        ((), 0, ()),
        ((3, 4), 1, (3, 0)),
    ):
        below = shape[dim] if shape else 1
        x = make(shape, dtype)
        yield sample(x, dim, make.indices(index, below)).but(grad=0 not in index)
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, 0, make.indices((3, 3), 4, "int32"))
    yield sample(make((4, 3), dtype, layout="expanded"), 1, make.indices((4, 2), 3))


def gather(x: Any, dim: int, index: Any) -> Any:
    if x.ndim == 0:
        return x
    grid = list(np.indices(index.shape, sparse=True))
    grid[dim] = index
    return x[tuple(grid)]


def gather_errors(make: Any) -> Iterable[ErrorInput]:
    x, floats = make((3, 4), "float32"), make((3, 4), "float32")
    index = make.value([[0, 9]], "int64")
    text = "index 9 is out of bounds for dimension 1 with size 4"
    yield error(RuntimeError, text, x, 1, index)
    text = "gather(): Expected dtype int32/int64 for index"
    yield error(RuntimeError, text, x, 1, floats)
    text = "Index tensor must have the same number of dimensions as input tensor"
    yield error(RuntimeError, text, x, 1, make.indices((3,), 2))
    yield error(IndexError, "Dimension out of range", x, 2, index)


def distinct_index(make: Any, shape: tuple[int, ...], dim: int, below: int) -> Any:
    """Indices without repetition along `dim`, so that a write has one meaning."""
    moved = [s for i, s in enumerate(shape) if i != dim % len(shape)]
    rows = [
        make.rng.permutation(below)[: shape[dim]] for _ in range(int(np.prod(moved)))
    ]
    index = np.stack(rows).reshape(*moved, shape[dim])
    return make.value(np.moveaxis(index, -1, dim), "int64")


SCATTERS = (
    ((5,), 0, (3,)),
    ((3, 4), 0, (2, 4)),
    ((3, 4), 1, (3, 3)),
    ((3, 4), -1, (2, 2)),
    ((2, 3, 4), 1, (2, 2, 3)),
)


def scatter_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim, size in SCATTERS:
        index = distinct_index(make, size, dim, shape[dim])
        yield sample(make(shape, dtype), dim, index, make(size, dtype))
    x = make((4, 3), dtype, layout="transposed")
    index = distinct_index(make, (2, 3), 0, 4)
    yield sample(x, 0, index, make((3, 3), dtype, layout="strided")).but(grad=False)
    yield sample(x, 0, index, 2)
    yield sample(make((3, 4), dtype), 1, make.indices((3, 0), 1), make((3, 4), dtype))


def accumulate_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim, size in SCATTERS:
        index = make.indices(size, shape[dim])
        yield sample(make(shape, dtype), dim, index, make(size, dtype))
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, 0, make.indices((6, 3), 4), make((6, 3), dtype, layout="strided"))
    if dtype == "float32":
        index = make.indices((500, 3), 4)
        yield sample(x, 0, index, make((500, 3), dtype)).but(grad=False)


def positions(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    grid = list(np.indices(index.shape, sparse=True))
    grid[dim] = index
    return tuple(grid)


def source_of(src: Any, index: Any) -> Any:
    return src[tuple(slice(n) for n in index.shape)] if np.ndim(src) else src


def scatter(x: Any, dim: int, index: Any, src: Any) -> Any:
    out = x.copy()
    out[positions(x, dim, index)] = source_of(src, index)
    return out


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    out = x.copy()
    np.add.at(out, positions(x, dim, index), source_of(src, index))
    return out


# Reductions that have no meaning in a category of dtypes.
NO_REDUCTION = {("b", "mean"), ("c", "amax"), ("c", "amin")}


def scatter_reduce_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for include in (True, False):
        for how in ("sum", "prod", "mean", "amax", "amin"):
            if (kind(dtype), how) in NO_REDUCTION:
                continue
            options = {"include_self": include}
            if how in ("sum", "mean"):
                x, src = make((3, 4), dtype), make((3, 6), dtype)
            elif how == "prod":
                bounds = {"low": 1, "high": 2}
                x = make((3, 4), dtype, **bounds)
                src = make((3, 6), dtype, **bounds)
            else:
                both = make.distinct((3, 10), dtype)
                x, src = both[:, :4], both[:, 4:]
            index = make.indices((3, 6), 4)
            exact = not (how == "mean" and kind(dtype) in "ib")
            yield sample(x, 1, index, src, how, **options).but(reference=exact)


def scatter_reduce(
    x: Any, dim: int, index: Any, src: Any, how: str, include_self: bool = True
) -> Any:
    out, at = x.copy(), positions(x, dim, index)
    count = np.full(x.shape, int(include_self))
    if not include_self:
        neutral = {"prod": 1, "sum": 0, "mean": 0, "amax": None, "amin": None}[how]
        src_values = source_of(src, index)
        if neutral is None:
            out[at] = src_values.min() if how == "amax" else src_values.max()
        else:
            out[at] = neutral
    operation: Any = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}
    operation.get(how, np.add).at(out, at, source_of(src, index))
    if how == "mean":
        np.add.at(count, at, 1)
        out = out / np.maximum(count, 1)
    return out


def scatter_errors(make: Any) -> Iterable[ErrorInput]:
    x, index = make((3, 4), "float32"), make.indices((3, 4), 4)
    text = "scatter(): Expected self.dtype to be equal to src.dtype"
    yield error(RuntimeError, text, x, 1, index, make((3, 4), "float64"))
    text = "scatter(): Expected dtype int32/int64 for index"
    yield error(RuntimeError, text, x, 1, make((3, 4), "float32"), x)
    text = "index 7 is out of bounds for dimension 1 with size 4"
    yield error(RuntimeError, text, x, 1, make.value([[7]], "int64"), x)


TABLE: list[OpSamples] = [
    OpSamples(
        "gather",
        ALL,
        gather_inputs,
        gather,
        errors=gather_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "scatter",
        ALL,
        scatter_inputs,
        scatter,
        errors=scatter_errors,
        variants="mio",
        result="same",
    ),
    OpSamples(
        "scatter_add",
        ALL,
        accumulate_inputs,
        scatter_add,
        variants="mio",
        result="same",
    ),
    OpSamples(
        "scatter_reduce",
        ALL,
        scatter_reduce_inputs,
        scatter_reduce,
        variants="mio",
        complex_grad=False,
        result="same",
    ),
]
