"""Arithmetic, element by element."""

from ops.table import ALL, FLOATS_COMPLEX, NUMBERS, op

EVERYWHERE = "function method inplace out"

op(
    "add(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "self + alpha * other.",
    expr="x + alpha * y",
    on=ALL,
    scalars="alpha",
    check="add",
    variants=EVERYWHERE,
    grad={"self": "grad", "other": "alpha.equals(1) ? grad : grad * alpha.conj()"},
)
op(
    "sub(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "self - alpha * other.",
    expr="x - alpha * y",
    on=NUMBERS,
    scalars="alpha",
    check="sub",
    variants=EVERYWHERE,
    grad={"self": "grad", "other": "alpha.equals(1) ? -grad : grad * -alpha.conj()"},
)
op(
    "rsub(Tensor|Scalar self, Tensor|Scalar other, *, Scalar alpha=1) -> Tensor",
    "other - alpha * self.",
    expr="y - alpha * x",
    on=NUMBERS,
    scalars="alpha",
    check="sub",
    variants="function",
    grad={"self": "alpha.equals(1) ? -grad : grad * -alpha.conj()", "other": "grad"},
)
op(
    "mul(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self * other.",
    expr="x * y",
    on=ALL,
    variants=EVERYWHERE,
    grad={"self": "grad * conj(other)", "other": "grad * conj(self)"},
)
op(
    "div(Tensor|Scalar self, Tensor|Scalar other) -> Tensor",
    "self / other; integers divide as floats.",
    expr="x / y",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE,
    grad={
        "self": "grad / conj(other)",
        "other": "-grad * conj(Operand(ops::div(ops::div(self, other), other)))",
    },
)
op(
    "neg(Tensor self) -> Tensor",
    "-self.",
    expr="-x",
    on=NUMBERS,
    check="neg",
    variants=EVERYWHERE,
    grad={"self": "-grad"},
)
op(
    "reciprocal(Tensor self) -> Tensor",
    "1 / self.",
    expr="T(1) / x",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE,
    grad={"self": "-grad * conj(result * result)"},
)
op(
    "exp(Tensor self) -> Tensor",
    "e to the power of self.",
    expr="math::exp(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    variants=EVERYWHERE,
    grad={"self": "grad * conj(result)"},
)
op(
    "conj_physical(Tensor self) -> Tensor",
    "The complex conjugate, computed; real tensors are copied.",
    expr="math::conj(x)",
    on=NUMBERS,
    variants=EVERYWHERE,
    grad={"self": "conj(grad)"},
)
op(
    "square(Tensor self) -> Tensor",
    "self * self.",
    composite="ops::mul(self, self)",
    variants="function method inplace",
)
