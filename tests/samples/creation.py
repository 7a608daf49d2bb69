"""Samples of operators that create tensors."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, FLOATS, NUMBERS, REAL, kind
from .table import ErrorInput, OpSamples, SampleInput, error, sample

Inputs = Callable[[Any, str], Iterable[SampleInput]]
SIZES = ((), (3,), (2, 3), (0, 2))


def sized(*extra: Any) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for size in SIZES:
            yield sample(size, *extra, dtype=make.dtype(dtype))

    return inputs


def from_size(value: int) -> Callable[..., Any]:
    return lambda size, *extra, dtype=None: np.full(size, *(extra or (value,)), dtype)


def default_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    """Without a dtype: the default floating type."""
    yield sample(2, 3).but(result="float32")
    yield sample((2,)).but(result="float32")
    yield sample(size=(2, 3)).but(result="float32", reference=False)


def like(*extra: Any) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for shape in SIZES:
            yield sample(make(shape, dtype), *extra)
        yield sample(make((4, 3), dtype, layout="transposed"), *extra)
        yield sample(make((4, 3), dtype, layout="strided"), *extra)
        x = make((2, 3), dtype)
        yield sample(x, *extra, dtype=make.dtype("float64")).but(result="float64")

    return inputs


def like_of(value: int) -> Callable[..., Any]:
    def reference(x: Any, *extra: Any, dtype: Any = None) -> Any:
        return np.full(x.shape, extra[0] if extra else value, dtype or x.dtype)

    return reference


def new(*extra: Any) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for size in SIZES:
            yield sample(make((2,), dtype), size, *extra)
        yield sample(make((2,), dtype), (2, 3), *extra, dtype=make.dtype("int64")).but(
            result="int64"
        )

    return inputs


def new_of(value: int) -> Callable[..., Any]:
    def reference(x: Any, size: Any, *extra: Any, dtype: Any = None) -> Any:
        return np.full(size, extra[0] if extra else value, dtype or x.dtype)

    return reference


def arange_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for args in ((5,), (2, 7), (0, 10, 3), (3, 3), (1, 2, 5)):
        yield sample(*args, dtype=make.dtype(dtype))
    if dtype != "uint8":
        yield sample(5, -3, -2, dtype=make.dtype(dtype))
    if kind(dtype) == "f":
        yield sample(0.5, 2.0, 0.25, dtype=make.dtype(dtype))
        yield sample(1, 0, -0.125, dtype=make.dtype(dtype))


def bare_arange_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(5).but(result="int64")
    yield sample(1, 6, 2).but(result="int64")
    yield sample(3.0).but(result="float32")
    yield sample(0, 1, 0.25).but(result="float32")
    yield sample(start=1, end=4).but(result="int64", reference=False)


def arange(*args: Any, dtype: Any = None) -> Any:
    return np.arange(*args).astype(dtype) if dtype is not None else np.arange(*args)


def arange_errors(make: Any) -> Iterable[ErrorInput]:
    yield error(RuntimeError, "step must be nonzero", 0, 5, 0)
    text = "upper bound and lower bound inconsistent with step sign"
    yield error(RuntimeError, text, 0, 5, -1)


def linspace_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for args in ((0, 10, 5), (3, 10, 1), (0, 1, 0), (2, 2, 3), (-5, 5, 11)):
        if dtype == "uint8" and args[0] < 0:
            continue
        yield sample(*args, dtype=make.dtype(dtype))
    if kind(dtype) in "fc":
        yield sample(0.5, -2.0, 7, dtype=make.dtype(dtype))


def linspace(start: Any, end: Any, steps: int, dtype: Any = None) -> Any:
    line = np.linspace(start, end, steps)
    return line.astype(dtype) if np.dtype(dtype).kind in "iu" else line


def logspace_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(0, 2, 3, dtype=make.dtype(dtype))
    yield sample(0, 3, 4, 2.0, dtype=make.dtype(dtype))
    if kind(dtype) in "fc":
        yield sample(-1.0, 1.0, 5, dtype=make.dtype(dtype))


def logspace(
    start: Any, end: Any, steps: int, base: float = 10, dtype: Any = None
) -> Any:
    return np.logspace(start, end, steps, base=base)


def linspace_errors(make: Any) -> Iterable[ErrorInput]:
    text = "number of steps must be non-negative"
    yield error(RuntimeError, text, 0, 1, -1)


def eye_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for args in ((3,), (2, 4), (4, 2), (0,), (0, 3)):
        yield sample(*args, dtype=make.dtype(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None) -> Any:
    return np.eye(n, m, dtype=dtype)


def eye_errors(make: Any) -> Iterable[ErrorInput]:
    yield error(RuntimeError, "n must be greater or equal to 0, got -1", -1)


def triangle_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for args in ((3, 3), (3, 4, 1), (4, 2, -1), (2, 2, -5), (0, 2)):
        yield sample(*args)


def negative_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Trying to create tensor with negative dimension -1"
    yield error(RuntimeError, text, (-1, 2))


def zeros_errors(make: Any) -> Iterable[ErrorInput]:
    yield error(RuntimeError, "must be non-negative", (-1, 2))


def full_errors(make: Any) -> Iterable[ErrorInput]:
    text = "Trying to create tensor with negative dimension -1"
    yield error(RuntimeError, text, (-1, 2), 1)
    yield error(TypeError, "full()", (2, 2))


def inferred_full_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for value, result in (
        (1, "int64"),
        (1.5, "float32"),
        (True, "bool"),
        (2j, "complex64"),
    ):
        yield sample((2, 2), value).but(result=result)


def tensor_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for data in (1, [1, 0], [[1, 2], [3, 4]], [], [[], []], (1, 0, 1)):
        yield sample(data, dtype=make.dtype(dtype))
    yield sample(make.rng.integers(0, 5, (2, 3)), dtype=make.dtype(dtype))


def inferred_tensor_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for data, result in (
        (1, "int64"),
        ([1, 2], "int64"),
        ([1.5, 2], "float32"),
        ([True, False], "bool"),
        ([True, 2], "int64"),
        ([1, 2j], "complex64"),
        ([], "float32"),
        (np.ones(2), "float64"),
        (np.ones(2, np.int32), "int32"),
        (np.float32(2.0), "float32"),
    ):
        yield sample(data).but(result=result)


def tensor_errors(make: Any) -> Iterable[ErrorInput]:
    text = "expected sequence of length 2 at dim 1 (got 1)"
    yield error(ValueError, text, [[1, 2], [3]])
    yield error(ValueError, "too many dimensions 'str'", ["a"])


def window_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for n in (0, 1, 2, 7, 8):
        for periodic in (True, False):
            yield sample(n, periodic, dtype=make.dtype(dtype))


def window(name: str) -> Callable[..., Any]:
    def reference(n: int, periodic: bool, dtype: Any = None) -> Any:
        from scipy.signal import get_window

        return get_window(name, n, periodic) if n else np.zeros(0)

    return reference


def vander_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((4,), dtype, low=-2, high=2)
    yield sample(x).but(grad=False)
    yield sample(x, 2).but(grad=False)
    yield sample(x, N=3, increasing=True).but(grad=False)


def strided_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for size, stride in (((2, 3), (3, 1)), ((2, 3), (1, 2)), ((0,), (1,))):
        yield sample(size, stride, dtype=make.dtype(dtype))


def created(
    name: str, inputs: Inputs, reference: Any = None, **fields: Any
) -> OpSamples:
    """A row without tensor arguments, or one whose result has no gradient."""
    return OpSamples(name, inputs=inputs, reference=reference, **fields)


TABLE: list[OpSamples] = [
    created(
        "zeros",
        sized(),
        from_size(0),
        errors=zeros_errors,
        dtypes=ALL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "ones",
        sized(),
        from_size(1),
        errors=negative_errors,
        dtypes=ALL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "full",
        sized(1),
        from_size(1),
        errors=full_errors,
        dtypes=ALL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "full",
        inferred_full_inputs,
        np.full,
        label="inferred",
        dtypes=ALL,
        variants="o",
        grad=False,
    ),
    created(
        "empty",
        sized(),
        values=False,
        errors=negative_errors,
        dtypes=ALL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "empty_strided",
        strided_inputs,
        values=False,
        strides=True,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "zeros",
        default_inputs,
        lambda *s: np.zeros(s if len(s) > 1 else s[0]),
        label="default",
        dtypes=ALL,
        variants="o",
        grad=False,
    ),
    created(
        "ones",
        default_inputs,
        lambda *s: np.ones(s if len(s) > 1 else s[0]),
        label="default",
        dtypes=ALL,
        variants="o",
        grad=False,
    ),
    created(
        "zeros_like",
        like(),
        like_of(0),
        strides=True,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "ones_like",
        like(),
        like_of(1),
        strides=True,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "full_like",
        like(1),
        like_of(1),
        strides=True,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "empty_like",
        like(),
        values=False,
        strides=True,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "Tensor.new_zeros", new(), new_of(0), dtypes=ALL, grad=False, result="same"
    ),
    created("Tensor.new_ones", new(), new_of(1), dtypes=ALL, grad=False, result="same"),
    created(
        "Tensor.new_full", new(1), new_of(1), dtypes=ALL, grad=False, result="same"
    ),
    created(
        "Tensor.new_empty", new(), values=False, dtypes=ALL, grad=False, result="same"
    ),
    created(
        "arange",
        arange_inputs,
        arange,
        errors=arange_errors,
        dtypes=REAL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "arange",
        bare_arange_inputs,
        arange,
        label="inferred",
        dtypes=ALL,
        variants="o",
        grad=False,
    ),
    created(
        "linspace",
        linspace_inputs,
        linspace,
        errors=linspace_errors,
        dtypes=NUMBERS,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "logspace",
        logspace_inputs,
        logspace,
        dtypes=NUMBERS,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "eye",
        eye_inputs,
        eye,
        errors=eye_errors,
        dtypes=ALL,
        variants="o",
        grad=False,
        result="same",
    ),
    created(
        "tril_indices",
        triangle_inputs,
        lambda n, m, k=0: np.stack(np.tril_indices(n, k, m)),
        dtypes=ALL,
        grad=False,
        result="int64",
    ),
    created(
        "triu_indices",
        triangle_inputs,
        lambda n, m, k=0: np.stack(np.triu_indices(n, k, m)),
        dtypes=ALL,
        grad=False,
        result="int64",
    ),
    created(
        "tensor",
        tensor_inputs,
        lambda data, dtype: np.asarray(data, dtype),
        errors=tensor_errors,
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "tensor",
        inferred_tensor_inputs,
        lambda data: np.asarray(data),
        label="inferred",
        dtypes=ALL,
        grad=False,
    ),
    created(
        "as_tensor",
        tensor_inputs,
        lambda data, dtype: np.asarray(data, dtype),
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "asarray",
        tensor_inputs,
        lambda data, dtype: np.asarray(data, dtype),
        dtypes=ALL,
        grad=False,
        result="same",
    ),
    created(
        "hann_window",
        window_inputs,
        window("hann"),
        dtypes=FLOATS,
        grad=False,
        result="same",
    ),
    created(
        "hamming_window",
        window_inputs,
        window("hamming"),
        dtypes=FLOATS,
        grad=False,
        result="same",
    ),
    created(
        "blackman_window",
        window_inputs,
        window("blackman"),
        dtypes=FLOATS,
        grad=False,
        result="same",
    ),
    created(
        "bartlett_window",
        window_inputs,
        window("bartlett"),
        dtypes=FLOATS,
        grad=False,
        result="same",
    ),
    created("vander", vander_inputs, np.vander, dtypes=ALL, result="sum", grad=False),
]
