"""Reductions."""

from ops.table import op

op(
    "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    "Sum of all elements.",
    composite="ops::sum_dim(self, std::nullopt, false, dtype)",
)
op(
    "sum.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) "
    "-> Tensor",
    "Sum over dimensions.",
    plan="sum_dim",
    kernel="sum_dim",
    variants="function method out",
    grad={"self": "expand_reduced(grad, self_sizes, dim, keepdim)"},
)
