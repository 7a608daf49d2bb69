"""Special functions: the gamma and Bessel families, the normal distribution, polynomials."""

from ops.table import FLOATS, alias, op

EVERYWHERE = "function method inplace out"
EVERYWHERE_TOO = "function method inplace inplace_function out"
WIDE = ("Float32", "Float64")

# --- the gamma family
op(
    "lgamma(Tensor self) -> Tensor",
    "log |gamma(self)|.",
    expr="math::lgamma(x)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants=EVERYWHERE,
    grad={"self": "grad * ops::digamma(self)"},
)
op(
    "digamma(Tensor self) -> Tensor",
    "Derivative of lgamma.",
    expr="math::digamma(x)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants=EVERYWHERE,
    grad={"self": "grad * ops::polygamma(1, self)"},
)
op(
    "polygamma(int n, Tensor self) -> Tensor",
    "The n-th derivative of digamma.",
    expr="math::polygamma(static_cast<int64_t>(n), x)",
    on=FLOATS,
    promote="float",
    scalars="n",
    check="polygamma",
    plain=True,
    variants="function out",
    grad={"self": "grad * ops::polygamma(n + 1, self)"},
)
op(
    "polygamma.method(Tensor self, int n) -> Tensor",
    "The n-th derivative of digamma.",
    composite="ops::polygamma(n, self)",
    variants="method inplace",
)
op(
    "mvlgamma(Tensor self, int p) -> Tensor",
    "Logarithm of the p-variate gamma function.",
    expr="math::multigammaln(x, static_cast<int>(p))",
    on=FLOATS,
    promote="float",
    scalars="p",
    check="mvlgamma",
    plain=True,
    variants=EVERYWHERE,
    grad={"self": "grad * ops::_mvlgamma_slope(self, p)"},
)
op(
    "_mvlgamma_slope(Tensor self, int p) -> Tensor",
    "Derivative of mvlgamma.",
    composite="mvlgamma_slope",
    variants="",
)
op(
    "igamma(Tensor self, Tensor other) -> Tensor",
    "Lower regularized incomplete gamma function P(self, other).",
    expr="math::igamma(x, y)",
    on=FLOATS,
    plain=True,
    variants=EVERYWHERE,
    grad={
        "self": 'derivative_missing("igamma: input")',
        "other": "grad * igamma_slope(self, other)",
    },
)
op(
    "igammac(Tensor self, Tensor other) -> Tensor",
    "Upper regularized incomplete gamma function Q(self, other).",
    expr="math::igammac(x, y)",
    on=FLOATS,
    plain=True,
    variants=EVERYWHERE,
    grad={
        "self": 'derivative_missing("igammac: input")',
        "other": "-grad * igamma_slope(self, other)",
    },
)
op(
    "special_zeta(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "Hurwitz's zeta function.",
    expr="math::zeta(x, y)",
    on=WIDE,
    promote="float",
    plain=True,
    variants="out",
    node="SpecialZetaBackward0/SpecialZetaBackward2/SpecialZetaBackward1",
    grad={
        "self": 'derivative_missing("zeta")',
        "other": "grad * minus(self) * ops::special_zeta(plus_one(self), other)",
    },
)

# --- products with a logarithm
op(
    "xlogy(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self * log(other), and 0 where self is 0.",
    expr="math::xlogy(x, y)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants=EVERYWHERE_TOO,
    node="XlogyBackward0/XlogyBackward2/XlogyBackward1",
    grad={
        "self": "xlogy_slope(grad, self, other)",
        "other": "grad * ops::div(self, other)",
    },
)
alias(
    "special_xlogy(Tensor|Scalar self, Tensor|Scalar other) -> Tensor", "xlogy", "out"
)
op(
    "special_xlog1py(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self * log1p(other), and 0 where self is 0.",
    expr="math::xlog1py(x, y)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants="out",
    node="SpecialXlog1PyBackward0/SpecialXlog1PyBackward2/SpecialXlog1PyBackward1",
    grad={
        "self": "xlog1py_slope(grad, self, other)",
        "other": "grad * ops::div(self, plus_one(other))",
    },
)
op(
    "special_entr(Tensor self) -> Tensor",
    "-self * log(self), 0 at 0, -infinity below.",
    expr="math::entr(x)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants="out",
    grad={
        "self": "grad * ops::where(ops::ge(self, 0), -(ops::log(self) + 1), -INFINITY)"
    },
)

# --- the normal distribution
op(
    "special_erfcx(Tensor self) -> Tensor",
    "exp(self^2) * erfc(self).",
    expr="math::erfcx(x)",
    on=WIDE,
    promote="float",
    plain=True,
    variants="out",
    grad={"self": "grad * (self * result * 2 - M_2_SQRTPI)"},
)
op(
    "special_ndtr(Tensor self) -> Tensor",
    "Distribution function of the standard normal.",
    composite="ndtr",
    variants="out casts",
)
op(
    "special_log_ndtr(Tensor self) -> Tensor",
    "Logarithm of ndtr.",
    expr="math::log_ndtr(x)",
    on=WIDE,
    promote="float",
    plain=True,
    variants="out",
    grad={
        "self": "grad / ops::special_erfcx(self * -M_SQRT1_2) * (M_2_SQRTPI * M_SQRT1_2)"
    },
)
op(
    "special_ndtri(Tensor self) -> Tensor",
    "Inverse of ndtr.",
    expr="math::ndtri(x)",
    on=WIDE,
    promote="float",
    plain=True,
    variants="out",
    grad={
        "self": "grad * ops::exp(result * result * 0.5) * 2.50662827463100050242"  # sqrt(2 pi)
    },
)

