"""Running sums, products and extrema along a dimension, differences and integrals."""

from ops.table import op

EVERYWHERE = "function method out"

op(
    "cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
    "Running sum along a dimension; integers are summed as int64.",
    plan="cumsum",
    kernel="cumsum",
    variants="function method inplace out casts out_dtype",
    grad={"self": "cumsum_backward(grad, dim)"},
)
op(
    "cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
    "Running product along a dimension; integers are multiplied as int64.",
    plan="cumsum",
    kernel="cumprod",
    variants="function method inplace out casts out_dtype",
    grad={"self": "cumprod_backward(grad, self, dim, result)"},
)
for name, word in (("cummax", "largest"), ("cummin", "smallest")):
    op(
        f"{name}(Tensor self, int dim) -> (Tensor values, Tensor indices)",
        f"The {word} element so far along a dimension, and the last place it had.",
        plan=name,
        kernel=name,
        variants=EVERYWHERE,
        differentiable="values",
        grad={
            "self": "ops::scatter_add(ops::zeros(self_sizes, grad_values.dtype()), dim, "
            "indices, grad_values)"
        },
    )
op(
    "logcumsumexp(Tensor self, int dim) -> Tensor",
    "log(cumsum(exp(x))) along a dimension, safe from overflow.",
    plan="logcumsumexp",
    kernel="logcumsumexp",
    variants=EVERYWHERE,
    grad={"self": "logcumsumexp_backward(grad, self, result, dim)"},
)
op(
    "diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) "
    "-> Tensor",
    "Differences of neighbours along a dimension, n times.",
    composite="diff",
    variants=f"{EVERYWHERE} casts",
)

# --- integrals by the trapezoidal rule
for name in ("trapezoid", "trapz"):
    op(
        f"{name}.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor",
        "Integral of y over x along a dimension.",
        composite="trapezoid_x",
        variants="function",
    )
    op(
        f"{name}.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor",
        "Integral of y along a dimension, for points dx apart.",
        composite="trapezoid_dx",
        variants="function",
    )
op(
    "cumulative_trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor",
    "Running integral of y over x along a dimension.",
    composite="cumulative_trapezoid_x",
    variants="function",
)
op(
    "cumulative_trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor",
    "Running integral of y along a dimension, for points dx apart.",
    composite="cumulative_trapezoid_dx",
    variants="function",
)
