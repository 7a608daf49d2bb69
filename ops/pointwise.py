"""Arithmetic, element by element."""

from ops.table import (
    ALL,
    FLOATS,
    FLOATS_COMPLEX,
    INTEGERS,
    NUMBERS,
    REAL,
    REAL_BOOL,
    alias,
    op,
)

EVERYWHERE = "function method inplace out"
EVERYWHERE_TOO = "function method inplace inplace_function out"

# --- sums and products
op(
    "add(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "self + alpha * other.",
    expr="x + math::multiply(alpha, y)",
    on=ALL,
    scalars="alpha",
    precise_numbers=True,
    check="add",
    variants=EVERYWHERE,
    grad={"self": "grad", "other": "alpha.equals(1) ? grad : grad * alpha.conj()"},
)
op(
    "sub(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "self - alpha * other.",
    expr="x - math::multiply(alpha, y)",
    on=NUMBERS,
    scalars="alpha",
    precise_numbers=True,
    check="sub",
    variants=EVERYWHERE,
    node="SubBackward0/SubBackward0/RsubBackward1",
    grad={"self": "grad", "other": "alpha.equals(1) ? -grad : grad * -alpha.conj()"},
)
alias(
    "subtract(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "sub",
)
op(
    "rsub(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "other - alpha * self.",
    expr="y - math::multiply(alpha, x)",
    on=NUMBERS,
    scalars="alpha",
    precise_numbers=True,
    check="sub",
    variants="function",
    node="RsubBackward0/RsubBackward1",
    grad={"self": "alpha.equals(1) ? -grad : grad * -alpha.conj()", "other": "grad"},
)
op(
    "mul(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self * other.",
    expr="math::multiply(x, y)",
    on=ALL,
    precise_numbers=True,
    variants=EVERYWHERE,
    grad={"self": "grad * rl::conj(other)", "other": "grad * rl::conj(self)"},
)
alias("multiply(Tensor|Scalar self, Tensor|Scalar other) -> Tensor", "mul")
op(
    "addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor",
    "self + value * tensor1 * tensor2.",
    expr="x + math::multiply(math::multiply(value, y), z)",
    on=NUMBERS,
    scalars="value",
    variants=EVERYWHERE,
    grad={
        "self": "grad",
        "tensor1": "grad * rl::conj(tensor2 * value)",
        "tensor2": "grad * rl::conj(tensor1 * value)",
    },
)
op(
    "addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor",
    "self + value * tensor1 / tensor2.",
    expr="x + math::divide(math::multiply(value, y), z)",
    on=FLOATS_COMPLEX,
    scalars="value",
    check="addcdiv",
    variants=EVERYWHERE,
    grad={
        "self": "grad",
        "tensor1": "grad * rl::conj(ops::mul(ops::reciprocal(tensor2), value))",
        "tensor2": "-grad * rl::conj(tensor1 * value / (tensor2 * tensor2))",
    },
)
op(
    "lerp(Tensor self, Tensor end, Tensor|Scalar weight) -> Tensor",
    "self + weight * (end - self).",
    expr="math::lerp(x, y, z)",
    on=FLOATS_COMPLEX,
    precise_numbers=True,
    check="lerp",
    variants=EVERYWHERE,
    node="LerpBackward1/LerpBackward0",
    grad={
        "self": "grad * one_minus(rl::conj(weight))",
        "end": "grad * rl::conj(weight)",
        "weight": "grad * rl::conj(end - self)",
    },
)

# --- quotients and remainders
op(
    "div(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self / other; integers divide as floats.",
    expr="math::divide(x, y)",
    on=FLOATS_COMPLEX,
    promote="float",
    precise_numbers=True,
    variants=EVERYWHERE,
    grad={
        "self": "grad / rl::conj(other)",
        "other": "-grad * rl::conj(ops::div(ops::div(self, other), other))",
    },
)
op(
    "div.mode(Tensor|Scalar self, Tensor|Scalar other, *, str? rounding_mode) -> Tensor",
    "self / other, rounded by 'trunc' (towards 0) or 'floor'; None divides as usual.",
    choose="div",
    variants=EVERYWHERE,
)
alias("divide(Tensor|Scalar self, Tensor|Scalar other) -> Tensor", "div")
alias(
    "divide.mode(Tensor|Scalar self, Tensor|Scalar other, *, str? rounding_mode) -> Tensor",
    "div_mode",
)
alias("true_divide(Tensor|Scalar self, Tensor|Scalar other) -> Tensor", "div")
op(
    "_div_floor(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self / other, rounded down.",
    expr="math::div_floor(x, y)",
    on=REAL,
    variants="",
    node="DivBackward2",
    grad={"self": "zeros", "other": "zeros"},
)
op(
    "_div_trunc(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self / other, rounded towards zero.",
    expr="math::div_trunc(x, y)",
    on=REAL,
    variants="",
    node="DivBackward2",
    grad={"self": "zeros", "other": "zeros"},
)
op(
    "floor_divide(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self / other, rounded down.",
    loops="_div_floor",
    variants=EVERYWHERE,
    node="NotImplemented",
    vjp="not_implemented",
)
op(
    "remainder(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "Python's %: the remainder has the sign of other.",
    expr="math::remainder(x, y)",
    on=REAL,
    variants=EVERYWHERE,
    node="RemainderBackward1/RemainderBackward0/RemainderBackward1",
    grad={"self": "grad", "other": "-grad * ops::_div_floor(self, other)"},
)
op(
    "fmod(Tensor self, Tensor|Scalar other) -> Tensor",
    "C's fmod: the remainder has the sign of self.",
    expr="math::fmod(x, y)",
    on=REAL,
    variants=EVERYWHERE,
    node="FmodBackward1/FmodBackward0",
    grad={"self": "grad", "other": "-grad * ops::_div_trunc(self, other)"},
)
op(
    "gcd(Tensor self, Tensor other) -> Tensor",
    "Greatest common divisor.",
    expr="math::gcd(x, y)",
    on=INTEGERS,
    plain=True,
    variants=EVERYWHERE_TOO,
)
op(
    "lcm(Tensor self, Tensor other) -> Tensor",
    "Least common multiple.",
    expr="math::lcm(x, y)",
    on=INTEGERS,
    plain=True,
    variants=EVERYWHERE_TOO,
)

