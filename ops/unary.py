"""Functions of one number: exponentials, logarithms, trigonometry, rounding, the error function."""

from ops.table import FLOATS, FLOATS_COMPLEX, REAL, alias, op

EVERYWHERE = "function method inplace out"
EVERYWHERE_TOO = "function method inplace inplace_function out"

# Name, what it is, derivative. All of float and complex type.
for _NAME, _DOC, _GRAD in (
    ("exp", "e to the power of self.", "grad * rl::conj(result)"),
    ("exp2", "2 to the power of self.", "grad * rl::conj(result * M_LN2)"),
    ("expm1", "exp(self) - 1, exact near 0.", "grad * rl::conj(result + 1)"),
    ("log", "Natural logarithm.", "grad / rl::conj(self)"),
    ("log2", "Logarithm to the base 2.", "grad / rl::conj(self * M_LN2)"),
    ("log10", "Logarithm to the base 10.", "grad / rl::conj(self * M_LN10)"),
    ("tanh", "Hyperbolic tangent.", "ops::tanh_backward(grad, result)"),
    ("sinh", "Hyperbolic sine.", "grad * rl::conj(ops::cosh(self))"),
    ("cosh", "Hyperbolic cosine.", "grad * rl::conj(ops::sinh(self))"),
    (
        "asin",
        "Arc sine.",
        "grad * rl::conj(ops::rsqrt(ops::rsub(self * self, 1)))",
    ),
    (
        "acos",
        "Arc cosine.",
        "-grad * rl::conj(ops::rsqrt(ops::rsub(self * self, 1)))",
    ),
    ("atan", "Arc tangent.", "grad / rl::conj(self * self + 1)"),
    (
        "asinh",
        "Inverse hyperbolic sine.",
        "grad * rl::conj(ops::rsqrt(self * self + 1))",
    ),
    (
        "acosh",
        "Inverse hyperbolic cosine.",
        "acosh_backward(grad, self)",
    ),
    (
        "atanh",
        "Inverse hyperbolic tangent.",
        "grad / rl::conj(ops::rsub(self * self, 1))",
    ),
    ("sigmoid", "1 / (1 + exp(-self)).", "ops::sigmoid_backward(grad, result)"),
):
    op(
        f"{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=f"math::{_NAME}(x)",
        on=FLOATS_COMPLEX,
        promote="float",
        variants=EVERYWHERE_TOO,
        grad={"self": _GRAD},
    )
op(
    "log1p(Tensor self) -> Tensor",
    "log(1 + self), exact near 0.",
    expr="math::log1p(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE_TOO,
    node="Log1PBackward0",
    grad={"self": "grad / rl::conj(self + 1)"},
)
for _NAME, _DOC, _GRAD in (
    ("sin", "Sine.", "grad * rl::conj(ops::cos(self))"),
    ("cos", "Cosine.", "-grad * rl::conj(ops::sin(self))"),
    ("tan", "Tangent.", "grad * rl::conj(result * result + 1)"),
):
    op(
        f"{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=f"math::{_NAME}(x)",
        near=f"math::{_NAME}_near(x)",
        on=FLOATS_COMPLEX,
        promote="float",
        variants=EVERYWHERE_TOO,
        grad={"self": _GRAD},
    )
for _NAME in ("sin", "cos", "tan", "sinh", "cosh", "tanh"):
    alias(f"arc{_NAME}(Tensor self) -> Tensor", f"a{_NAME}", EVERYWHERE_TOO)
op(
    "tanh_backward(Tensor grad_output, Tensor output) -> Tensor",
    "grad_output * (1 - output^2).",
    expr="math::multiply(x, math::conj(T(1) - math::multiply(y, y)))",
    on=FLOATS_COMPLEX,
    variants="",
    node="TanhBackwardBackward0",
    grad={
        "grad_output": "ops::tanh_backward(grad, rl::conj(output))",
        "output": "rl::conj(grad) * grad_output * rl::conj(output) * -2",
    },
)
op(
    "sigmoid_backward(Tensor grad_output, Tensor output) -> Tensor",
    "grad_output * output * (1 - output).",
    expr="math::multiply(x, math::conj(math::multiply(T(1) - y, y)))",
    on=FLOATS_COMPLEX,
    variants="",
    node="SigmoidBackwardBackward0",
    grad={
        "grad_output": "ops::sigmoid_backward(grad, rl::conj(output))",
        "output": "rl::conj(grad) * grad_output * rl::conj(ops::rsub(output * 2, 1))",
    },
)
op(
    "atan2(Tensor self, Tensor other) -> Tensor",
    "The angle of the point (other, self).",
    expr="math::atan2(x, y)",
    on=FLOATS,
    promote="float",
    variants=EVERYWHERE,
    grad={
        "self": "grad * (other / (self * self + other * other))",
        "other": "-grad * (self / (self * self + other * other))",
    },
)
alias("arctan2(Tensor self, Tensor other) -> Tensor", "atan2")
op(
    "sinc(Tensor self) -> Tensor",
    "sin(pi self) / (pi self), and 1 at 0.",
    expr="math::sinc(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    plain=True,
    variants=EVERYWHERE_TOO,
    grad={"self": "sinc_backward(grad, self)"},
)
op(
    "deg2rad(Tensor self) -> Tensor",
    "Degrees to radians.",
    expr="x * T(M_PI / 180)",
    on=FLOATS,
    promote="float",
    check="deg2rad",
    variants=EVERYWHERE_TOO,
    node="Deg2RadBackward0",
    grad={"self": "ops::deg2rad(grad)"},
)
op(
    "rad2deg(Tensor self) -> Tensor",
    "Radians to degrees.",
    expr="x * T(180 / M_PI)",
    on=FLOATS,
    promote="float",
    check="rad2deg",
    variants=EVERYWHERE_TOO,
    node="Rad2DegBackward0",
    grad={"self": "ops::rad2deg(grad)"},
)

