"""Padding: constants, reflections, replications and circles around a tensor."""

from ops.table import op

op(
    "constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor",
    "A constant around a tensor; (before, after) pairs from the last dimension on.",
    plan="constant_pad_nd",
    kernel="constant_pad_nd",
    variants="function",
    grad={"self": "ops::constant_pad_nd(grad, negated(pad), Scalar(0))"},
)
