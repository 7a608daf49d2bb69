"""Samples of operators that few programs call by name."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import ALL, FLOATS, FULLS, INEXACT, REAL
from .table import Inputs, OpSamples, SampleInput, sample


def each(*calls: Callable[[Any, str], SampleInput]) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for call in calls:
            yield call(make, dtype)

    return inputs


# --- construction
def range_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for args in ((1, 5), (0, 7, 2), (5, 1, -2)):
        yield sample(*args, dtype=make.dtype(dtype))


def closed_range(start: int, end: int, step: int = 1, dtype: Any = None) -> Any:
    return np.arange(start, end + np.sign(step), step, dtype)


def scalar_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for number in (0, 1, 2.5):
        yield sample(number, dtype=make.dtype(dtype))


def permuted_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for size, order in (((2, 3), (1, 0)), ((2, 3, 4), (2, 0, 1)), ((0, 2), (0, 1))):
        yield sample(size, order, dtype=make.dtype(dtype))


def kaiser_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for length in (1, 2, 9):
        yield sample(length, dtype=make.dtype(dtype))
        yield sample(length, False, 5.0, dtype=make.dtype(dtype))


def kaiser(
    length: int, periodic: bool = True, beta: float = 12.0, dtype: Any = None
) -> Any:
    return np.kaiser(length + periodic, beta)[:length] if length > 1 else np.ones(1)


def new_strided(make: Any, dtype: str) -> SampleInput:
    return sample(make((2,), "float32"), (2, 3), (1, 2), dtype=make.dtype(dtype))


# --- geometry and storage
def same_size(make: Any, dtype: str) -> SampleInput:
    return sample(make((2, 3), dtype), make((3, 2), "float32")).but(grad=False)


def set_to(make: Any, dtype: str) -> SampleInput:
    return sample(make((2, 3), dtype), make((4, 1), dtype)).but(grad=False)


# --- choice and counts
def static_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((3, 4), dtype, low=0, high=1) if dtype != "bool" else make((3, 4), dtype)
    for size in (0, 2, 20):
        yield sample(x, size=size)
    yield sample(x, size=20, fill_value=-7)


def static(x: Any, size: int, fill_value: int = -1) -> Any:
    rows = np.argwhere(x)[:size]
    return np.vstack([rows, np.full((size - len(rows), x.ndim), fill_value)])


def binomial_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for count in (3.0, 40.0):
        trials = make.value(np.full((6, 5), count), dtype)
        yield sample(trials, make((6, 5), dtype, low=0.1, high=0.9))


# --- layers
def statistics_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make((4, 3, 2), dtype)
    yield sample(x, None, None, 0.1)
    yield sample(x, make((3,), dtype), make((3,), dtype, low=0.1), 0.25)


def channel_statistics(x: Any, mean: Any, var: Any, momentum: float) -> Any:
    return x.mean((0, 2)), x.var((0, 2))


def time_first(make: Any, dtype: str) -> SampleInput:
    return sample(make((3, 1, 2), dtype), make((2, 2, 3), dtype), make((3,), dtype), 1)


def conv_tbc(x: Any, w: Any, bias: Any, pad: int) -> Any:
    wide = np.pad(x, ((pad, pad), (0, 0), (0, 0)))
    length = len(wide) - len(w) + 1
    return sum(wide[k : k + length] @ w[k] for k in range(len(w))) + bias


def renorm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for norm in (1.0, 2.0):
        indices = make.value([0, 2, 2], "int64")
        yield sample(make((4, 3), dtype), indices, 1.5, norm)


def embedding_renorm(x: Any, indices: Any, max_norm: float, norm: float) -> Any:
    x = x.copy()
    for i in np.unique(indices):
        size = (np.abs(x[i]) ** norm).sum() ** (1 / norm)
        x[i] *= max_norm / (size + 1e-7) if size > max_norm else 1
    return x


def dropped(make: Any, dtype: str) -> SampleInput:
    return sample(make((4, 6, 3), dtype), 0.5, True)


def fractional_inputs(n: int) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        x = make.distinct((1, 1, *(4, 3, 3)[:n]), dtype)
        places = make.value(np.full((1, 1, n), 0.375), dtype)
        for found in (False, True):
            yield sample(
                x,
                2,
                (2, 2) if n == 2 else (2, 1, 1),
                return_indices=found,
                _random_samples=places,
            )

    return inputs


def unpool_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    index = make.value([[[0, 3], [8, 11]], [[33, 34], [44, 47]]], "int64")
    yield sample(make((1, 1, 2, 2, 2), dtype), index[None, None], 2)


def unpool(x: Any, index: Any, size: int) -> Any:
    out = np.zeros((*x.shape[:2], 64))
    flat = (*x.shape[:2], -1)
    np.put_along_axis(out, index.reshape(flat), x.reshape(flat), 2)
    return out.reshape(*x.shape[:2], 4, 4, 4)


def aligned(make: Any, dtype: str) -> Iterable[SampleInput]:
    """Log-probabilities by log_softmax, of which the loss knows the derivative."""
    lengths, counts = make.value([4, 3], "int64"), make.value([2, 1], "int64")
    for reduction in ("none", "sum", "mean"):
        x, y = make((4, 2, 3), dtype), make.value([[1, 2], [2, 1]], "int64")
        yield sample(x, y, lengths, counts, reduction=reduction)
    yield sample(make((4, 3), dtype), make.value([1, 1], "int64"), (4,), (2,))
    x = make((2, 1, 3), dtype)  # too short for its labels
    y = make.value([[1, 1]], "int64")
    yield sample(x, y, (2,), (2,), zero_infinity=True)
    yield sample(x, y, (2,), (2,)).but(grad=False)
    yield sample(make((3, 1, 3), dtype), y[:, :0], (3,), (0,), 2)


def ctc_of_logits(xp: Any) -> Callable[..., Any]:
    functional = xp.nn.functional
    return lambda x, *args, **kwargs: functional.ctc_loss(
        functional.log_softmax(x, -1), *args, **kwargs
    )


def unseeded(name: str, inputs: Inputs, reference: Any = None, **fields: Any) -> Any:
    """A row without a derivative."""
    return OpSamples(name, inputs=inputs, reference=reference, grad=False, **fields)


TABLE: list[OpSamples] = [
    unseeded("range", range_inputs, closed_range, dtypes=REAL, result="same"),
    unseeded("scalar_tensor", scalar_inputs, None, dtypes=ALL, result="same"),
    unseeded("empty_permuted", permuted_inputs, dtypes=ALL, values=False, strides=True),
    unseeded(
        "Tensor.new_empty_strided",
        each(new_strided),
        dtypes=ALL,
        values=False,
        strides=True,
    ),
    unseeded("kaiser_window", kaiser_inputs, kaiser, dtypes=FLOATS, result="same"),
    unseeded("Tensor.resize_as_", each(same_size), dtypes=ALL, result="same"),
    unseeded("Tensor.set_", each(set_to), lambda x, y: y, dtypes=ALL, any_layout=False),
    unseeded(
        "nonzero_static",
        static_inputs,
        static,
        dtypes=ALL,
        variants="mo",
        result="int64",
    ),
    unseeded("binomial", binomial_inputs, dtypes=FULLS, seeded=True, result="same"),
    unseeded(
        "batch_norm_update_stats", statistics_inputs, channel_statistics, dtypes=FULLS
    ),
    unseeded(
        "embedding_renorm_",
        renorm_inputs,
        embedding_renorm,
        dtypes=FULLS,
        result="same",
    ),
    unseeded(
        "feature_dropout", each(dropped), dtypes=FLOATS, seeded=True, result="same"
    ),
    OpSamples("conv_tbc", FULLS, each(time_first), conv_tbc, result="same"),
    OpSamples(
        "nn.functional.fractional_max_pool2d",
        FULLS,
        fractional_inputs(2),
        constant=("_random_samples",),
    ),
    OpSamples(
        "nn.functional.fractional_max_pool3d",
        FULLS,
        fractional_inputs(3),
        constant=("_random_samples",),
    ),
    OpSamples(
        "nn.functional.max_unpool3d", FLOATS, unpool_inputs, unpool, result="same"
    ),
    OpSamples(
        "Tensor.cfloat",
        INEXACT,
        each(lambda make, dtype: sample(make((2, 3), dtype))),
        lambda x: x.astype(np.complex64),
        grad=False,
        result="complex64",
    ),
    OpSamples(
        "Tensor.cdouble",
        INEXACT,
        each(lambda make, dtype: sample(make((2, 3), dtype))),
        lambda x: x.astype(np.complex128),
        result="complex128",
    ),
    OpSamples(
        "Tensor.cpu",
        ALL,
        each(lambda make, dtype: sample(make((2, 3), dtype))),
        lambda x: x,
        result="same",
    ),
    OpSamples(
        "nn.functional.ctc_loss",
        FULLS,
        aligned,
        label="logits",
        call=ctc_of_logits,
        gradgrad=False,
        records=("_ctc_loss",),
        result="same",
    ),
]
