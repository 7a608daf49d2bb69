"""Activation functions and their derivatives, which are operators of their own."""

from typing import Any

from ops.table import FLOATS, FLOATS_COMPLEX, REAL, op

LAYER = "inplace_internal out"  # reached through nn.functional


def backward(
    schema: str, doc: str, expr: str, second: str, scalars: str = "", **fields: Any
) -> None:
    """Declares ``<name>_backward(grad_output, self, ...)``.

    It is linear in grad_output; ``second`` is the gradient of self.
    """
    name, _, rest = schema.partition("(")
    arguments = ", ".join(["grad", "self", *scalars.split()])
    camel = "".join(part.title() for part in name.strip("_").split("_"))
    op(
        f"{name}(Tensor grad_output, Tensor self{rest} -> Tensor",
        doc,
        expr=expr,
        on=fields.pop("on", FLOATS),
        scalars=scalars,
        variants="",
        node=fields.pop("node", f"{camel}Backward0"),
        grad={"grad_output": f"ops::{name}({arguments})", "self": second},
        depth=2,
        **fields,
    )


# --- piecewise linear
op(
    "relu(Tensor self) -> Tensor",
    "max(self, 0).",
    expr="math::largest(x, T(0))",
    on=REAL,
    check="relu",
    variants="function method inplace inplace_function out",
    grad={"self": "ops::threshold_backward(grad, result, 0)"},
)
op(
    "relu6(Tensor self) -> Tensor",
    "min(max(self, 0), 6).",
    choose="relu6",
    variants="inplace_internal",
)
op(
    "threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor",
    "self where it exceeds threshold, else value.",
    expr="x <= threshold ? value : x",
    on=REAL,
    scalars="threshold value",
    variants="function inplace_function out",
    grad={"self": "ops::threshold_backward(grad, self, threshold)"},
)
backward(
    "threshold_backward(, Scalar threshold)",
    "grad_output where self exceeds threshold.",
    "y <= threshold ? T(0) : x",
    "zeros",
    "threshold",
    on=REAL,
)
op(
    "leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor",
    "self where positive, else negative_slope * self.",
    expr="x > T(0) ? x : x * negative_slope",
    on=FLOATS,
    scalars="negative_slope",
    variants=LAYER,
    grad={"self": "ops::_leaky_relu_backward(grad, self, negative_slope)"},
)
backward(
    "_leaky_relu_backward(, Scalar negative_slope)",
    "grad_output where self is positive, else negative_slope * grad_output.",
    "y > T(0) ? x : x * negative_slope",
    "zeros",
    "negative_slope",
)
op(
    "hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor",
    "self limited to min_val and max_val.",
    expr="math::smallest(math::largest(x, min_val), max_val)",
    on=REAL,
    scalars="min_val max_val",
    check="hardtanh",
    variants=LAYER,
    grad={"self": "ops::hardtanh_backward(grad, self, min_val, max_val)"},
)
backward(
    "hardtanh_backward(, Scalar min_val, Scalar max_val)",
    "grad_output where self lies between the limits.",
    "(y <= min_val) | (y >= max_val) ? T(0) : x",
    "zeros",
    "min_val max_val",
)
op(
    "hardsigmoid(Tensor self) -> Tensor",
    "min(max(self + 3, 0), 6) / 6.",
    expr="math::smallest(math::largest(x + 3, T(0)), T(6)) / 6",
    on=FLOATS,
    variants=LAYER,
    grad={"self": "ops::hardsigmoid_backward(grad, self)"},
)
backward(
    "hardsigmoid_backward()",
    "grad_output / 6 where self lies between -3 and 3.",
    "(y > -3) & (y < 3) ? x / 6 : T(0)",
    "zeros",
)
op(
    "hardswish(Tensor self) -> Tensor",
    "self * hardsigmoid(self).",
    expr="x * math::smallest(math::largest(x + 3, T(0)), T(6)) / 6",
    on=FLOATS,
    variants=LAYER,
    grad={"self": "ops::hardswish_backward(grad, self)"},
)
backward(
    "hardswish_backward()",
    "Derivative of hardswish.",
    "y <= -3 ? T(0) : y < 3 ? x * (y / 3 + T(0.5)) : x",
    "grad * ops::hardsigmoid_backward(grad_output, self) * 2",
)
op(
    "hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor",
    "self outside of [-lambd, lambd], else 0.",
    expr="(x >= -lambd) & (x <= lambd) ? T(0) : x",
    on=FLOATS,
    scalars="lambd",
    variants="function method out exact_out",
    grad={"self": "ops::hardshrink_backward(grad, self, lambd)"},
)
backward(
    "hardshrink_backward(, Scalar lambd)",
    "grad_output where self lies outside of [-lambd, lambd].",
    "(y >= -lambd) & (y <= lambd) ? T(0) : x",
    "zeros",
    "lambd",
)
op(
    "softshrink(Tensor self, Scalar lambd=0.5) -> Tensor",
    "self moved towards 0 by lambd, stopping there.",
    expr="x > lambd ? x - lambd : x < -lambd ? x + lambd : x * T(0)",
    on=FLOATS,
    scalars="lambd",
    check="softshrink",
    variants="out",
    grad={"self": "ops::softshrink_backward(grad, self, lambd)"},
)
backward(
    "softshrink_backward(, Scalar lambd)",
    "grad_output where self lies outside of [-lambd, lambd].",
    "(y >= -lambd) & (y <= lambd) ? T(0) : x",
    "zeros",
    "lambd",
)

