"""Samples of linear algebra: factorisations, solvers, norms of matrices."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .dtypes import COMPLEX, FULLS
from .table import ErrorInput, Inputs, OpSamples, SampleInput, error, sample


def conditioned(make: Any, dtype: str, *lead: int, size: int = 3) -> Any:
    """Well conditioned square matrices: a random part plus a strong diagonal."""
    x = make((*lead, size, size), dtype, low=-1, high=1)
    return x + 3 * make.value(np.diag(np.arange(1.0, size + 1)), dtype)


def square_inputs(*sizes: int, batched: bool = True) -> Inputs:
    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        for size in sizes or (1, 2, 3):
            yield sample(conditioned(make, dtype, size=size))
        if batched:
            yield sample(conditioned(make, dtype, 2, size=2))
        yield sample(conditioned(make, dtype, size=3).transpose(-1, -2))

    return inputs


def positive(make: Any, dtype: str, *lead: int, size: int = 3) -> Any:
    x = conditioned(make, dtype, *lead, size=size)
    return x @ x.transpose(-1, -2).conj()


def positive_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for size in (1, 2, 3):
        yield sample(positive(make, dtype, size=size)).but(grad=False)
    yield sample(positive(make, dtype, 2, size=2)).but(grad=False)


def solve_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(conditioned(make, dtype), make((3, 2), dtype))
    yield sample(conditioned(make, dtype), make((3,), dtype))
    yield sample(conditioned(make, dtype, 2), make((2, 3, 1), dtype))


def tall_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((4, 2), (3, 3), (2, 4), (2, 3, 2)):
        yield sample(make(shape, dtype)).but(grad=False)


def singular_values(x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)


def matrix_norm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    x = make.distinct((2, 3), dtype)
    for order in ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2):
        smooth = order == "fro"
        yield sample(x, order).but(grad=smooth and dtype not in COMPLEX)
    yield sample(make.distinct((2, 2, 3), dtype), "fro", keepdim=True).but(
        grad=dtype not in COMPLEX
    )


def matrix_norm(x: Any, ord: Any = "fro", keepdim: bool = False) -> Any:
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdim)


def norm_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.distinct((2, 3), dtype))
    yield sample(make.distinct((4,), dtype), 3)
    yield sample(make.distinct((2, 3), dtype), 2, -1)
    yield sample(make.distinct((2, 3), dtype), 1, 0, True)


def linalg_norm(x: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    return np.linalg.norm(x, ord, dim, keepdim)


def rank_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(conditioned(make, dtype))
    yield sample(make.value([[1.0, 2.0], [2.0, 4.0]], dtype))


def singular_errors(make: Any) -> Iterable[ErrorInput]:
    zeros = make.value([[0.0, 0.0], [0.0, 0.0]], "float32")
    yield error(RuntimeError, "singular", zeros)
    text = "must be batches of square matrices"
    yield error(RuntimeError, text, make((2, 3), "float32"))


def indefinite_errors(make: Any) -> Iterable[ErrorInput]:
    x = make.value([[1.0, 2.0], [2.0, 1.0]], "float32")
    yield error(RuntimeError, "not positive-definite", x)


def square_errors(make: Any) -> Iterable[ErrorInput]:
    text = "must be batches of square matrices"
    yield error(RuntimeError, text, make((2, 3), "float32"))


def rebuilt(name: str) -> Callable[[Any], Callable[..., Any]]:
    """Factors multiplied again: their signs and order are not promised."""

    def of(xp: Any) -> Callable[..., Any]:
        def qr(x: Any) -> Any:
            q, r = xp.linalg.qr(x)
            return q @ r, q.mH @ q

        def svd(x: Any) -> Any:
            u, s, v = xp.linalg.svd(x, full_matrices=False)
            return (u * s[..., None, :]) @ v, s

        def eigh(x: Any) -> Any:
            values, vectors = xp.linalg.eigh(x)
            return (vectors * values[..., None, :]) @ vectors.mH, values

        return {"qr": qr, "svd": svd, "eigh": eigh}[name]

    return of


def qr_parts(x: Any) -> Any:
    q, _ = np.linalg.qr(x)
    return x, np.conj(np.swapaxes(q, -1, -2)) @ q


def tall_only(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((4, 2), (3, 3), (2, 3, 2)):
        yield sample(make.distinct(shape, dtype)).but(grad=False)


def triangular_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    a, b = conditioned(make, dtype), make((3, 2), dtype)
    yield sample(a.triu(), b, upper=True)
    yield sample(a.tril(), b, upper=False)
    yield sample(a.triu(), b.mT.contiguous(), upper=True, left=False)


def solve_triangular(a: Any, b: Any, *, upper: bool, left: bool = True) -> Any:
    if left:
        return np.linalg.solve(a, b)
    return np.linalg.solve(a.T, b.T).T


def exponential_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 2), dtype, low=-1, high=1))
    yield sample(make((2, 3, 3), dtype, low=-1, high=1))


def matrix_exp(x: Any) -> Any:
    from scipy.linalg import expm

    return expm(x)


def least_squares_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make.distinct((4, 2), dtype), make((4, 1), dtype)).but(grad=False)


LOOSE: dict[str, Any] = {
    "tolerance": {"float32": (1e-4, 2e-5), "complex64": (1e-4, 4e-5)},
    "reason": "elimination of matrices with condition numbers up to about 20",
}

TABLE: list[OpSamples] = [
    OpSamples(
        "linalg.det",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.det,
        errors=square_errors,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "det",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.det,
        **LOOSE,
        variants="m",
        result="same",
    ),
    OpSamples(
        "linalg.slogdet",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.slogdet,
        **LOOSE,
        variants="o",
    ),
    OpSamples(
        "slogdet",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.slogdet,
        **LOOSE,
        variants="mo",
    ),
    OpSamples(
        "logdet",
        FULLS | COMPLEX,
        positive_inputs,
        lambda x: np.log(np.linalg.det(x)),
        **LOOSE,
        variants="m",
        grad=False,
        result="same",
    ),
    OpSamples(
        "linalg.inv",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.inv,
        errors=singular_errors,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "inverse",
        FULLS | COMPLEX,
        square_inputs(),
        np.linalg.inv,
        **LOOSE,
        variants="mo",
        result="same",
    ),
    OpSamples(
        "linalg.pinv",
        FULLS | COMPLEX,
        square_inputs(2, 3),
        np.linalg.pinv,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "linalg.solve",
        FULLS | COMPLEX,
        solve_inputs,
        np.linalg.solve,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "linalg.cholesky",
        FULLS | COMPLEX,
        positive_inputs,
        np.linalg.cholesky,
        errors=indefinite_errors,
        **LOOSE,
        variants="o",
        grad=False,
        result="same",
    ),
    OpSamples(
        "linalg.svdvals",
        FULLS | COMPLEX,
        tall_inputs,
        singular_values,
        **LOOSE,
        variants="o",
        grad=False,
        result="real",
    ),
    OpSamples(
        "linalg.eigvalsh",
        FULLS | COMPLEX,
        positive_inputs,
        np.linalg.eigvalsh,
        **LOOSE,
        variants="o",
        grad=False,
        result="real",
    ),
    OpSamples(
        "linalg.matrix_norm",
        FULLS | COMPLEX,
        matrix_norm_inputs,
        matrix_norm,
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
        **LOOSE,
        variants="o",
        result="real",
    ),
    OpSamples(
        "linalg.matrix_rank",
        FULLS | COMPLEX,
        rank_inputs,
        np.linalg.matrix_rank,
        variants="o",
        grad=False,
        result="int64",
    ),
    OpSamples(
        "linalg.matrix_power",
        FULLS | COMPLEX,
        lambda make, dtype: (
            sample(conditioned(make, dtype), n) for n in (0, 1, 2, -1)
        ),
        np.linalg.matrix_power,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "linalg.qr",
        FULLS | COMPLEX,
        tall_only,
        qr_parts,
        call=rebuilt("qr"),
        label="rebuilt",
        **LOOSE,
        grad=False,
    ),
    OpSamples(
        "linalg.svd",
        FULLS | COMPLEX,
        tall_only,
        lambda x: (x, singular_values(x)),
        call=rebuilt("svd"),
        label="rebuilt",
        **LOOSE,
        grad=False,
    ),
    OpSamples(
        "linalg.eigh",
        FULLS | COMPLEX,
        positive_inputs,
        lambda x: (x, np.linalg.eigvalsh(x)),
        call=rebuilt("eigh"),
        label="rebuilt",
        **LOOSE,
        grad=False,
    ),
    OpSamples(
        "linalg.solve_triangular",
        FULLS | COMPLEX,
        triangular_inputs,
        solve_triangular,
        **LOOSE,
        variants="o",
        result="same",
    ),
    OpSamples(
        "linalg.matrix_exp",
        FULLS | COMPLEX,
        exponential_inputs,
        matrix_exp,
        **LOOSE,
        result="same",
    ),
    OpSamples(
        "linalg.lstsq",
        FULLS | COMPLEX,
        least_squares_inputs,
        lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
        call=lambda xp: lambda a, b: xp.linalg.lstsq(a, b).solution,
        **LOOSE,
        grad=False,
        result="same",
    ),
]
