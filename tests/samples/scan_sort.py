"""Samples of scans, sorting, searching and counting."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, BOOL, FLOATS, INEXACT, INTS, NUMBERS, REAL, kind
from .table import ErrorInput, OpSamples, SampleInput, error, sample

SHAPES: tuple[tuple[tuple[int, ...], int], ...] = (
    ((5,), 0),
    ((), 0),
    ((3, 4), 1),
    ((3, 4), -2),
    ((2, 3, 2), 1),
    ((0, 3), 0),
    ((0, 3), 1),
)


def dim_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    text = "Dimension out of range (expected to be in range of [-2, 1], but got 2)"
    yield error(IndexError, text, x, 2)
    yield error(IndexError, "Dimension out of range", x, -3)


def scan_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    def tensor(shape: tuple[int, ...], layout: str = "contiguous") -> Any:
        if kind(dtype) in "fc":
            return make(shape, dtype, low=-1.5, high=1.5, layout=layout)
        return make(shape, dtype, low=-2, high=2, layout=layout)

    for shape, dim in SHAPES:
        yield sample(tensor(shape), dim).but(grad=0 not in shape)
    yield sample(tensor((4, 3), "transposed"), 0)
    yield sample(tensor((4, 3), "strided"), 1)
    yield sample(tensor((4, 3), "expanded"), 1)
    yield sample(make.value([[1, 0, 2], [0, 0, 1], [2, 1, 1]], dtype), 1)
    if kind(dtype) == "f":
        values = make.value([1.0, np.nan, 2.0, np.inf, -np.inf, 0.0], dtype)
        yield sample(values, 0).but(grad=False)
    if dtype in ("float32", "int64"):
        yield sample(make((3, 700), dtype, low=-1, high=1), 1).but(grad=False)


def casting_scan_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield from scan_inputs(make, dtype)
    if kind(dtype) in "ibf":
        x = make((3, 2), dtype, low=-2, high=2)
        wide = make.dtype("float64")
        yield sample(x, 1, dtype=wide).but(result="float64", grad=False)


def extremum_scan_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in SHAPES:
        yield sample(make.distinct(shape, dtype), dim).but(grad=0 not in shape)
    yield sample(make.distinct((4, 3), dtype, "transposed"), 0)
    # With ties the last index of the extremum counts.
    yield sample(make((3, 8), dtype, low=0, high=2), 1).but(grad=False)
    if kind(dtype) == "f":
        values = make.value([1.0, 2.0, np.nan, 3.0, np.nan, 0.0], dtype)
        yield sample(values, 0).but(grad=False)


def running_extremum(better: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def reference(x: Any, dim: int) -> Any:
        if x.ndim == 0:
            return x, np.zeros((), np.int64)
        moved = np.moveaxis(x, dim, 0)
        values, indices = moved.copy(), np.zeros(moved.shape, np.int64)
        for i in range(1, len(moved)):
            with np.errstate(invalid="ignore"):
                takes = better(moved[i], values[i - 1]) | (moved[i] != moved[i])
                takes &= (values[i - 1] == values[i - 1]) | (moved[i] != moved[i])
            values[i] = np.where(takes, moved[i], values[i - 1])
            indices[i] = np.where(takes, i, indices[i - 1])
        return np.moveaxis(values, 0, dim), np.moveaxis(indices, 0, dim)

    return reference


def logcumsumexp(x: Any, dim: int) -> Any:
    if x.ndim == 0:
        return x
    if np.iscomplexobj(x):
        return np.log(np.cumsum(np.exp(x), axis=dim))
    return np.logaddexp.accumulate(x, axis=dim)


def scan(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, dim: int, dtype: Any = None) -> Any:
        if x.dtype.kind in "biu" and dtype is None:
            dtype = np.int64
        if x.ndim == 0:
            return x.astype(dtype or x.dtype)
        return function(x, axis=dim, dtype=dtype)

    return reference


def diff_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((5,), (3, 4), (1,), (2, 0)):
        yield sample(make(shape, dtype)).but(grad=shape in ((5,), (3, 4)))
    yield sample(make((4, 5), dtype, layout="transposed"), n=2, dim=0)
    edge = make((3, 1), dtype)
    yield sample(make((3, 4), dtype), dim=1, prepend=edge)
    yield sample(make((3, 4), dtype), prepend=edge, append=make((3, 2), dtype))


def diff(
    x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Any:
    edges = {
        k: v for k, v in (("prepend", prepend), ("append", append)) if v is not None
    }
    return np.diff(x, n=n, axis=dim, **edges)


def sort_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in SHAPES:
        yield sample(make.distinct(shape, dtype), dim).but(grad=0 not in shape)
    yield sample(make.distinct((5, 3), dtype))
    yield sample(make.distinct((5, 3), dtype, "transposed"), 0, True)
    yield sample(make.distinct((5, 3), dtype, "strided"), 1, descending=True)
    if dtype in ("float32", "int64"):
        yield sample(make.distinct((3, 500), dtype)).but(grad=False)
    if kind(dtype) == "f":
        values = make.value([1.0, np.nan, -np.inf, 2.0, np.inf, 0.5], dtype)
        yield sample(values).but(grad=False)
        yield sample(values, descending=True).but(grad=False)


def stable_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for descending in (False, True):
        for dim in (0, -1):
            x = make((6, 7), dtype, low=0, high=2)
            options = {"stable": True, "dim": dim, "descending": descending}
            yield sample(x, **options).but(grad=False)
    yield sample(make.distinct((4, 3), dtype), stable=True)


def argsort(
    x: Any, dim: int = -1, descending: bool = False, stable: bool = False
) -> Any:
    if x.ndim == 0:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    # NaN counts as largest; ties keep their order.
    flipped = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(flipped, dim)


def sort(x: Any, *args: Any, **kwargs: Any) -> Any:
    indices = argsort(x, *args, **kwargs)
    if x.ndim == 0:
        return x, indices
    dim = kwargs.get("dim", args[0] if args else -1)
    return np.take_along_axis(x, indices, dim), indices


def msort_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((5,), (4, 3), (0, 2), ()):
        yield sample(make.distinct(shape, dtype)).but(grad=0 not in shape)
    yield sample(make.distinct((4, 3), dtype, "transposed"))


def topk_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape, dim in (((5,), 0), ((3, 4), 1), ((3, 4), -2), ((2, 3, 2), 1)):
        for largest in (True, False):
            x = make.distinct(shape, dtype)
            yield sample(x, 2, dim, largest)
    yield sample(make.distinct((4, 3), dtype, "transposed"), 3)
    yield sample(make.distinct((4, 3), dtype), 0).but(grad=False)
    yield sample(make.distinct((), dtype), 1)
    yield sample(make.distinct((2, 30), dtype), 17).but(grad=False)


def topk(x: Any, k: int, dim: int = -1, largest: bool = True) -> Any:
    values, indices = sort(x, dim, largest)
    if x.ndim == 0:
        return values, indices
    return np.take(values, range(k), dim), np.take(indices, range(k), dim)


def topk_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((3,), "float32")
    yield error(RuntimeError, "selected index k out of range", x, 4)
    yield error(RuntimeError, "selected index k out of range", x, -1)


def unique_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((9,), (3, 4), (0,), ()):
        x = make(shape, dtype, low=0, high=2 if kind(dtype) in "fc" else 3)
        yield sample(x)
        yield sample(x, return_inverse=True, return_counts=True)
    yield sample(make((4, 3), dtype, low=0, high=1, layout="transposed"))
    yield sample(make.value([[1, 0], [0, 1], [1, 0], [0, 0]], dtype), dim=0)
    x = make.value([[1, 0, 1], [0, 1, 0]], dtype)
    yield sample(x, dim=1, return_inverse=True, return_counts=True)


def unique(
    x: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    found = np.unique(x, return_inverse=True, return_counts=True, axis=dim)
    inverse = found[1].reshape(x.shape if dim is None else -1)
    wanted = (True, return_inverse, return_counts)
    picked = [
        f for f, w in zip((found[0], inverse, found[2]), wanted, strict=True) if w
    ]
    return picked[0] if len(picked) == 1 else tuple(picked)


def consecutive(
    x: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
    flat = rows[:, None] if rows.ndim == 1 else rows.reshape(len(rows), -1)
    new = np.ones(len(rows), bool)
    new[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    kept = rows[new]
    values = kept if dim is None else np.moveaxis(kept, 0, dim)
    inverse = (np.cumsum(new) - 1).reshape(x.shape if dim is None else -1)
    counts = np.diff(np.append(np.flatnonzero(new), len(rows)))
    wanted = (True, return_inverse, return_counts)
    picked = [f for f, w in zip((values, inverse, counts), wanted, strict=True) if w]
    return picked[0] if len(picked) == 1 else tuple(picked)


def searchsorted_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    edges = make.value([1, 2, 3, 3, 5], dtype)
    for right in (False, True):
        for shape in ((3, 4), (), (0,)):
            yield sample(edges, make(shape, dtype, low=0, high=6), right=right)
    yield sample(edges, make((3,), dtype, low=0, high=6), side="right", out_int32=True)
    yield sample(edges, make((4, 2), dtype, low=0, high=6, layout="transposed"))
    yield sample(edges, 2)


def searchsorted(
    edges: Any,
    values: Any,
    *,
    right: bool = False,
    side: str | None = None,
    out_int32: bool = False,
) -> Any:
    return np.searchsorted(edges, values, side or ("right" if right else "left"))


def batched_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    edges = make.value([[1, 2, 3], [4, 6, 8]], dtype)
    yield sample(edges, make((2, 4), dtype, low=0, high=9))
    yield sample(edges, make((2, 4), dtype, low=0, high=9), right=True)


def batched_search(edges: Any, values: Any, right: bool = False) -> Any:
    side: Any = "right" if right else "left"
    return np.stack(
        [np.searchsorted(e, v, side) for e, v in zip(edges, values, strict=True)]
    )


def searchsorted_errors(make: Any) -> Iterable[ErrorInput]:
    edges, x = make((3,), "float32"), make((3,), "float32")
    yield error(
        RuntimeError,
        "side and right can't be set to opposites",
        edges,
        x,
        right=True,
        side="left",
    )


def bincount_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((20,), dtype, low=0, high=6)
    yield sample(x)
    yield sample(x, minlength=10)
    yield sample(x, weights=make((20,), "float64")).but(result="float64", grad=False)
    yield sample(make((0,), dtype), minlength=3)


def bincount_errors(make: Any) -> Iterable[ErrorInput]:
    text = "only supports 1-d non-negative integral inputs"
    yield error(RuntimeError, text, make.value([-1, 2], "int64"))
    yield error(RuntimeError, text, make((2, 2), "int64", low=0))


def histc_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((30,), dtype, low=-2, high=2)
    yield sample(x, bins=4, min=-2, max=2)
    yield sample(x, 5, 0, 1)
    yield sample(make.value([0.5, 1.5, 2.5, 3.0], dtype), bins=3)


def histc(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    if min == 0 and max == 0:
        min, max = x.min(), x.max()
    return np.histogram(x, bins, (min, max))[0].astype(float)


def trapezoid_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((5,), dtype))
    yield sample(make((3, 4), dtype), dx=0.5)
    if dtype not in ("uint8", "int8"):  # their products wrap
        yield sample(make((3, 4), dtype, layout="transposed"), make((4,), dtype))
        yield sample(make((3, 4), dtype), make((3,), dtype), dim=0)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    return np.trapezoid(y, x, dx, axis=dim)


def cumulative_trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    from scipy.integrate import cumulative_trapezoid as integrate

    return integrate(y, x, dx, axis=dim)


TABLE: list[OpSamples] = [
    OpSamples(
        "cumsum",
        ALL,
        casting_scan_inputs,
        scan(np.cumsum),
        errors=dim_errors,
        variants="mio",
        result="sum",
    ),
    OpSamples(
        "cumprod",
        ALL,
        casting_scan_inputs,
        scan(np.cumprod),
        errors=dim_errors,
        variants="mio",
        result="sum",
    ),
    OpSamples(
        "cummax",
        REAL | BOOL,
        extremum_scan_inputs,
        running_extremum(np.greater_equal),
        variants="mo",
    ),
    OpSamples(
        "cummin",
        REAL | BOOL,
        extremum_scan_inputs,
        running_extremum(np.less_equal),
        variants="mo",
    ),
    OpSamples(
        "logcumsumexp", INEXACT, scan_inputs, logcumsumexp, variants="mo", result="same"
    ),
    OpSamples("diff", ALL, diff_inputs, diff, variants="mo", result="same"),
    OpSamples("sort", REAL | BOOL, sort_inputs, sort, errors=dim_errors, variants="mo"),
    OpSamples("sort", REAL | BOOL, stable_inputs, sort, label="stable", variants="mo"),
    OpSamples(
        "argsort",
        REAL | BOOL,
        sort_inputs,
        argsort,
        errors=dim_errors,
        variants="m",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "msort",
        REAL | BOOL,
        msort_inputs,
        lambda x: np.sort(x, 0) if x.ndim else x,
        variants="mo",
        result="same",
    ),
    OpSamples("topk", REAL, topk_inputs, topk, errors=topk_errors, variants="mo"),
    OpSamples(
        "unique",
        REAL | BOOL,
        unique_inputs,
        unique,
        variants="m",
        grad=False,
        records=("unique_dim",),
    ),
    OpSamples(
        "unique_consecutive",
        REAL | BOOL,
        unique_inputs,
        consecutive,
        variants="m",
        grad=False,
        records=("unique_dim_consecutive",),
    ),
    OpSamples(
        "searchsorted",
        REAL,
        searchsorted_inputs,
        searchsorted,
        errors=searchsorted_errors,
        variants="o",
        grad=False,
    ),
    OpSamples(
        "searchsorted",
        REAL,
        batched_inputs,
        batched_search,
        label="batched",
        variants="o",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "bucketize",
        REAL,
        searchsorted_inputs,
        searchsorted,
        call=lambda xp: (
            lambda edges, x, side=None, right=False, **k: xp.bucketize(
                x, edges, right=right or side == "right", **k
            )
        ),
        grad=False,
    ),
    OpSamples(
        "bincount",
        INTS,
        bincount_inputs,
        lambda x, weights=None, minlength=0: np.bincount(x, weights, minlength),
        errors=bincount_errors,
        variants="m",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "histc", FLOATS, histc_inputs, histc, variants="mo", grad=False, result="same"
    ),
    OpSamples("trapezoid", NUMBERS, trapezoid_inputs, trapezoid, result="float"),
    OpSamples("trapz", NUMBERS, trapezoid_inputs, trapezoid, result="float"),
    OpSamples(
        "cumulative_trapezoid",
        NUMBERS,
        trapezoid_inputs,
        cumulative_trapezoid,
        result="float",
    ),
]