# --- the error function and the logit
op(
    "erf(Tensor self) -> Tensor",
    "Error function.",
    expr="math::erf(x)",
    on=FLOATS,
    promote="float",
    variants=EVERYWHERE_TOO,
    grad={"self": "grad * (ops::exp(-(self * self)) * M_2_SQRTPI)"},
)
op(
    "erfc(Tensor self) -> Tensor",
    "1 - erf(self), exact for large self.",
    expr="math::erfc(x)",
    on=FLOATS,
    promote="float",
    variants=EVERYWHERE_TOO,
    grad={"self": "grad * (ops::exp(-(self * self)) * -M_2_SQRTPI)"},
)
op(
    "erfinv(Tensor self) -> Tensor",
    "Inverse of erf.",
    expr="math::erfinv(x)",
    on=FLOATS,
    promote="float",
    plain=True,
    variants=EVERYWHERE,
    grad={"self": "grad * (ops::exp(result * result) * (1 / M_2_SQRTPI))"},
)
op(
    "logit(Tensor self, float? eps=None) -> Tensor",
    "log(self / (1 - self)); with eps, self is first limited to [eps, 1 - eps].",
    choose="logit",
    variants=EVERYWHERE_TOO,
)
op(
    "_logit(Tensor self, float? eps) -> Tensor",
    "logit() without limits.",
    expr="math::logit(x)",
    on=FLOATS,
    promote="float",
    variants="",
    node="LogitBackward0",
    grad={"self": "ops::_logit_backward(grad, self, -1)"},
)
op(
    "_logit_limited(Tensor self, float eps) -> Tensor",
    "logit() with limits.",
    expr="math::logit(x < eps ? eps : x > 1 - eps ? 1 - eps : x)",
    on=FLOATS,
    promote="float",
    scalars="eps",
    variants="",
    node="LogitBackward0",
    grad={"self": "ops::_logit_backward(grad, self, eps)"},
)
op(
    "_logit_backward(Tensor grad_output, Tensor self, float eps) -> Tensor",
    "Derivative of logit(); a negative eps stands for none.",
    expr="eps < 0 ? (y < 0 || y > 1 ? math::kNan<T> : x / (y * (1 - y)))"
    " : y < eps || y > 1 - eps ? T(0) : x / (y * (1 - y))",
    on=FLOATS,
    scalars="eps",
    variants="",
    node="LogitBackwardBackward0",
    grad={
        "grad_output": "ops::_logit_backward(grad, self, eps)",
        "self": "ops::_logit_backward(grad, self, eps) * grad_output"
        " * (self * 2 - 1) / (self - self * self)",
    },
)

# --- rounding
for _NAME, _DOC in (
    ("ceil", "Rounds up."),
    ("floor", "Rounds down."),
    ("trunc", "Rounds towards zero."),
):
    op(
        f"{_NAME}(Tensor self) -> Tensor",
        _DOC,
        expr=f"math::{_NAME}(x)",
        on=REAL,
        check=_NAME,
        variants=f"{EVERYWHERE_TOO} exact_out",
        grad={"self": "zeros"},
    )
alias("fix(Tensor self) -> Tensor", "trunc", EVERYWHERE_TOO)
op(
    "round(Tensor self) -> Tensor",
    "Rounds to the nearest integer, halves to the even one.",
    expr="math::round_even(x)",
    on=REAL,
    variants=f"{EVERYWHERE_TOO} exact_out",
    grad={"self": "zeros"},
)
op(
    "round.decimals(Tensor self, *, int decimals) -> Tensor",
    "Rounds to a number of decimals; negative ones round to tens, hundreds, ...",
    choose="round_decimals",
    variants=EVERYWHERE_TOO,
)
op(
    "_round_to(Tensor self, float scale, bool negative) -> Tensor",
    "Rounds to multiples of 1 / scale, or of scale.",
    expr="math::round_to(x, scale, negative != 0)",
    on=FLOATS,
    scalars="scale negative",
    variants="exact_out",
    node="RoundBackward1",
    grad={"self": "zeros"},
)
op(
    "frac(Tensor self) -> Tensor",
    "self - trunc(self).",
    expr="x - math::trunc(x)",
    on=FLOATS,
    variants=f"{EVERYWHERE_TOO} exact_out",
    grad={"self": "grad"},
)
