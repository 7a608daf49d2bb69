"""Reductions: one value from all elements, or from those along dimensions."""

from ops.table import alias, op

EVERYWHERE = "function method out"
CASTS = f"{EVERYWHERE} casts"
TOTALS = f"{CASTS} out_dtype"

# --- sums and products
op(
    "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    "Sum of all elements; integers are summed as int64.",
    plan="sum",
    kernel="sum",
    variants=TOTALS,
    grad={"self": "ops::expand(grad, self_sizes)"},
)
op(
    "sum.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) "
    "-> Tensor",
    "Sum over dimensions; integers are summed as int64.",
    plan="sum_dim",
    kernel="sum_dim",
    variants=TOTALS,
    node="SumBackward1",
    grad={"self": "expand_reduced(grad, self_sizes, dim, keepdim)"},
)
op(
    "nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, "
    "ScalarType? dtype=None) -> Tensor",
    "Sum over dimensions, NaN counting as 0.",
    plan="nansum",
    kernel="nansum",
    variants=TOTALS,
    grad={
        "self": "expand_reduced(grad, self_sizes, dim, keepdim) * "
        "ops::logical_not(ops::isnan(self))"
    },
)
op(
    "mean(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    "Mean of all elements.",
    plan="mean",
    kernel="mean",
    variants=CASTS,
    grad={"self": "mean_backward(grad, self_sizes, std::nullopt, false)"},
)
op(
    "mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) "
    "-> Tensor",
    "Mean over dimensions.",
    plan="mean_dim",
    kernel="mean_dim",
    variants=CASTS,
    node="MeanBackward1",
    grad={"self": "mean_backward(grad, self_sizes, dim, keepdim)"},
)
op(
    "nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, "
    "ScalarType? dtype=None) -> Tensor",
    "Mean over dimensions of what is not NaN.",
    composite="nanmean",
    variants=CASTS,
)
op(
    "prod(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    "Product of all elements; integers are multiplied as int64.",
    plan="sum",
    kernel="prod",
    variants=TOTALS,
    grad={"self": "prod_backward(grad, self, result)"},
)
op(
    "prod.dim_int(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) "
    "-> Tensor",
    "Product over a dimension; integers are multiplied as int64.",
    plan="prod_dim",
    kernel="prod_dim",
    variants=TOTALS,
    node="ProdBackward1",
    grad={"self": "prod_dim_backward(grad, self, result, dim, keepdim)"},
)

# --- extrema
for name, word in (("max", "largest"), ("min", "smallest")):
    op(
        f"{name}(Tensor self) -> Tensor",
        f"The {word} element; NaN if there is one.",
        plan=f"{name}_all",
        kernel=f"{name}_all",
        variants=TOTALS,
        node=f"{name.capitalize()}Backward1",
        grad={"self": "share_among_equals(grad, self, result)"},
    )
    alias(
        f"{name}.other(Tensor self, Tensor other) -> Tensor", f"{name}imum", EVERYWHERE
    )
    op(
        f"{name}.dim(Tensor self, int dim, bool keepdim=False) "
        "-> (Tensor values, Tensor indices)",
        f"The {word} elements along a dimension, and the first place of each.",
        plan=f"{name}_dim",
        kernel=f"{name}_dim",
        variants=EVERYWHERE,
        differentiable="values",
        grad={
            "self": "picked_backward(grad_values, indices, self_sizes, dim, keepdim)"
        },
    )
    op(
        f"a{name}(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
        f"The {word} elements over dimensions; equal ones share the gradient.",
        plan=f"a{name}",
        kernel=f"a{name}",
        variants=EVERYWHERE,
        grad={"self": "extremum_backward(grad, self, result, dim, keepdim)"},
    )
    op(
        f"arg{name}(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
        f"The first place of the {word} element.",
        plan=f"arg{name}",
        kernel=f"arg{name}",
        variants=EVERYWHERE,
    )
op(
    "aminmax(Tensor self, *, int? dim=None, bool keepdim=False) "
    "-> (Tensor min, Tensor max)",
    "The smallest and the largest elements.",
    plan="aminmax",
    kernel="aminmax",
    variants=EVERYWHERE,
    grad={"self": "aminmax_backward(v, self, min, max, dim, keepdim)"},
)

# --- truth
for name, word in (("any", "any"), ("all", "every")):
    op(
        f"{name}(Tensor self) -> Tensor",
        f"Whether {word} element is not 0.",
        plan="truth",
        kernel=name,
        variants=EVERYWHERE,
    )
    op(
        f"{name}.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
        f"Whether {word} element along a dimension is not 0.",
        plan="truth_dim",
        kernel=f"{name}_dim",
        variants=EVERYWHERE,
    )
    op(
        f"{name}.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor",
        f"Whether {word} element over dimensions is not 0.",
        plan="truth_dims",
        kernel=f"{name}_dims",
        variants=EVERYWHERE,
    )
