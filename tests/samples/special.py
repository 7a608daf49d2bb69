"""Samples of special functions: Bessel, Airy, orthogonal polynomials, other names."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import special

from .dtypes import BOOL, FLOATS, FULLS, INTS, NUMBERS
from .pointwise_unary import unary
from .table import OpSamples, SampleInput, sample

PLAIN = FULLS | INTS | BOOL
LOOSE: dict[str, Any] = {
    "tolerance": {"float32": (2e-4, 1e-5), "float64": (2e-5, 2e-6)},
    "reason": "PyTorch's Bessel functions are right to six digits in float64",
}


def bessel(name: str, reference: Callable[..., Any], low: float) -> OpSamples:
    return unary(
        f"special.{name}",
        reference,
        low,
        6.0,
        extremal=False,
        dtypes=PLAIN,
        grad=False,
        result="float",
        variants="o",
        **LOOSE,
    )


def spherical(x: Any) -> Any:
    return special.spherical_jn(0, x)


def airy(x: Any) -> Any:
    return special.airy(x)[0]


def polynomial(
    name: str, value: Callable[[int, Any], Any], highest: int = 6
) -> OpSamples:
    """Degrees as a tensor and as numbers; 0 for negative ones."""

    def inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
        x = make((2, 4), dtype, low=-1, high=1)
        yield sample(x, make.value([0, 1, 2, highest], "int64"))
        yield sample(make((4, 3), dtype, low=-1, high=1, layout="transposed"), 3)
        yield sample(make((0,), dtype), 2)
        yield sample(make((), dtype, low=-1, high=1), -1)
        yield sample(make.value([-1, 0, 1], "float32").to(make.dtype(dtype)), 5)

    def reference(x: Any, n: Any) -> Any:
        x, n = np.broadcast_arrays(np.asarray(x, float), n)
        each = [
            value(int(k), float(v)) if k >= 0 else 0.0
            for v, k in zip(x.reshape(-1), n.reshape(-1), strict=True)
        ]
        return np.asarray(each, float).reshape(x.shape)

    return OpSamples(
        f"special.{name}",
        FULLS | INTS - {"uint8"},
        inputs,
        reference,
        grad=False,
        result="float",
        variants="o",
        **LOOSE,
    )


def third(n: int, x: float) -> float:
    """V_n = U_n - U_(n-1)."""
    lower = special.eval_chebyu(n - 1, x) if n else 0.0
    return float(special.eval_chebyu(n, x) - lower)


def fourth(n: int, x: float) -> float:
    """W_n = U_n + U_(n-1)."""
    lower = special.eval_chebyu(n - 1, x) if n else 0.0
    return float(special.eval_chebyu(n, x) + lower)


def shifted(value: Callable[[int, float], float]) -> Callable[[int, float], float]:
    return lambda n, x: value(n, 2 * x - 1)


def gamma_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for shape in ((), (5,), (2, 3), (0,)):
        a = make(shape, dtype, low=0.25, high=4)
        yield sample(a, make(shape, dtype, low=0.25, high=4))
    a = make((4, 3), dtype, low=0.25, high=4, layout="transposed")
    yield sample(a, make((3,), dtype, low=0.25, high=4))


def logsumexp_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    yield sample(make((2, 3), dtype), 1)
    yield sample(make((2, 3), dtype), (0, 1), keepdim=True)


def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Any:
    return special.logsumexp(x, axis=dim, keepdims=keepdim)


def polygamma_inputs(make: Any, dtype: str) -> Iterable[SampleInput]:
    for order in (0, 1, 2, 4):
        yield sample(order, make((2, 3), dtype, low=1, high=4))


TABLE: list[OpSamples] = [
    bessel("airy_ai", airy, -4.0),
    bessel("bessel_j0", special.j0, -6.0),
    bessel("bessel_j1", special.j1, -6.0),
    bessel("bessel_y0", special.y0, 0.5),
    bessel("bessel_y1", special.y1, 0.5),
    bessel("modified_bessel_i0", special.i0, -6.0),
    bessel("modified_bessel_i1", special.i1, -6.0),
    bessel("modified_bessel_k0", special.k0, 0.5),
    bessel("modified_bessel_k1", special.k1, 0.5),
    bessel("scaled_modified_bessel_k0", special.k0e, 0.5),
    bessel("scaled_modified_bessel_k1", special.k1e, 0.5),
    bessel("spherical_bessel_j0", spherical, -6.0),
    polynomial("chebyshev_polynomial_t", special.eval_chebyt),
    polynomial("chebyshev_polynomial_u", special.eval_chebyu),
    polynomial("chebyshev_polynomial_v", third),
    polynomial("chebyshev_polynomial_w", fourth),
    polynomial("shifted_chebyshev_polynomial_t", shifted(special.eval_chebyt)),
    polynomial("shifted_chebyshev_polynomial_u", shifted(special.eval_chebyu)),
    polynomial("shifted_chebyshev_polynomial_v", shifted(third)),
    polynomial("shifted_chebyshev_polynomial_w", shifted(fourth)),
    polynomial("hermite_polynomial_h", special.eval_hermite),
    polynomial("hermite_polynomial_he", special.eval_hermitenorm),
    polynomial("laguerre_polynomial_l", special.eval_laguerre),
    polynomial("legendre_polynomial_p", special.eval_legendre),
    OpSamples(
        "special.gammainc",
        FLOATS,
        gamma_inputs,
        special.gammainc,
        grad=False,
        result="same",
        variants="o",
    ),
    OpSamples(
        "special.gammaincc",
        FLOATS,
        gamma_inputs,
        special.gammaincc,
        grad=False,
        result="same",
        variants="o",
    ),
    OpSamples(
        "special.logsumexp",
        NUMBERS,
        logsumexp_inputs,
        logsumexp,
        result="float",
        variants="o",
    ),
    OpSamples(
        "special.polygamma",
        FLOATS | INTS,
        polygamma_inputs,
        special.polygamma,
        result="float",
        variants="o",
        gradgrad=False,
    ),
]