# --- powers
POW_GRAD = {
    "self": "pow_backward_self(grad, self, exponent)",
    "exponent": "pow_backward_exponent(grad, self, exponent, result)",
}
op(
    "pow(Tensor|Scalar self, Tensor|Scalar exponent) -> Tensor",
    "self to the power of exponent.",
    choose="pow",
    variants=EVERYWHERE,
)
op(
    "_pow(Tensor|Scalar self, Tensor|Scalar exponent) -> Tensor",
    "pow() for any exponent.",
    expr="math::power(x, y)",
    on=NUMBERS,
    variants="",
    node="PowBackward1/PowBackward0/PowBackward2",
    grad=POW_GRAD,
)
op(
    "_pow_2(Tensor self, Tensor|Scalar exponent) -> Tensor",
    "pow() for the exponent 2.",
    expr="math::multiply(x, x)",
    on=NUMBERS,
    variants="",
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, exponent)"},
)
op(
    "_pow_3(Tensor self, Tensor|Scalar exponent) -> Tensor",
    "pow() for the exponent 3.",
    expr="math::multiply(math::multiply(x, x), x)",
    on=NUMBERS,
    variants="",
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, exponent)"},
)
op(
    "_pow_half(Tensor self, Tensor|Scalar exponent) -> Tensor",
    "pow() for the exponent 0.5.",
    expr="math::sqrt(x)",
    on=FLOATS_COMPLEX,
    variants="",
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, exponent)"},
)
op(
    "_pow_minus_1(Tensor self, Tensor|Scalar exponent) -> Tensor",
    "pow() for the exponent -1.",
    expr="math::reciprocal(x)",
    on=FLOATS_COMPLEX,
    variants="",
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, exponent)"},
)
op(
    "_pow_minus_2(Tensor self, Tensor|Scalar exponent) -> Tensor",
    "pow() for the exponent -2.",
    expr="math::reciprocal(math::multiply(x, x))",
    on=FLOATS_COMPLEX,
    variants="",
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, exponent)"},
)
op(
    "float_power(Tensor|Scalar self, Tensor|Scalar exponent) -> Tensor",
    "pow() in float64, or complex128 for complex arguments.",
    composite="float_power",
    variants=EVERYWHERE,
)
op(
    "square(Tensor self) -> Tensor",
    "self * self.",
    expr="math::multiply(x, x)",
    on=NUMBERS,
    promote="int",
    variants=EVERYWHERE_TOO,
    node="PowBackward0",
    grad={"self": "pow_backward_self(grad, self, Operand(Scalar(2)))"},
)
op(
    "sqrt(Tensor self) -> Tensor",
    "Square root.",
    expr="math::sqrt(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE_TOO,
    grad={"self": "grad / rl::conj(result * 2)"},
)
op(
    "rsqrt(Tensor self) -> Tensor",
    "1 / sqrt(self).",
    expr="math::rsqrt(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE_TOO,
    grad={"self": "grad * rl::conj(ops::pow(result, 3) * -0.5)"},
)
op(
    "reciprocal(Tensor self) -> Tensor",
    "1 / self.",
    expr="math::reciprocal(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE_TOO,
    grad={"self": "-grad * rl::conj(result * result)"},
)