# --- exponential below zero
op(
    "elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor",
    "scale * self where positive, else scale * alpha * (exp(input_scale * self) - 1).",
    expr="x <= 0 ? math::expm1(x * input_scale) * (alpha * scale) : x * scale",
    on=FLOATS,
    scalars="alpha scale input_scale",
    variants=LAYER,
    grad={"self": "ops::_elu_backward(grad, self, alpha, scale, input_scale)"},
)
op(
    "celu(Tensor self, Scalar alpha=1.0) -> Tensor",
    "self where positive, else alpha * (exp(self / alpha) - 1).",
    expr="x <= 0 ? math::expm1(x * (1 / alpha)) * alpha : x",
    on=FLOATS,
    scalars="alpha",
    check="celu",
    variants="function inplace_function out",
    grad={"self": "ops::_elu_backward(grad, self, alpha, 1, 1 / alpha.to_double())"},
)
op(
    "selu(Tensor self) -> Tensor",
    "elu with the constants of Klambauer et al., Self-Normalizing Neural Networks, 2017.",
    choose="selu",
    variants="function inplace_function",
)
backward(
    "_elu_backward(, Scalar alpha, Scalar scale, Scalar input_scale)",
    "Derivative of elu.",
    "y <= 0 ? x * (input_scale * alpha * scale * math::exp(y * input_scale)) : x * scale",
    "elu_second(grad, grad_output, self, alpha, scale, input_scale)",
    "alpha scale input_scale",
)

# --- smooth
op(
    "gelu(Tensor self, *, str approximate='none') -> Tensor",
    "self times the normal distribution function of self, or its tanh approximation.",
    choose="gelu",
    variants=LAYER,
)
op(
    "gelu_backward(Tensor grad_output, Tensor self, *, str approximate='none') -> Tensor",
    "Derivative of gelu.",
    choose="gelu_backward",
    variants="",
)
for _KIND, _FUNCTION in (("none", "gelu"), ("tanh", "gelu_tanh")):
    op(
        f"_gelu_{_KIND}(Tensor self) -> Tensor",
        f"gelu() with approximate='{_KIND}'.",
        expr=f"math::{_FUNCTION}(x)",
        near_span="math::gelu_near" if _KIND == "none" else "",
        near_reach="math::kGeluReach",
        on=FLOATS,
        variants="",
        node="GeluBackward0",
        grad={"self": f"ops::_gelu_{_KIND}_backward(grad, self)"},
    )
    backward(
        f"_gelu_{_KIND}_backward()",
        "Derivative of gelu.",
        f"x * math::{_FUNCTION}_grad(y)",
        f"gelu_{_KIND}_second(grad, grad_output, self)",
        node="GeluBackwardBackward0",
    )
