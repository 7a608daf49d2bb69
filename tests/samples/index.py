"""Samples of indexing by tensor: selections, masks, take and put."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, REAL, kind, promote
from .scatter import scatter_reduce
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def index_select_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in (((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 2), -2)):
        for layout in ("contiguous", "transposed"):
            x = make(shape, dtype, layout=layout)
            yield sample(x, dim, make.indices((4,), shape[dim]))
    yield sample(make((3, 4), dtype), 1, make.indices((2,), 4, "int32"))
    yield sample(make((3, 4), dtype), 1, make.indices((), 4))
    yield sample(make((3, 4), dtype), 0, make.indices((0,), 1)).but(grad=False)
    yield sample(make((), dtype), 0, make.value([0], "int64"))


def index_select(x: Any, dim: int, index: Any) -> Any:
    return x if x.ndim == 0 else np.take(x, np.atleast_1d(index), dim)


def index_select_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3, 4), "float32")
    yield error(
        IndexError, "index out of range in self", x, 0, make.value([3], "int64")
    )
    text = "index_select(): Index is supposed to be a vector"
    yield error(IndexError, text, x, 0, make.indices((2, 2), 3))


def index_write_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in (((5,), 0), ((4, 3), 0), ((3, 4), 1), ((2, 4, 2), -2)):
        size = list(shape)
        size[dim] = 2
        index = make.value(make.rng.permutation(shape[dim])[:2], "int64")
        yield sample(make(shape, dtype), dim, index, make(size, dtype))
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, 1, make.value([2, 0], "int64"), make((4, 2), dtype))


def index_add_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from index_write_inputs(make, dtype)
    index = make.value([1, 0, 1], "int64")
    x, source = make((2, 3), dtype), make((3, 3), dtype, layout="transposed")
    yield sample(x, 0, index, source)
    yield sample(x, 0, index, source, alpha=1 if kind(dtype) == "b" else 2)


def at_dim(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    full: list[Any] = [slice(None)] * x.ndim
    full[dim] = index
    return tuple(full)


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    out = x.copy()
    out[at_dim(x, dim, index)] = source
    return out


def index_add(x: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    out = x.copy()
    np.add.at(out, at_dim(x, dim, index), source if alpha == 1 else alpha * source)
    return out


def index_reduce_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for include in (True, False):
        for how in ("prod", "mean", "amax", "amin"):
            both = make.distinct((3, 7), dtype)
            x, source = both[:, :3], both[:, 3:]
            index = make.value([1, 0, 1, 1], "int64")
            smooth = how != "prod" or kind(dtype) == "f"
            exact = not (how == "mean" and kind(dtype) in "ib")
            yield sample(x, 1, index, source, how, include_self=include).but(
                grad=smooth, reference=exact
            )


def index_reduce(
    x: Any, dim: int, index: Any, source: Any, how: str, include_self: bool = True
) -> Any:
    full = np.broadcast_to(index, source.shape)
    return scatter_reduce(x, dim, full, source, how, include_self)


def index_fill_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    index = make.value([2, 0], "int64")
    for shape, dim in (((5,), 0), ((4, 3), 1), ((3, 2), -2)):
        yield sample(make(shape, dtype), dim, index, 1)
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, 0, index, make((), dtype))


def masked_fill_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, mask in (((4,), (4,)), ((3, 4), (4,)), ((3, 4), (3, 1)), ((), ())):
        yield sample(make(shape, dtype), make.mask(mask), 1)
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, make.mask((4, 3), "strided"), make((), dtype))
    yield sample(make((0, 3), dtype), make.mask((3,)), 1).but(grad=False)


def masked_fill_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    text = "masked_fill_ only supports boolean masks"
    yield error(RuntimeError, text, x, make((3,), "int64"), 1.0)
    text = "value cannot be converted to type"
    yield error(RuntimeError, text, make((3,), "int32"), make.mask((3,)), 2**40)


def masked_select_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, mask in (
        ((4,), (4,)),
        ((3, 4), (3, 4)),
        ((3, 4), (4,)),
        ((1, 4), (3, 1)),
    ):
        flags = make.mask(mask)
        flags[..., -1:] = True
        yield sample(make(shape, dtype), flags)
    yield sample(make((4, 3), dtype, layout="transposed"), make.mask((4, 3), "strided"))
    yield sample(make((), dtype), make.value(True, "bool"))


def masked_select(x: Any, mask: Any) -> Any:
    x, mask = np.broadcast_arrays(x, mask)
    return x[mask]


def masked_select_errors(make: Any) -> Iterable[ErrorInput]:
    text = "masked_select: expected BoolTensor for mask"
    yield error(RuntimeError, text, make((3,), "float32"), make((3,), "int64"))


def masked_scatter_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype), make.mask((3, 4)), make((12,), dtype))
    yield sample(make((3, 4), dtype), make.mask((4,)), make((3, 4), dtype))
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, make.mask((4, 3), "transposed"), make((5, 3), dtype))


def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    out, mask = x.copy(), np.broadcast_to(mask, x.shape)
    out[mask] = source.reshape(-1)[: mask.sum()]
    return out


def masked_scatter_errors(make: Any) -> Iterable[ErrorInput]:
    x, ones = make((3,), "float32"), make.value([True] * 3, "bool")
    text = "number of elements of source < number of ones in mask"
    yield error(RuntimeError, text, x, ones, make((2,), "float32"))


def where_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for c, a, b in (((3,), (3,), (3,)), ((2, 1), (3,), ()), ((), (2, 3), (3,))):
        yield sample(make.mask(c), make(a, dtype), make(b, dtype))
    x = make((4, 3), dtype, layout="transposed")
    yield sample(make.mask((4, 3), "strided"), x, make((4, 3), dtype))
    yield sample(make.mask((0, 3)), make((3,), dtype), make((3,), dtype)).but(
        grad=False
    )
    if kind(dtype) in "fc":
        yield sample(make.mask((2, 3)), x[:2], 0.5)
        yield sample(make.mask((2, 3)), 1, x[:2])
    for other in ("int64", "float32"):
        result = promote(dtype, other)
        y = make((3,), other)
        yield sample(make.mask((3,)), make((3,), dtype), y).but(
            result=result, grad=False
        )


def where_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    text = "where expected condition to be a boolean tensor"
    yield error(RuntimeError, text, make((3,), "int64"), x, x)


def nonzero_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((6,), (3, 4), (2, 2, 3), (0, 2)):
        yield sample(make(shape, dtype, low=-1, high=1))
    yield sample(make.value([[0, 1, 0], [1, 0, 1]], dtype))
    yield sample(make.value(1, dtype))
    yield sample(make.value(0, dtype))
    yield sample(make((4, 3), dtype, low=0, high=1, layout="transposed"))


def nonzero(x: Any) -> Any:
    if x.ndim == 0:
        return np.zeros((int(x != 0), 0), np.int64)
    return np.argwhere(x)


def tuple_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.value([[0, 1, 0], [1, 0, 1]], dtype), as_tuple=True)
    yield sample(make((6,), dtype, low=-1, high=1), as_tuple=True)


def take_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((3,), (2, 2), (), (0,)):
        x, index = make((3, 4), dtype), make.indices(shape, 12, low=-12)
        yield sample(x, index).but(grad=0 not in shape)
    yield sample(make((4, 3), dtype, layout="transposed"), make.indices((5,), 12))


def take_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = "out of range: tried to access index 9 on a tensor of 6 elements."
    yield error(IndexError, text, x, make.value([9], "int64"))


def take_along_dim_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype), make.indices((3, 2), 4), 1)
    yield sample(make((3, 4), dtype), make.indices((1, 4), 3), dim=0)
    yield sample(make((3, 4), dtype), make.indices((5,), 12))
    yield sample(make((4, 3), dtype, layout="transposed"), make.indices((4, 3), 3), -1)


def take_along_dim(x: Any, index: Any, dim: int | None = None) -> Any:
    if dim is None:
        return x.reshape(-1)[index.reshape(-1)]
    both = [list(x.shape), list(index.shape)]
    both[0][dim] = both[1][dim] = 1
    shape = list(np.broadcast_shapes(*both))
    shape[dim] = index.shape[dim]
    index = np.broadcast_to(index, shape)
    shape[dim] = x.shape[dim]
    return np.take_along_axis(np.broadcast_to(x, shape), index, dim)


def put_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    index = make.value([0, 5, -1, 7], "int64")
    yield sample(make((3, 4), dtype), index, make((4,), dtype))
    yield sample(make((4, 3), dtype, layout="transposed"), index, make((2, 2), dtype))
    again = make.value([0, 5, 5, 0], "int64")
    yield sample(make((3, 4), dtype), again, make((4,), dtype), accumulate=True)


def put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    out = x.copy().reshape(-1)
    if accumulate:
        np.add.at(out, index.reshape(-1), source.reshape(-1))
    else:
        out[index.reshape(-1)] = source.reshape(-1)
    return out.reshape(x.shape)


def index_put_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    rows, columns = make.value([0, 2], "int64"), make.value([1, 3], "int64")
    yield sample(make((3, 4), dtype), (rows, columns), make((2,), dtype))
    yield sample(make((3, 4), dtype), (rows,), make((4,), dtype))
    yield sample(make((3, 4), dtype), (rows[:, None], columns), make((), dtype))
    again = make.value([1, 1], "int64")
    x = make((4, 3), dtype, layout="transposed")
    yield sample(x, (again,), make((2, 3), dtype), accumulate=True)
    flags = make.value([True, False, True], "bool")
    yield sample(make((3, 4), dtype), (flags,), make((2, 4), dtype))


def index_put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    out = x.copy()
    if accumulate:
        np.add.at(out, tuple(index), source)
    else:
        out[tuple(index)] = source
    return out


def select_scatter_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 4), dtype), make((4,), dtype), 0, 1)
    yield sample(make((4, 3), dtype, layout="transposed"), make((4,), dtype), 1, -1)


def select_scatter(x: Any, source: Any, dim: int, index: int) -> Any:
    out = x.copy()
    out[at_dim(x, dim, index)] = source
    return out


def slice_scatter_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((6, 2), dtype), make((2, 2), dtype), 0, 1, 5, 2)
    yield sample(make((3, 4), dtype), make((3, 2), dtype), 1, 2)


def slice_scatter(
    x: Any, source: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    out = x.copy()
    out[at_dim(x, dim, slice(start, end, step))] = source
    return out


def diagonal_scatter_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((3, 3), dtype), make((3,), dtype))
    yield sample(make((3, 4), dtype), make((3,), dtype), 1)


def diagonal_scatter(x: Any, source: Any, offset: int = 0) -> Any:
    out = x.copy()
    rows = np.arange(len(source))
    out[rows, rows + offset] = source
    return out


def argwhere_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from nonzero_inputs(make, dtype)


def getitem_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((3, 4, 2), dtype, layout="transposed")
    rows, mask = make.value([2, 0, 2], "int64"), make.mask((3, 4))
    for index in (
        0,
        -1,
        slice(1, None),
        (slice(None, None, 2), 1),
        (..., 0),
        (None, slice(None), 2),
        rows,
        (slice(None), make.value([[1, 3]], "int64")),
        (rows, slice(None), make.value([0, 1, 1], "int64")),
        mask,
        (1, make.value([3, 1], "int64"), slice(0, 1)),
    ):
        yield sample(x, index)


def getitem(x: Any, index: Any) -> Any:
    return x[index]


TABLE: list[OpSamples] = [
    OpSamples(
        "operator.getitem",
        ALL,
        getitem_inputs,
        getitem,
        call=lambda xp: getitem,
        result="same",
        records=("index", "slice", "alias"),
    ),
    OpSamples(
        "index_select",
        ALL,
        index_select_inputs,
        index_select,
        errors=index_select_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "index_copy", ALL, index_write_inputs, index_copy, variants="mio", result="same"
    ),
    OpSamples(
        "index_add", ALL, index_add_inputs, index_add, variants="mio", result="same"
    ),
    OpSamples(
        "index_reduce",
        REAL,
        index_reduce_inputs,
        index_reduce,
        variants="mio",
        result="same",
    ),
    OpSamples(
        "index_fill", ALL, index_fill_inputs, index_copy, variants="mi", result="same"
    ),
    OpSamples(
        "index_put", ALL, index_put_inputs, index_put, variants="mi", result="same"
    ),
    OpSamples(
        "masked_fill",
        ALL,
        masked_fill_inputs,
        lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x),
        errors=masked_fill_errors,
        variants="mi",
        result="same",
    ),
    OpSamples(
        "masked_select",
        ALL,
        masked_select_inputs,
        masked_select,
        errors=masked_select_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "masked_scatter",
        ALL,
        masked_scatter_inputs,
        masked_scatter,
        errors=masked_scatter_errors,
        variants="mi",
        result="same",
    ),
    OpSamples(
        "where",
        ALL,
        where_inputs,
        np.where,
        errors=where_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "nonzero",
        ALL,
        nonzero_inputs,
        nonzero,
        variants="mo",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "nonzero",
        ALL,
        tuple_inputs,
        lambda x, as_tuple: np.nonzero(x),
        label="tuple",
        records=("nonzero_numpy",),
        variants="m",
        grad=False,
    ),
    OpSamples(
        "argwhere",
        ALL,
        argwhere_inputs,
        nonzero,
        variants="m",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "take",
        ALL,
        take_inputs,
        lambda x, i: x.reshape(-1)[i],
        errors=take_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "take_along_dim",
        ALL,
        take_along_dim_inputs,
        take_along_dim,
        variants="mo",
        result="same",
    ),
    OpSamples("Tensor.put", ALL, put_inputs, put, result="same"),
    OpSamples(
        "select_scatter",
        ALL,
        select_scatter_inputs,
        select_scatter,
        variants="m",
        complex_grad=False,
        result="same",
    ),
    OpSamples(
        "slice_scatter",
        ALL,
        slice_scatter_inputs,
        slice_scatter,
        variants="mo",
        complex_grad=False,
        result="same",
    ),
    OpSamples(
        "diagonal_scatter",
        ALL,
        diagonal_scatter_inputs,
        diagonal_scatter,
        variants="m",
        result="same",
    ),
]
