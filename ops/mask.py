"""Masks: filling, choosing and finding the elements where a condition holds."""

from ops.table import ALL, op

op(
    "masked_fill(Tensor self, Tensor mask, Tensor|Scalar value) -> Tensor",
    "value where mask is true, else self.",
    expr="x ? z : y",
    on=ALL,
    inputs="mask self value",
    mask_first=True,
    promote="self",
    check="masked_fill",
    variants="function method inplace",
    grad={
        "self": "ops::masked_fill(grad, mask, 0)",
        "value": "ops::sum(ops::masked_select(grad, mask))",
    },
)
op(
    "masked_select(Tensor self, Tensor mask) -> Tensor",
    "The elements where mask is true, as a vector.",
    dynamic="masked_select",
    variants="function method out",
    grad={"self": "masked_select_backward(grad, self_sizes, mask)"},
)
op(
    "masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor",
    "self with the elements where mask is true taken from source, in order.",
    dynamic="masked_scatter",
    grad={
        "self": "ops::masked_fill(grad, mask, 0)",
        "source": "masked_scatter_backward(grad, mask, source_sizes)",
    },
)
op(
    "masked_scatter_(Tensor self, Tensor mask, Tensor source) -> Tensor",
    "Writes elements of source, in order, where mask is true.",
    mutate="masked_scatter_",
    variants="method",
    grad={
        "self": "ops::masked_fill(grad, mask, 0)",
        "source": "masked_scatter_backward(grad, mask, source_sizes)",
    },
)
op(
    "nonzero(Tensor self) -> Tensor",
    "Indices of the non-zero elements, one row an element.",
    dynamic="nonzero",
    variants="function method out",
)
op(
    "nonzero_numpy(Tensor self) -> Tensor[]",
    "Indices of the non-zero elements, one vector a dimension.",
    dynamic="nonzero_numpy",
    variants="",
)
op(
    "nonzero_static(Tensor self, *, int size, int fill_value=-1) -> Tensor",
    "The first size rows of nonzero(), filled up with fill_value.",
    dynamic="nonzero_static",
    variants="function method out",
)
op(
    "argwhere(Tensor self) -> Tensor",
    "Indices of the non-zero elements, one row an element.",
    composite="ops::nonzero(self)",
)
op(
    "where.condition(Tensor condition) -> Tensor[]",
    "Indices where the condition holds, one vector a dimension.",
    composite="ops::nonzero_numpy(condition)",
    variants="function",
)