op(
    "count_nonzero(Tensor self, int? dim=None) -> Tensor",
    "How many elements are not 0.",
    plan="count_nonzero",
    kernel="count_nonzero",
    variants=EVERYWHERE,
)
op(
    "count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor",
    "How many elements over dimensions are not 0.",
    plan="count_nonzero_dims",
    kernel="count_nonzero_dims",
    variants=EVERYWHERE,
)

# --- spread. correction is what is taken from the count of elements: 1 unless given.
for name, doc in (("var", "Variance"), ("std", "Standard deviation")):
    op(
        f"{name}.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) "
        "-> Tensor",
        f"{doc} over dimensions.",
        composite=f"ops::{name}_correction(self, dim, int64_t{{unbiased}}, keepdim)",
        variants=CASTS,
    )
    op(
        f"{name}.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, "
        "bool keepdim=False) -> Tensor",
        f"{doc} over dimensions.",
        dynamic=f"{name}_correction",
        variants=CASTS,
        grad={
            "self": f"{name}_backward(grad, self, dim, correction, keepdim)"
            if name == "var"
            else "std_backward(grad, self, result, dim, correction, keepdim)"
        },
    )
    op(
        f"{name}(Tensor self, bool unbiased=True) -> Tensor",
        f"{doc} of all elements.",
        composite=f"ops::{name}_correction(self, std::nullopt, int64_t{{unbiased}})",
        variants="function method",
    )
    op(
        f"{name}_mean.dim(Tensor self, int[1]? dim, bool unbiased=True, "
        "bool keepdim=False) -> (Tensor, Tensor)",
        f"{doc} and mean over dimensions.",
        composite=f"ops::{name}_mean_correction(self, dim, int64_t{{unbiased}}, keepdim)",
        variants="function",
    )
    op(
        f"{name}_mean.correction(Tensor self, int[1]? dim=None, *, "
        "Scalar? correction=None, bool keepdim=False) -> (Tensor, Tensor)",
        f"{doc} and mean over dimensions.",
        dynamic=f"{name}_mean_correction",
        variants="function out",
        grad={
            "self": f"{name}_mean_backward(v, self, dim, correction, keepdim)"
            if name == "var"
            else "std_mean_backward(v, self, result0, dim, correction, keepdim)"
        },
    )
    op(
        f"{name}_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)",
        f"{doc} and mean of all elements.",
        composite=f"ops::{name}_mean_correction(self, std::nullopt, int64_t{{unbiased}})",
        variants="function",
    )

# --- norms
op(
    "linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, "
    "bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    "(sum |x|^ord)^(1/ord) over dimensions; for 0 the count of what is not 0, for "
    "infinity the largest |x|.",
    dynamic="linalg_vector_norm",
    variants="out",
    grad={"self": "norm_backward(grad, self, ord, result, dim, keepdim)"},
)
op(
    "norm.Scalar(Tensor self, Scalar p=2) -> Tensor",
    "The p-norm of all elements.",
    composite="ops::linalg_vector_norm(self, p)",
    variants=EVERYWHERE,
)
op(
    "norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False) "
    "-> Tensor",
    "The p-norm over dimensions.",
    composite="ops::linalg_vector_norm(self, norm_order(p), dim, keepdim)",
    variants=EVERYWHERE,
)
op(
    "norm.ScalarOpt_dim_dtype(Tensor self, Scalar? p, int[1] dim, bool keepdim, *, "
    "ScalarType dtype) -> Tensor",
    "The p-norm over dimensions, computed in a dtype.",
    composite="ops::linalg_vector_norm(self, norm_order(p), dim, keepdim, dtype)",
    variants=EVERYWHERE,
)
op(
    "norm.ScalarOpt_dtype(Tensor self, Scalar? p, *, ScalarType dtype) -> Tensor",
    "The p-norm of all elements, computed in a dtype.",
    composite="ops::linalg_vector_norm(self, norm_order(p), std::nullopt, false, dtype)",
    variants=EVERYWHERE,
)
op(
    "dist(Tensor self, Tensor other, Scalar p=2) -> Tensor",
    "The p-norm of self - other.",
    composite="ops::linalg_vector_norm(ops::sub(self, other), p)",
)
op(
    "renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor",
    "Slices of a dimension whose p-norm is above maxnorm, scaled down to it.",
    composite="renorm",
    variants="function method inplace out",
)
op(
    "logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
    "log(sum(exp(x))) over dimensions, safe from overflow.",
    dynamic="logsumexp",
    variants=CASTS,
    grad={"self": "logsumexp_backward(grad, self, result, dim, keepdim)"},
)
alias(
    "special_logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
    "logsumexp",
    "out",
)

# --- matrices
op(
    "trace(Tensor self) -> Tensor",
    "Sum of the diagonal of a matrix.",
    composite="trace",
)
op(
    "cov(Tensor self, *, int correction=1, Tensor? fweights=None, "
    "Tensor? aweights=None) -> Tensor",
    "Covariances of the rows of a matrix, whose columns are observations.",
    composite="cov",
)
op(
    "corrcoef(Tensor self) -> Tensor",
    "Pearson's correlation coefficients of the rows of a matrix.",
    composite="corrcoef",
)
