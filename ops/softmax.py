"""softmax and its logarithm."""

from ops.table import op

for name, node, doc in (
    ("softmax", "SoftmaxBackward0", "exp(x) / sum(exp(x)) along a dimension"),
    ("log_softmax", "LogSoftmaxBackward0", "log(softmax(x)) along a dimension"),
):
    op(
        f"_{name}(Tensor self, int dim, bool half_to_float) -> Tensor",
        f"{doc}, in the dtype of self.",
        plan=name,
        kernel=name,
        variants="function out",
        node=node,
        grad={"self": f"ops::_{name}_backward_data(grad, result, dim, self_dtype)"},
    )
    op(
        f"{name}(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
        f"{doc}.",
        composite=f"{name}_int",
        variants="function method out",
    )
    op(
        f"special_{name}(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
        f"{doc}.",
        composite=f"{name}_int",
        variants="",
    )
op(
    "_softmax_backward_data(Tensor grad_output, Tensor output, int dim, "
    "ScalarType input_dtype) -> Tensor",
    "The gradient of softmax: output * (grad - sum(grad * output)).",
    plan="softmax_backward",
    kernel="softmax_backward",
    variants="function out",
    grad={
        "grad_output": "ops::_softmax_backward_data(grad, output, dim, input_dtype)",
        "output": "softmax_double_backward(grad, grad_output, output, dim)",
    },
)
op(
    "_log_softmax_backward_data(Tensor grad_output, Tensor output, int dim, "
    "ScalarType input_dtype) -> Tensor",
    "The gradient of log_softmax: grad - exp(output) * sum(grad).",
    plan="softmax_backward",
    kernel="log_softmax_backward",
    variants="function out",
    grad={
        "grad_output": "grad - ops::sum_dim(grad * ops::exp(output), Dims{dim}, true)",
        "output": "-(ops::sum_dim(grad_output, Dims{dim}, true) * ops::exp(output) * grad)",
    },
)