# --- Bessel functions
op(
    "i0(Tensor self) -> Tensor",
    "Modified Bessel function of the first kind, order 0.",
    expr="math::i0(x)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants=EVERYWHERE_TOO,
    grad={"self": "grad * ops::special_i1(self)"},
)
for _NAME, _DOC, _NODE, _GRAD in (
    (
        "i0e",
        "exp(-|self|) * i0(self).",
        "SpecialI0EBackward0",
        "grad * (ops::special_i1e(self) - ops::sgn(self) * result)",
    ),
    (
        "i1",
        "Modified Bessel function of the first kind, order 1.",
        "SpecialI1Backward0",
        "grad * i1_slope(self, result, false)",
    ),
    (
        "i1e",
        "exp(-|self|) * i1(self).",
        "SpecialI1EBackward0",
        "grad * i1_slope(self, result, true)",
    ),
):
    op(
        f"special_{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=f"math::{_NAME}(x)",
        on=FLOATS,
        promote="float",
        plain=True,
        variants="out",
        node=_NODE,
        grad={"self": _GRAD},
    )
for _NAME, _DOC in (
    ("bessel_j0", "Bessel function of the first kind, order 0."),
    ("bessel_j1", "Bessel function of the first kind, order 1."),
    ("bessel_y0", "Bessel function of the second kind, order 0."),
    ("bessel_y1", "Bessel function of the second kind, order 1."),
    ("modified_bessel_i0", "Modified Bessel function of the first kind, order 0."),
    ("modified_bessel_i1", "Modified Bessel function of the first kind, order 1."),
    ("modified_bessel_k0", "Modified Bessel function of the second kind, order 0."),
    ("modified_bessel_k1", "Modified Bessel function of the second kind, order 1."),
):
    op(
        f"special_{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=f"math::{_NAME.removeprefix('modified_bessel_') if '_i' in _NAME else _NAME}(x)",
        on=WIDE,
        promote="float",
        plain=True,
        variants="out",
    )
for _NAME, _DOC in (
    ("scaled_modified_bessel_k0", "exp(x) * modified_bessel_k0(x)."),
    ("scaled_modified_bessel_k1", "exp(x) * modified_bessel_k1(x)."),
    ("spherical_bessel_j0", "sin(x) / x, and 1 at 0."),
    ("airy_ai", "Airy's function Ai."),
):
    op(
        f"special_{_NAME}(Tensor x) -> Tensor",
        _DOC,
        expr=f"math::{_NAME}(x)",
        on=WIDE,
        promote="float",
        plain=True,
        variants="out",
    )

# --- orthogonal polynomials
for _NAME, _DOC in (
    ("chebyshev_polynomial_t", "Chebyshev polynomial of the first kind"),
    ("chebyshev_polynomial_u", "Chebyshev polynomial of the second kind"),
    ("chebyshev_polynomial_v", "Chebyshev polynomial of the third kind"),
    ("chebyshev_polynomial_w", "Chebyshev polynomial of the fourth kind"),
    (
        "shifted_chebyshev_polynomial_t",
        "Chebyshev polynomial of the first kind at 2x - 1",
    ),
    (
        "shifted_chebyshev_polynomial_u",
        "Chebyshev polynomial of the second kind at 2x - 1",
    ),
    (
        "shifted_chebyshev_polynomial_v",
        "Chebyshev polynomial of the third kind at 2x - 1",
    ),
    (
        "shifted_chebyshev_polynomial_w",
        "Chebyshev polynomial of the fourth kind at 2x - 1",
    ),
    ("hermite_polynomial_h", "Physicist's Hermite polynomial"),
    ("hermite_polynomial_he", "Probabilist's Hermite polynomial"),
    ("laguerre_polynomial_l", "Laguerre polynomial"),
    ("legendre_polynomial_p", "Legendre polynomial"),
):
    op(
        f"special_{_NAME}(Tensor|Scalar x, Tensor|Scalar n) -> Tensor",
        f"{_DOC} of degree n, rounded towards zero; 0 for negative n.",
        expr=f"math::{_NAME}(x, y)",
        on=WIDE,
        promote="float",
        plain=True,
        variants="out",
    )

# --- other names
for _NAME, _TARGET in (
    ("digamma", "digamma"),
    ("psi", "digamma"),
    ("gammaln", "lgamma"),
    ("erf", "erf"),
    ("erfc", "erfc"),
    ("erfinv", "erfinv"),
    ("exp2", "exp2"),
    ("expm1", "expm1"),
    ("expit", "sigmoid"),
    ("log1p", "log1p"),
    ("sinc", "sinc"),
    ("i0", "i0"),
):
    alias(f"special_{_NAME}(Tensor self) -> Tensor", _TARGET, "out")
alias("special_logit(Tensor self, float? eps=None) -> Tensor", "logit", "out")
alias("special_polygamma(int n, Tensor self) -> Tensor", "polygamma", "out")
alias("special_multigammaln(Tensor self, int p) -> Tensor", "mvlgamma", "out")
alias("special_gammainc(Tensor self, Tensor other) -> Tensor", "igamma", "out")
alias("special_gammaincc(Tensor self, Tensor other) -> Tensor", "igammac", "out")
alias(
    "special_round(Tensor self, *, int decimals=0) -> Tensor", "round_decimals", "out"
)
