"""Padding: constants, reflections, replications and circles around a tensor.

Paddings are (before, after) pairs from the last dimension on; negative ones cut.
"""

from ops.table import op

op(
    'pad(Tensor self, int[] pad, str mode="constant", float? value=None) -> Tensor',
    "Pads with a constant, or for modes reflect, replicate and circular with elements.",
    composite="pad",
    variants="",
)
op(
    "constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor",
    "A constant around a tensor.",
    plan="constant_pad_nd",
    kernel="constant_pad_nd",
    variants="function out",
    grad={"self": "ops::constant_pad_nd(grad, negated(pad), Scalar(0))"},
)
for mode, (word, doc) in enumerate(
    {
        "reflection": "The elements beside each edge, mirrored.",
        "replication": "The elements at each edge, repeated.",
    }.items()
):
    for n in (1, 2, 3):
        op(
            f"{word}_pad{n}d(Tensor self, int[{2 * n}] padding) -> Tensor",
            f"{doc}",
            plan=f"{word}_pad{n}d",
            kernel=f"{word}_pad",
            variants="out",
            node=f"{word.capitalize()}Pad{n}DBackward0",
            grad={"self": f"ops::_pad_gradient(grad, self_sizes, padding, {mode})"},
        )
op(
    "_pad_circular(Tensor self, int[] pad) -> Tensor",
    "The elements of the other end, around each edge.",
    plan="pad_circular",
    kernel="pad_circular",
    variants="",
    grad={"self": "ops::_pad_gradient(grad, self_sizes, pad, 2)"},
)
op(
    "_pad_indexed(Tensor self, int[] padding, int mode) -> Tensor",
    "Padding with elements, by the number of the mode.",
    plan="pad_indexed",
    kernel="pad_indexed",
    variants="",
    grad={"self": "ops::_pad_gradient(grad, self_sizes, padding, mode)"},
)
op(
    "_pad_gradient(Tensor grad_output, int[] input_size, int[] padding, int mode) -> Tensor",
    "Adds the gradient of copies to that of the elements they were made of.",
    plan="pad_gradient",
    kernel="pad_gradient",
    variants="",
    grad={"grad_output": "ops::_pad_indexed(grad, padding, mode)"},
)
