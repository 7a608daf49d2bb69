"""Views: results that share memory with their first argument."""

from ops.table import op

op(
    "alias(Tensor self) -> Tensor",
    "A view of the whole tensor.",
    view="rl::alias(self)",
    variants="",
    grad={"self": "grad"},
)
op(
    "transpose(Tensor self, int dim0, int dim1) -> Tensor",
    "Swaps two dimensions.",
    view="transpose",
    grad={"self": "ops::transpose(grad, dim0, dim1)"},
)
op(
    "expand(Tensor self, int[] size, *, bool implicit=False) -> Tensor",
    "Repeats dimensions of size 1 without copying.",
    view="expand",
    variants="method",
    grad={"self": "ops::sum_to_size(grad, self_sizes)"},
)
op(
    "view(Tensor self, int[] size) -> Tensor",
    "The same elements in another shape, without copying.",
    view="view",
    variants="method",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "reshape(Tensor self, int[] shape) -> Tensor",
    "The same elements in another shape; a view where strides allow it, else a copy.",
    composite="reshape",
)
op(
    "as_strided(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
    "A view with any sizes, strides and offset within the storage.",
    view="as_strided",
    grad={} and {
        "self": "as_strided_backward(grad, self_metas.at(0), size, stride, "
        "storage_offset)"
    },
)
