"""Samples of linear algebra: norms of vectors and matrices, powers and chains of products."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .dtypes import COMPLEX, FULLS, INTS
from .table import ErrorInput, OpSamples, SampleInput, error, sample


def conditioned(make: Any, dtype: str, *lead: int, size: int = 3) -> Any:
    """Well conditioned square matrices: a random part plus a strong diagonal."""
    x = make((*lead, size, size), dtype, low=-1, high=1)
    return x + 3 * make.value(np.diag(np.arange(1.0, size + 1)), dtype)


def matrix_norm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make.distinct((2, 3), dtype)
    for order in ("fro", math.inf, -math.inf, 1, -1):
        smooth = order == "fro"
        yield sample(x, order).but(grad=smooth and dtype not in COMPLEX)
    yield sample(make.distinct((2, 2, 3), dtype), "fro", keepdim=True).but(
        grad=dtype not in COMPLEX
    )


def matrix_norm(x: Any, ord: Any = "fro", keepdim: bool = False) -> Any:
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdim)


def matrix_norm_errors(make: Any) -> Iterable[ErrorInput]:
    x = make((2, 3), "float32")
    yield error(RuntimeError, "at least 2 dimensions", make((3,), "float32"))
    yield error(RuntimeError, "Order 3 not supported", x, 3)
    yield error(RuntimeError, "dims must be different", x, dim=(0, 0))


def norm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.distinct((2, 3), dtype))
    yield sample(make.distinct((4,), dtype), 3)
    yield sample(make.distinct((2, 3), dtype), 2, -1)
    yield sample(make.distinct((2, 3), dtype), 1, 0, True)


def linalg_norm(x: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    return np.linalg.norm(x, ord, dim, keepdim)


def norm_errors(make: Any) -> Iterable[ErrorInput]:
    text = "the input must be 1D or 2D"
    yield error(RuntimeError, text, make((2, 2, 2), "float32"), 1)
    text = "Expected a floating point or complex tensor"
    yield error(RuntimeError, text, make((2, 2), "int64"))


def power_errors(make: Any) -> Iterable[ErrorInput]:
    text = "must be batches of square matrices"
    yield error(RuntimeError, text, make((2, 3), "float32"), 2)
    yield error(RuntimeError, "at least 2 dimensions", make((3,), "float32"), 2)


LOOSE: dict[str, Any] = {
    "tolerance": {"float32": (1e-4, 2e-5), "complex64": (1e-4, 4e-5)},
    "reason": "sums of products in another order than the reference's",
}

TABLE: list[OpSamples] = [
    OpSamples(
        "linalg.matrix_norm",
        FULLS | COMPLEX,
        matrix_norm_inputs,
        matrix_norm,
        errors=matrix_norm_errors,
        **LOOSE,
        variants="o",
        complex_grad=False,
        result="real",
    ),
    OpSamples(
        "linalg.norm",
        FULLS | COMPLEX,
        norm_inputs,
        linalg_norm,
        errors=norm_errors,
        **LOOSE,
        variants="o",
        result="real",
    ),
    OpSamples(
        "linalg.matrix_power",
        FULLS | COMPLEX | INTS,
        lambda make, dtype: (sample(conditioned(make, dtype), n) for n in (0, 1, 2, 3)),
        np.linalg.matrix_power,
        errors=power_errors,
        **LOOSE,
        variants="o",
        result="same",
    ),
]
