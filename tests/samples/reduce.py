"""Samples of reductions."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import special

from .dtypes import ALL, BOOL, FLOATS, FULLS, INEXACT, REAL, kind
from .scan_sort import dim_errors
from .table import ErrorInput, OpSamples, SampleInput, error, sample

Reference = Callable[..., Any]


def tensor_of(make: Any, dtype: str, distinct: bool) -> Callable[..., Any]:
    """Maker of one tensor: random, or free of ties."""

    def build(shape: tuple[int, ...], layout: str = "contiguous") -> Any:
        if distinct:
            return make.distinct(shape, dtype, layout)
        return make(shape, dtype, layout=layout)

    return build


def reduce_inputs(
    make: Any,
    dtype: str,
    whole: bool = True,
    several: bool = True,
    empty: bool = True,
    distinct: bool = False,
    special_values: bool = True,
) -> Iterable[SampleInput]:
    """Over all, one and several dimensions, negative ones, kept ones, empty ones."""
    build = tensor_of(make, dtype, distinct)
    if whole:
        for shape in ((), (5,), (2, 3)):
            yield sample(build(shape))
        yield sample(build((4, 3), "transposed"))
        yield sample(build((4, 3), "strided"))
    for dim in (0, 1, -1):
        yield sample(build((3, 4)), dim)
        yield sample(build((2, 3, 2), "transposed"), dim, keepdim=True)
    yield sample(build((3, 4), "strided"), 1)
    yield sample(build(()), 0)
    yield sample(build(()), -1, keepdim=True)
    yield sample(build((4, 1)), 1)
    if not distinct:
        yield sample(build((4, 3), "expanded"), 0)
    if several:
        yield sample(build((2, 3, 2)), (0, 2))
        yield sample(build((2, 3, 2), "transposed"), (-1, 1), keepdim=True)
    yield sample(build((3, 0, 2)), 0).but(grad=False)
    if empty:
        yield sample(build((3, 0)), 1).but(grad=False)
        if whole:
            yield sample(build((0,))).but(grad=False)
    if dtype in ("float32", "int64"):
        yield sample(build((7, 613)), 1).but(grad=False)
        yield sample(build((613, 7)), 0).but(grad=False)
        if whole:
            yield sample(build((71, 131))).but(grad=False)
    if special_values and kind(dtype) == "f":
        rows = [[1.0, np.nan, 2.0], [np.inf, 1.0, 3.0], [-np.inf, np.inf, 0.5]]
        yield sample(make.value(rows, dtype), 1).but(grad=False)


def reducer(
    function: Reference, name_of_dims: str = "axis", wide: bool = False
) -> Reference:
    """NumPy reduction under torch's argument names."""

    def reference(x: Any, dim: Any = None, keepdim: bool = False, **rest: Any) -> Any:
        if x.ndim == 0:
            dim = None
            keepdim = False
        if dim is not None and not isinstance(dim, int):
            dim = tuple(dim)
        if wide and x.dtype.kind in "biu":
            x = x.astype(np.int64)
        return function(x, **{name_of_dims: dim}, keepdims=keepdim, **rest)

    return reference


def reduction(
    name: str,
    reference: Reference | None,
    *,
    dtypes: frozenset[str],
    extra: Callable[[Any, str], Iterable[SampleInput]] | None = None,
    whole: bool = True,
    several: bool = True,
    empty: bool = True,
    distinct: bool = False,
    special_values: bool = True,
    spread: bool = False,
    **fields: Any,
) -> OpSamples:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for item in reduce_inputs(
            make, dtype, whole, several, empty, distinct, special_values
        ):
            # The variance of a single element is NaN.
            single = tuple(item.args[0].shape) in ((), (4, 1))
            yield item.but(grad=item.grad and not (single and spread))
        if extra is not None:
            yield from extra(make, dtype)

    return OpSamples(name, dtypes, inputs, reference, **fields)


def with_dtype(make: Any, dtype: str) -> Iterable[SampleInput]:
    wide = "complex128" if kind(dtype) == "c" else "float64"
    x = make((2, 3), dtype)
    yield sample(x, 1, dtype=make.dtype(wide)).but(result=wide, grad=False)
    yield sample(x, dtype=make.dtype(wide)).but(result=wide, grad=False)


