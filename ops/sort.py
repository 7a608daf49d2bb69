"""Sorting, selecting by rank, distinct values, search in sorted values and counts by value."""

from ops.table import op

EVERYWHERE = "function method out"
PICKED = "picked_backward(grad_values, indices, self_sizes, dim, {})"

# --- sorting; NaN counts as the largest value
op(
    "sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
    "The elements in order along a dimension, and where each was; equal ones keep theirs.",
    plan="sort",
    kernel="sort",
    variants=EVERYWHERE,
    differentiable="values",
    grad={"self": PICKED.format("true")},
)
op(
    "sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) "
    "-> (Tensor values, Tensor indices)",
    "The elements in order along a dimension, and where each was; equal ones keep theirs.",
    plan="sort_stable",
    kernel="sort_stable",
    variants=EVERYWHERE,
    node="SortBackward1",
    differentiable="values",
    grad={"self": PICKED.format("true")},
)
op(
    "argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor",
    "Where the elements in order along a dimension were.",
    composite="ops::sort(self, dim, descending)[1]",
)
op(
    "argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) "
    "-> Tensor",
    "Where the elements in order along a dimension were; equal ones keep their order.",
    composite="ops::sort(self, dim, descending)[1]",
    variants=EVERYWHERE,
)
op(
    "msort(Tensor self) -> Tensor",
    "The elements in order along the first dimension.",
    composite="ops::sort(self, 0)[0]",
    variants=EVERYWHERE,
)

# --- by rank
op(
    "topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True) "
    "-> (Tensor values, Tensor indices)",
    "The k largest (or smallest) elements along a dimension, and their places.",
    plan="topk",
    kernel="topk",
    variants=EVERYWHERE,
    differentiable="values",
    grad={"self": PICKED.format("true")},
)
op(
    "kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False) "
    "-> (Tensor values, Tensor indices)",
    "The k-th smallest element along a dimension, counting from 1, and its place.",
    plan="kthvalue",
    kernel="kthvalue",
    variants=EVERYWHERE,
    differentiable="values",
    grad={"self": PICKED.format("keepdim")},
)
for name, doc in (
    ("median", "The lower median; NaN if there is one"),
    ("nanmedian", "The lower median of what is not NaN"),
):
    op(
        f"{name}(Tensor self) -> Tensor",
        f"{doc}; of all elements.",
        plan="median_all",
        kernel=f"{name}_all",
        grad={"self": "share_among_equals(grad, self, result)"},
    )
    op(
        f"{name}.dim(Tensor self, int dim, bool keepdim=False) "
        "-> (Tensor values, Tensor indices)",
        f"{doc}; along a dimension, with its place.",
        plan="median_dim",
        kernel=f"{name}_dim",
        variants=EVERYWHERE,
        node=f"{name.capitalize()}Backward1",
        differentiable="values",
        grad={"self": PICKED.format("keepdim")},
    )
op(
    "mode(Tensor self, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)",
    "The most frequent element along a dimension (the least of several), and its last place.",
    plan="mode",
    kernel="mode",
    variants=EVERYWHERE,
    differentiable="values",
    grad={"self": PICKED.format("keepdim")},
)
for name, ignore in (("quantile", "false"), ("nanquantile", "true")):
    doc = "Values at fractions q of the way through the sorted elements"
    doc += ", NaN left out." if ignore == "true" else "."
    rest = 'int? dim=None, bool keepdim=False, *, str interpolation="linear") -> Tensor'
    op(
        f"{name}(Tensor self, Tensor q, {rest}",
        doc,
        composite=f"quantile_of(self, q, dim, keepdim, interpolation, {ignore})",
        variants=EVERYWHERE,
    )
    op(
        f"{name}.scalar(Tensor self, float q, {rest}",
        doc,
        composite=f"quantile_of(self, q, dim, keepdim, interpolation, {ignore})",
        variants=EVERYWHERE,
    )

# --- distinct values
op(
    "_unique2(Tensor self, bool sorted=True, bool return_inverse=False, "
    "bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    "Distinct elements in order, where each element stands among them, and their counts.",
    dynamic="unique2",
    vjp="not_implemented",
    variants="function",
)
op(
    "_unique(Tensor self, bool sorted=True, bool return_inverse=False) -> (Tensor, Tensor)",
    "Distinct elements in order, and where each element stands among them.",
    dynamic="unique1",
    vjp="not_implemented",
    variants="function",
)
op(
    "unique_dim(Tensor self, int dim, bool sorted=True, bool return_inverse=False, "
    "bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    "Distinct slices of a dimension in order, where each stands among them, and counts.",
    dynamic="unique_dim",
    vjp="not_implemented",
    variants="",
)
op(
    "unique_consecutive(Tensor self, bool return_inverse=False, "
    "bool return_counts=False, int? dim=None) -> (Tensor, Tensor, Tensor)",
    "The first of each run of equal elements, the run of each element, and run lengths.",
    dynamic="unique_consecutive",
    vjp="not_implemented",
)
op(
    "unique_dim_consecutive(Tensor self, int dim, bool return_inverse=False, "
    "bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    "The first of each run of equal slices, the run of each slice, and run lengths.",
    dynamic="unique_dim_consecutive",
    vjp="not_implemented",
    variants="",
)

# --- search and counts
op(
    "searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, "
    "bool right=False, str? side=None, Tensor? sorter=None) -> Tensor",
    "Where values would be inserted into sorted rows to keep their order.",
    dynamic="searchsorted",
    variants="function out",
)
op(
    "searchsorted.Scalar(Tensor sorted_sequence, Scalar self, *, bool out_int32=False, "
    "bool right=False, str? side=None, Tensor? sorter=None) -> Tensor",
    "Where a value would be inserted into a sorted vector to keep its order.",
    dynamic="searchsorted_scalar",
    variants="function out",
)
op(
    "bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, "
    "bool right=False) -> Tensor",
    "The bucket of each value, between sorted boundaries.",
    dynamic="bucketize",
    variants="function out",
)
op(
    "bucketize.Scalar(Scalar self, Tensor boundaries, *, bool out_int32=False, "
    "bool right=False) -> Tensor",
    "The bucket of a value, between sorted boundaries.",
    dynamic="bucketize_scalar",
    variants="function out",
)
op(
    "bincount(Tensor self, Tensor? weights=None, int minlength=0) -> Tensor",
    "How often each number 0, 1, ... occurs, or the sum of its weights.",
    dynamic="bincount",
)
op(
    "histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor",
    "Counts of elements in equal bins from min to max (of the data where both are equal).",
    dynamic="histc",
    variants=EVERYWHERE,
)