op(
    "silu(Tensor self) -> Tensor",
    "self * sigmoid(self).",
    expr="math::multiply(x, math::sigmoid(x))",
    on=FLOATS_COMPLEX,
    variants=LAYER,
    grad={"self": "ops::silu_backward(grad, self)"},
)
backward(
    "silu_backward()",
    "Derivative of silu.",
    "math::multiply(x, math::conj(math::silu_slope(y)))",
    "silu_second(grad, grad_output, self)",
    on=FLOATS_COMPLEX,
)
op(
    "mish(Tensor self) -> Tensor",
    "self * tanh(softplus(self)).",
    expr="math::mish(x)",
    on=FLOATS,
    variants=LAYER,
    grad={"self": "ops::mish_backward(grad, self)"},
)
backward(
    "mish_backward()",
    "Derivative of mish.",
    "x * math::mish_grad(y)",
    "mish_second(grad, grad_output, self)",
)
op(
    "softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor",
    "log(1 + exp(beta * self)) / beta; self itself where beta * self exceeds threshold.",
    expr="math::softplus(x, beta, threshold)",
    on=FLOATS,
    scalars="beta threshold",
    variants="out exact_out",
    grad={"self": "ops::softplus_backward(grad, self, beta, threshold)"},
)
backward(
    "softplus_backward(, Scalar beta, Scalar threshold)",
    "Derivative of softplus.",
    "x * math::softplus_grad(y, beta, threshold)",
    "softplus_second(grad, grad_output, self, beta, threshold)",
    "beta threshold",
)
op(
    "log_sigmoid(Tensor self) -> Tensor",
    "log(sigmoid(self)).",
    expr="math::log_sigmoid(x)",
    on=FLOATS,
    variants="out",
    grad={"self": "ops::_log_sigmoid_backward(grad, self)"},
)
backward(
    "_log_sigmoid_backward()",
    "Derivative of log_sigmoid.",
    "x * math::log_sigmoid_grad(y)",
    "log_sigmoid_second(grad, grad_output, self)",
)

# --- with a second input
op(
    "prelu(Tensor self, Tensor weight) -> Tensor",
    "self where positive, else weight * self; one weight, or one a channel (dimension 1).",
    composite="prelu",
)
op(
    "_prelu_kernel(Tensor self, Tensor weight) -> Tensor",
    "prelu() with weight broadcast.",
    expr="x > T(0) ? x : y * x",
    on=FLOATS,
    variants="",
    grad={
        "self": "ops::_prelu_self_backward(grad, self, weight)",
        "weight": "ops::_prelu_weight_backward(grad, self)",
    },
)
op(
    "_prelu_self_backward(Tensor grad_output, Tensor self, Tensor weight) -> Tensor",
    "grad_output where self is positive, else weight * grad_output.",
    expr="y > T(0) ? x : z * x",
    on=FLOATS,
    variants="",
    node="PreluKernelBackwardBackward0",
    grad={
        "grad_output": "ops::_prelu_self_backward(grad, self, weight)",
        "self": "zeros",
        "weight": "ops::where(ops::gt(self, 0), 0, grad * grad_output)",
    },
)
op(
    "_prelu_weight_backward(Tensor grad_output, Tensor self) -> Tensor",
    "grad_output * self where self is not positive.",
    expr="y > T(0) ? T(0) : x * y",
    on=FLOATS,
    variants="",
    node="PreluKernelBackwardBackward0",
    grad={
        "grad_output": "ops::_prelu_weight_backward(grad, self)",
        "self": "ops::where(ops::gt(self, 0), 0, grad * grad_output)",
    },
)
op(
    "glu(Tensor self, int dim=-1) -> Tensor",
    "a * sigmoid(b) for the halves a and b of self along dim.",
    dynamic="glu",
    variants="out",
    grad={"self": "ops::glu_backward(grad, self, dim)"},
)
op(
    "glu_backward(Tensor grad_output, Tensor self, int dim) -> Tensor",
    "Derivative of glu.",
    composite="glu_backward",
    variants="",
)
op(
    "_gated(Tensor self, Tensor gate) -> Tensor",
    "self * sigmoid(gate).",
    expr="x * math::sigmoid(y)",
    on=FLOATS,
    variants="",
    grad={
        "self": "ops::_gated(grad, gate)",
        "gate": "ops::sigmoid_backward(grad * self, ops::sigmoid(gate))",
    },
)
RRELU = "Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False"
op(
    f"rrelu(Tensor self, {RRELU}, Generator? generator=None) -> Tensor",
    "leaky_relu with random slopes between lower and upper; their mean when not training.",
    composite="rrelu",
    variants="function inplace_function",
)
op(
    f"rrelu_with_noise(Tensor self, Tensor noise, {RRELU}, Generator? generator=None) "
    "-> Tensor",
    "rrelu() that stores the slopes in noise.",
    plan="rrelu_with_noise",
    kernel="rrelu_with_noise",
    variants=LAYER,
    grad={"self": "rrelu_backward(grad, self, noise, lower, upper, training)"},
)