def one_dim_prod(make: Any, dtype: str) -> Iterable[SampleInput]:
    """Products small enough for every dtype, with none, one and two zeros."""
    low, high = (0.5, 1.5) if kind(dtype) in "fc" else (1, 2)
    for shape in ((), (5,), (2, 3)):
        yield sample(make(shape, dtype, low=low, high=high))
    for dim in (0, 1, -1):
        x = make((3, 4), dtype, low=low, high=high, layout="transposed")
        yield sample(x, dim)
        yield sample(x, dim, keepdim=True)
    x = make((3, 4), dtype, low=low, high=high)
    yield sample(x * make.value([[1], [0], [1]], dtype), 1)
    zeros = make.value([[1, 0, 1], [0, 1, 0], [1, 1, 1]], dtype)
    yield sample(x[:, :3] * zeros, 1)
    yield sample(x[:, :3] * zeros)
    yield sample(make((3, 0), dtype), 1).but(grad=False)
    if kind(dtype) in "bif":
        wide = make.dtype("float64")
        yield sample(x, 1, dtype=wide).but(result="float64", grad=False)


def variance_extra(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((4, 3), dtype)
    for correction in (0, 2):
        yield sample(x, 0, correction=correction)
        yield sample(x, correction=correction, keepdim=True)
    yield sample(x, unbiased=False)
    yield sample(x, 0, unbiased=True)


def variance(function: Reference) -> Reference:
    def reference(
        x: Any,
        dim: Any = None,
        unbiased: bool = True,
        keepdim: bool = False,
        correction: float | None = None,
    ) -> Any:
        ddof = int(unbiased) if correction is None else correction
        return reducer(function)(x, dim, keepdim, ddof=ddof)

    return reference


def with_mean(function: Reference) -> Reference:
    def reference(x: Any, dim: Any = None, **kwargs: Any) -> Any:
        keepdim = kwargs.get("keepdim", False)
        return function(x, dim, **kwargs), reducer(np.mean)(x, dim, keepdim)

    return reference


def indexed(values: Reference, indices: Reference) -> Reference:
    """(values, indices) along one dimension, the value alone over all."""

    def reference(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if x.ndim == 0:
            return x if dim is None else (x, np.zeros((), np.int64))
        if dim is None:
            return values(x, axis=None)
        index = indices(x, axis=dim, keepdims=True)
        found = np.take_along_axis(x, index, dim)
        if keepdim:
            return found, index
        return found.squeeze(dim), index.squeeze(dim)

    return reference


def arg(function: Reference) -> Reference:
    def reference(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if x.ndim == 0:
            return np.zeros((), np.int64)
        return function(x, axis=dim, keepdims=keepdim)

    return reference


def lower_median_index(x: Any, axis: int, keepdims: bool = True) -> Any:
    order = np.argsort(x, axis=axis, kind="stable")
    middle = (x.shape[axis] - 1) // 2
    index = np.take(order, [middle], axis)
    broken = np.isnan(x).any(axis=axis, keepdims=True)
    return np.where(broken, np.isnan(x).argmax(axis=axis, keepdims=True), index)


def lower_nanmedian_index(x: Any, axis: int, keepdims: bool = True) -> Any:
    order = np.argsort(x, axis=axis, kind="stable")
    count = (~np.isnan(x)).sum(axis=axis, keepdims=True)
    middle = np.maximum(count - 1, 0) // 2
    return np.take_along_axis(order, middle, axis)


def whole_of(index: Reference) -> Reference:
    return lambda x, axis=None: x.reshape(-1)[index(x.reshape(-1), 0)[0]]


def kthvalue_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for k in (1, 2, 3):
        yield sample(make.distinct((3, 4), dtype), k, 0)
        yield sample(make.distinct((3, 4), dtype, "transposed"), k, -1, True)
    yield sample(make.distinct((5,), dtype), 2)
    yield sample(make.distinct((), dtype), 1)


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    index = np.take(np.argsort(x, axis=dim, kind="stable"), [k - 1], dim)
    found = np.take_along_axis(x, index, dim)
    return (found, index) if keepdim else (found.squeeze(dim), index.squeeze(dim))


def kthvalue_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(RuntimeError, "selected number k out of range", x, 4)


def mode_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    rows = [[1, 2, 2, 3], [0, 0, 1, 1], [2, 1, 2, 1]]
    for dim in (0, 1, -1):
        yield sample(make.value(rows, dtype), dim).but(grad=False)
    yield sample(make.value([1, 2, 2, 3], dtype)).but(grad=False)
    yield sample(make((), dtype), 0)
    if kind(dtype) == "f":
        yield sample(make.distinct((3, 1), dtype), 1)


def mode_values(x: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent value, the least of several; which index is not promised."""

    def most(row: Any) -> Any:
        values, counts = np.unique(row, return_counts=True)
        return values[counts.argmax()]

    return (x if x.ndim == 0 else np.apply_along_axis(most, dim, x)), None


def quantile_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make.distinct((3, 4), dtype)
    for mode in ("linear", "lower", "higher", "midpoint", "nearest"):
        yield sample(x, 0.3, 1, interpolation=mode)
    yield sample(x, 0.5)
    yield sample(x, make.value([0.0, 0.25, 0.9, 1.0], dtype), 0, True)
    yield sample(make.distinct((4, 3), dtype, "transposed"), 0.75, dim=-1)
    yield sample(make.value([[1.0, np.nan, 3.0]], dtype), 0.5, 1).but(grad=False)


def quantile(function: Reference) -> Reference:
    def reference(
        x: Any,
        q: Any,
        dim: int | None = None,
        keepdim: bool = False,
        interpolation: str = "linear",
    ) -> Any:
        return function(x, q, axis=dim, keepdims=keepdim, method=interpolation)

    return reference


def quantile_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(RuntimeError, "must be in the range [0, 1]", x, 1.5)
    text = "must be either float or double dtype"
    yield error(RuntimeError, text, make((3,), "int64"), 0.5)


def norm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    def tensor(*shape: int, layout: str = "contiguous") -> Any:
        return make.distinct(shape, dtype, layout)

    for order in (2, 1, 3, 0.5, math.inf, -math.inf, 0):
        smooth = order not in (0, -math.inf) and kind(dtype) == "f"
        yield sample(tensor(2, 3), order).but(grad=smooth)
        yield sample(tensor(4, 3, layout="transposed"), order, 1).but(grad=smooth)
    yield sample(tensor(2, 3))
    yield sample(tensor(2, 3, 2), 2, (0, 2), True)
    yield sample(tensor(3, 4), 2, -1)
    yield sample(tensor(), 2)
    yield sample(tensor(0, 3), 2, 0).but(grad=False)


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    dim = dim if dim is None or isinstance(dim, int) else tuple(dim)
    if x.ndim == 0:
        dim = None
    size = np.abs(x)
    if ord == 0:
        return (size != 0).sum(axis=dim, keepdims=keepdim).astype(float)
    if math.isinf(ord):
        return (np.max if ord > 0 else np.min)(size, axis=dim, keepdims=keepdim)
    return (size**ord).sum(axis=dim, keepdims=keepdim) ** (1 / ord)


def logsumexp_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from reduce_inputs(make, dtype, whole=False, special_values=False)
    if kind(dtype) == "f":
        rows = [[500.0, 501.0], [-np.inf, -np.inf], [np.inf, 1.0], [-np.inf, 2.0]]
        yield sample(make.value(rows, dtype), 1).but(grad=False)


def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Any:
    if x.ndim == 0:
        return x
    dim = dim if isinstance(dim, int) else tuple(dim)
    if x.shape[dim if isinstance(dim, int) else 0] == 0:
        shape = np.sum(x, axis=dim, keepdims=keepdim).shape
        return np.full(shape, -np.inf)
    return special.logsumexp(x, axis=dim, keepdims=keepdim)


def aminmax_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.distinct((5,), dtype))
    yield sample(make.distinct((), dtype))
    for dim in (0, 1, -1):
        yield sample(make.distinct((3, 4), dtype), dim=dim)
        x = make.distinct((3, 4), dtype, "transposed")
        yield sample(x, dim=dim, keepdim=True)


def aminmax(x: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    if x.ndim == 0:
        return x, x
    return x.min(dim, keepdims=keepdim), x.max(dim, keepdims=keepdim)


def count_nonzero_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((3, 4), dtype, low=-1, high=1)
    yield sample(make.value([[0, 1, 0], [2, 0, 1]], dtype))
    for dim in (None, 0, 1, -1, (0, 1)):
        yield sample(make.value([[0, 1, 0], [1, 0, 0]], dtype), dim)
    yield sample(x)
    yield sample(make((0, 3), dtype), 0)


def mean_errors(make: Any) -> Iterable[ErrorInput]:
    text = "mean(): could not infer output dtype. Input dtype must be either a floating"
    yield error(RuntimeError, text, make((3,), "int64"))
    yield from dim_errors(make)


def empty_extremum_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 0), "float32")
    text = "Expected reduction dim 1 to have non-zero size."
    yield error(IndexError, text, x, 1)
    yield from dim_errors(make)


def repeated_dim_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(RuntimeError, "appears multiple times in the list of dims", x, (0, 0))
    yield from dim_errors(make)


def std_mean(function: Reference) -> Reference:
    return with_mean(variance(function))


def nansum(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = x if dtype is None else x.astype(dtype)
    return reducer(np.nansum, wide=True)(x, dim, keepdim)


def truth(function: Reference) -> Reference:
    return reducer(lambda x, **k: function(x != 0, **k))


ONE_DIM: dict[str, Any] = {"several": False, "empty": False}
EXTREMUM: dict[str, Any] = {**ONE_DIM, "distinct": True}

TABLE: list[OpSamples] = [
    reduction(
        "sum",
        reducer(np.sum, wide=True),
        extra=with_dtype,
        errors=repeated_dim_errors,
        dtypes=ALL,
        variants="mo",
        result="sum",
    ),
    reduction(
        "mean",
        reducer(np.mean),
        extra=with_dtype,
        errors=mean_errors,
        dtypes=INEXACT,
        variants="mo",
        result="same",
    ),
    reduction(
        "nansum",
        nansum,
        extra=with_dtype,
        dtypes=REAL | BOOL,
        variants="mo",
        result="sum",
    ),
    reduction(
        "nanmean",
        reducer(np.nanmean),
        extra=with_dtype,
        dtypes=FLOATS,
        variants="mo",
        result="same",
    ),
    reduction(
        "var",
        variance(np.var),
        extra=variance_extra,
        spread=True,
        dtypes=INEXACT,
        variants="mo",
        result="real",
    ),
    reduction(
        "std",
        variance(np.std),
        extra=variance_extra,
        spread=True,
        dtypes=INEXACT,
        variants="mo",
        result="real",
    ),
    reduction(
        "var_mean",
        std_mean(np.var),
        special_values=False,
        extra=variance_extra,
        spread=True,
        dtypes=INEXACT,
    ),
    reduction(
        "std_mean",
        std_mean(np.std),
        special_values=False,
        extra=variance_extra,
        spread=True,
        dtypes=INEXACT,
    ),
    OpSamples(
        "prod",
        ALL,
        one_dim_prod,
        reducer(np.prod),
        errors=dim_errors,
        variants="mo",
        result="sum",
    ),
    reduction("any", truth(np.any), dtypes=ALL, variants="mo", grad=False),
    reduction("all", truth(np.all), dtypes=ALL, variants="mo", grad=False),
    reduction(
        "max",
        indexed(np.max, np.argmax),
        **EXTREMUM,
        errors=empty_extremum_errors,
        dtypes=REAL | BOOL,
        variants="mo",
    ),
    reduction(
        "min",
        indexed(np.min, np.argmin),
        **EXTREMUM,
        errors=empty_extremum_errors,
        dtypes=REAL | BOOL,
        variants="mo",
    ),
    reduction(
        "amax",
        reducer(np.max),
        distinct=True,
        empty=False,
        errors=dim_errors,
        dtypes=REAL | BOOL,
        variants="mo",
        result="same",
    ),
    reduction(
        "amin",
        reducer(np.min),
        distinct=True,
        empty=False,
        errors=dim_errors,
        dtypes=REAL | BOOL,
        variants="mo",
        result="same",
    ),
    OpSamples("aminmax", REAL | BOOL, aminmax_inputs, aminmax, variants="mo"),
    reduction(
        "argmax",
        arg(np.argmax),
        **EXTREMUM,
        errors=empty_extremum_errors,
        dtypes=REAL,
        variants="mo",
        grad=False,
        result="int64",
    ),
    reduction(
        "argmin",
        arg(np.argmin),
        **EXTREMUM,
        errors=empty_extremum_errors,
        dtypes=REAL,
        variants="mo",
        grad=False,
        result="int64",
    ),
    reduction(
        "median",
        indexed(whole_of(lower_median_index), lower_median_index),
        **EXTREMUM,
        dtypes=REAL,
        variants="mo",
    ),
    reduction(
        "nanmedian",
        indexed(whole_of(lower_nanmedian_index), lower_nanmedian_index),
        **EXTREMUM,
        dtypes=REAL,
        variants="mo",
    ),
    OpSamples("mode", REAL | BOOL, mode_inputs, mode_values, variants="mo"),
    OpSamples(
        "kthvalue",
        REAL,
        kthvalue_inputs,
        kthvalue,
        errors=kthvalue_errors,
        variants="mo",
    ),
    OpSamples(
        "quantile",
        FULLS,
        quantile_inputs,
        quantile(np.quantile),
        errors=quantile_errors,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "nanquantile",
        FULLS,
        quantile_inputs,
        quantile(np.nanquantile),
        variants="mo",
        result="same",
    ),
    OpSamples("norm", INEXACT, norm_inputs, vector_norm, variants="mo", result="real"),
    OpSamples(
        "linalg.vector_norm",
        INEXACT,
        norm_inputs,
        vector_norm,
        variants="o",
        result="real",
    ),
    OpSamples(
        "logsumexp", ALL, logsumexp_inputs, logsumexp, variants="mo", result="float"
    ),
    OpSamples(
        "count_nonzero",
        ALL,
        count_nonzero_inputs,
        lambda x, dim=None: np.count_nonzero(x, axis=dim),
        variants="m",
        grad=False,
        result="int64",
    ),
]
