"""Special functions, by the names of ``torch.special``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from collections.abc import Callable

# Those of the operator table that carry this module's prefix there.
_PREFIXED = frozenset(
    """airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t
    chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w digamma entr erf
    erfc erfcx erfinv exp2 expit expm1 gammainc gammaincc gammaln hermite_polynomial_h
    hermite_polynomial_he i0 i0e i1 i1e laguerre_polynomial_l legendre_polynomial_p log1p
    log_ndtr logit modified_bessel_i0 modified_bessel_i1 modified_bessel_k0
    modified_bessel_k1 multigammaln ndtr ndtri polygamma psi round
    scaled_modified_bessel_k0 scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t
    shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
    shifted_chebyshev_polynomial_w sinc spherical_bessel_j0 xlog1py xlogy zeta""".split()
)
_PLAIN = frozenset("log_softmax logsumexp softmax".split())

__all__ = sorted(_PREFIXED | _PLAIN)


def __getattr__(name: str) -> Callable[..., Any]:
    if name in _PREFIXED:
        function = getattr(_C.ops, f"special_{name}")
    elif name in _PLAIN:
        function = getattr(_C.ops, name)
    else:
        raise AttributeError(f"module 'rushlight.special' has no attribute '{name}'")
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return __all__
