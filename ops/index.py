"""Reading and writing by index tensors and masks."""

from ops.table import op

op(
    "index(Tensor self, Tensor?[] indices) -> Tensor",
    "Advanced indexing: the elements at broadcast index tensors or masks.",
    dynamic="index",
    variants="",
    grad={
        "self": "ops::index_put(ops::zeros(self_sizes, grad.dtype()), indices, grad, true)"
    },
)
op(
    "index_put_(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) "
    "-> Tensor",
    "Writes values (or adds them) at broadcast index tensors or masks.",
    mutate="index_put_",
    variants="function method",
    node="IndexPutBackward0",
    grad={
        "self": "accumulate ? grad : ops::index_put(grad, indices, "
        "ops::zeros(values_sizes, grad.dtype()), false)",
        "values": "ops::index(grad, indices)",
    },
)
op(
    "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) "
    "-> Tensor",
    "A copy of self with values written (or added) at index tensors.",
    composite="ops::index_put_(ops::clone(self), indices, values, accumulate)",
)
op(
    "nonzero(Tensor self) -> Tensor",
    "Indices of the non-zero elements, one row an element.",
    dynamic="nonzero",
    variants="function method out",
)