# --- signs and magnitudes
op(
    "neg(Tensor self) -> Tensor",
    "-self.",
    expr="-x",
    on=NUMBERS,
    check="neg",
    variants=f"{EVERYWHERE_TOO} exact_out",
    grad={"self": "-grad"},
)
alias("negative(Tensor self) -> Tensor", "neg", EVERYWHERE_TOO)
op(
    "positive(Tensor self) -> Tensor",
    "self itself.",
    composite="self",
    check="positive",
)
op(
    "abs(Tensor self) -> Tensor",
    "Absolute value.",
    expr="math::magnitude(x)",
    on=NUMBERS,
    result="real",
    check="abs",
    variants=f"{EVERYWHERE_TOO} exact_out",
    grad={"self": "grad * ops::sgn(self)"},
)
alias("absolute(Tensor self) -> Tensor", "abs")
op(
    "sign(Tensor self) -> Tensor",
    "-1, 0 or 1.",
    expr="math::sign(x)",
    on=REAL_BOOL,
    check="sign",
    variants=f"{EVERYWHERE} exact_out",
    grad={"self": "zeros"},
)
op(
    "sgn(Tensor self) -> Tensor",
    "-1, 0 or 1; for complex numbers self / |self|, and 0 at 0.",
    expr="math::sgn(x)",
    on=ALL,
    variants=f"{EVERYWHERE} exact_out",
    grad={"self": "sgn_backward(grad, self, result)"},
)
op(
    "signbit(Tensor self) -> Tensor",
    "Whether the sign is negative, that of -0.0 and NaN included.",
    expr="math::sign_bit(x)",
    on=REAL_BOOL,
    result="bool",
    check="signbit",
    variants="function method out exact_out",
)
op(
    "copysign(Tensor self, Tensor|Scalar other) -> Tensor",
    "The magnitude of self with the sign of other.",
    expr="math::copysign(x, y)",
    on=FLOATS,
    promote="float",
    variants=EVERYWHERE,
    node="CopysignBackward0/CopysignBackward1",
    grad={"self": "copysign_backward(grad, self, result)", "other": "zeros"},
)
op(
    "hypot(Tensor self, Tensor other) -> Tensor",
    "sqrt(self^2 + other^2) without overflow on the way.",
    expr="math::hypot(x, y)",
    on=FLOATS,
    variants=EVERYWHERE,
    grad={"self": "grad * (self / result)", "other": "grad * (other / result)"},
)

# --- selection
_WHERE = {
    "self": "ops::where(condition, grad, 0)",
    "other": "ops::where(condition, 0, grad)",
}
op(
    "where(Tensor condition, Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self where condition holds, else other.",
    expr="x ? y : z",
    on=ALL,
    mask_first=True,
    check="where",
    variants="function out exact_out numbers_fit",
    grad=_WHERE,
)
op(
    "where.method(Tensor self, Tensor condition, Tensor|Scalar other) -> Tensor",
    "self where condition holds, else other.",
    loops="where",
    inputs="condition self other",
    mask_first=True,
    check="where_method",
    variants="method numbers_fit",
    grad=_WHERE,
)
op(
    "heaviside(Tensor self, Tensor values) -> Tensor",
    "0 for negative self, values at 0, else 1.",
    expr="x == T(0) ? y : T(x > T(0))",
    on=REAL_BOOL,
    check="heaviside",
    variants=f"{EVERYWHERE} exact_out",
    node="NotImplemented",
    vjp="not_implemented",
)
op(
    "nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) "
    "-> Tensor",
    "NaN replaced by nan or 0, infinities by the given or the largest finite numbers.",
    choose="nan_to_num",
    variants=EVERYWHERE_TOO,
)
op(
    "_nan_to_num(Tensor self, float nan, float posinf, float neginf) -> Tensor",
    "nan_to_num() with all replacements given.",
    expr="math::replace_nonfinite(x, nan, posinf, neginf)",
    on=ALL,
    scalars="nan posinf neginf",
    variants="exact_out",
    node="NanToNumBackward0",
    grad={"self": "grad * ops::isfinite(self)"},
)

# --- floating-point representation
op(
    "nextafter(Tensor self, Tensor other) -> Tensor",
    "The next representable number from self towards other.",
    expr="math::next_after(x, y)",
    on=FLOATS,
    exact=True,
    plain=True,
    variants=EVERYWHERE,
    grad={"self": "grad * ops::ne(self, other)", "other": "zeros"},
)
op(
    "ldexp(Tensor self, Tensor other) -> Tensor",
    "self * 2^other.",
    composite="ldexp",
    variants=f"{EVERYWHERE_TOO} casts",
)
op(
    "frexp(Tensor self) -> (Tensor mantissa, Tensor exponent)",
    "self = mantissa * 2^exponent with 0.5 <= |mantissa| < 1; exponent is int32.",
    plan="frexp",
    kernel="frexp",
    variants="function method out",
    differentiable="mantissa",
    grad={"self": "grad_mantissa / ops::exp2(exponent)"},
)
op(
    "logaddexp(Tensor self, Tensor other) -> Tensor",
    "log(exp(self) + exp(other)).",
    expr="math::logaddexp(x, y)",
    on=FLOATS_COMPLEX,
    variants="function method out",
    grad={
        "self": "grad / rl::conj(ops::exp(other - self) + 1)",
        "other": "grad / rl::conj(ops::exp(self - other) + 1)",
    },
)
op(
    "logaddexp2(Tensor self, Tensor other) -> Tensor",
    "log2(2^self + 2^other).",
    expr="math::logaddexp2(x, y)",
    on=FLOATS,
    variants="function method out",
    grad={
        "self": "grad / (ops::exp2(other - self) + 1)",
        "other": "grad / (ops::exp2(self - other) + 1)",
    },
)
