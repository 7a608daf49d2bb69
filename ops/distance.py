"""Distances between rows."""

from ops.table import op

op(
    "cdist(Tensor x1, Tensor x2, float p=2.0, int? compute_mode=None) -> Tensor",
    "p-norm distances between all rows of x1 (..., P, M) and x2 (..., R, M).",
    composite="cdist",
    variants="function",
)
op(
    "_euclidean_dist(Tensor x1, Tensor x2) -> Tensor",
    "2-norm distances by a matrix product: faster than differences, less exact.",
    dynamic="euclidean_dist",
    variants="",
    grad={
        "x1": "euclidean_gradient(grad, x1, x2, result)",
        "x2": "euclidean_gradient(ops::transpose(grad, -2, -1), x2, x1, "
        "ops::transpose(result, -2, -1))",
    },
)
op(
    "_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode) -> Tensor",
    "p-norm distances from differences.",
    dynamic="cdist_forward",
    variants="",
    node="CdistBackward0",
    vjp="cdist",
    saves="x1 x2 result",
)
op(
    "_cdist_backward(Tensor grad, Tensor x1, Tensor x2, float p, Tensor cdist) -> Tensor",
    "The gradient of x1.",
    dynamic="cdist_backward",
    variants="",
)
op(
    "pdist(Tensor self, float p=2.0) -> Tensor",
    "p-norm distances between all pairs of rows (i, j), i < j.",
    composite="pdist",
    variants="function",
)
