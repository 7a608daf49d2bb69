"""Complex numbers: parts, conjugates, angles."""

from ops.table import ALL, FLOATS_COMPLEX, op

op(
    "view_as_real(Tensor self) -> Tensor",
    "A complex tensor's memory as pairs of real numbers, in a last dimension of size 2.",
    view="view_as_real",
    variants="function",
    grad={"self": "complex_of_pairs(grad)"},
)
op(
    "view_as_complex(Tensor self) -> Tensor",
    "Pairs of real numbers, along a last dimension of size 2, as complex numbers.",
    view="view_as_complex",
    variants="function",
    grad={"self": "ops::view_as_real(grad)"},
)
op(
    "real(Tensor self) -> Tensor",
    "The real parts, as a view; a real tensor comes back as it is.",
    composite="self.is_complex() ? ops::select(ops::view_as_real(self), -1, 0) : self",
    variants="function",
)
op(
    "imag(Tensor self) -> Tensor",
    "The imaginary parts, as a view.",
    composite="ops::select(ops::view_as_real(self), -1, 1)",
    check="imag",
    variants="function",
)
op(
    "conj_physical(Tensor self) -> Tensor",
    "The complex conjugate, computed; real tensors are copied.",
    expr="math::conj(x)",
    on=ALL,
    variants="function method inplace inplace_function out exact_out",
    grad={"self": "rl::conj(grad)"},
)
op(
    "_conj(Tensor self) -> Tensor",
    "The complex conjugate of a complex tensor.",
    loops="conj_physical",
    variants="",
    node="ConjBackward0",
    grad={"self": "rl::conj(grad)"},
)
op(
    "conj(Tensor self) -> Tensor",
    "The complex conjugate, always computed; a real tensor comes back as it is.",
    composite="self.is_complex() ? ops::_conj(self) : self",
)
op(
    "resolve_conj(Tensor self) -> Tensor",
    "self: no tensor waits to be conjugated.",
    composite="self",
)
op(
    "resolve_neg(Tensor self) -> Tensor",
    "self: no tensor waits to be negated.",
    composite="self",
)
op(
    "angle(Tensor self) -> Tensor",
    "The angle of complex numbers; 0 or pi for real ones.",
    expr="math::angle(x)",
    on=FLOATS_COMPLEX,
    promote="float",
    result="real",
    variants="function method out",
    grad={"self": "angle_backward(grad, self)"},
)
op(
    "complex(Tensor real, Tensor imag) -> Tensor",
    "Complex numbers from their parts.",
    expr="std::complex<T>(x, y)",
    on=("Float32", "Float64"),
    result="complex",
    check="complex",
    variants="function out",
    grad={"real": "ops::real(grad)", "imag": "imag_of(grad)"},
)
op(
    "polar(Tensor abs, Tensor angle) -> Tensor",
    "Complex numbers from magnitudes and angles.",
    expr="std::complex<T>(x * math::cos(y), x * math::sin(y))",
    on=("Float32", "Float64"),
    result="complex",
    check="complex",
    variants="function out",
    grad={
        "abs": "ops::real(grad * rl::conj(ops::sgn(result)))",
        "angle": "imag_of(grad * rl::conj(result))",
    },
)
