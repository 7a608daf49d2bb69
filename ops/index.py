"""Reading and writing at the places that index tensors name."""

import re

from ops.table import op


def write(
    schema: str,
    doc: str,
    kernel: str,
    grad: dict[str, str] | None = None,
    *,
    vjp: str = "",
    saves: str = "",
    variants: str = "function method out",
) -> None:
    """Declares an operator that changes a copy of self, and its in-place twin.

    ``kernel`` is the ``mutate`` function of both.
    """
    match = re.fullmatch(r"(\w+?)(\.\w+)?\((.*)\)", schema)
    assert match
    name, overload, params = match.groups()
    arguments = [
        "out" if p.split()[1] == "self" else p.split()[1].partition("=")[0]
        for p in params.split(", ")
        if p != "*"
    ]
    call = f"cpu::{kernel}({', '.join(arguments)})"
    # PyTorch's operators with out= make contiguous results, the others keep self's layout.
    copy = "written_contiguous" if "out" in variants.split() else "written_copy"
    op(
        f"{name}{overload or ''}({params}) -> Tensor",
        doc,
        dynamic=f"{copy}(self, [&](const Tensor& out) {{ {call}; }})",
        variants=variants,
        grad=grad,
        vjp=vjp,
        saves=saves,
    )
    op(
        f"{name}_{overload or ''}({params}) -> Tensor",
        f"{doc} Writes into self.",
        mutate=kernel,
        variants="method",
        grad=grad,
        vjp=vjp,
        saves=saves,
    )


# --- index tensors in several dimensions
op(
    "index(Tensor self, Tensor?[] indices) -> Tensor",
    "Advanced indexing: the elements at broadcast index tensors or masks.",
    dynamic="index",
    variants="",
    grad={"self": "index_backward(grad, self_sizes, indices)"},
)
op(
    "index_put_(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) "
    "-> Tensor",
    "Writes values (or adds them) at broadcast index tensors or masks.",
    mutate="index_put_",
    variants="function method",
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
    dynamic="written_copy(self, [&](const Tensor& out) { "
    "cpu::index_put_(out, indices, values, accumulate); })",
    grad={
        "self": "accumulate ? grad : ops::index_put(grad, indices, "
        "ops::zeros(values_sizes, grad.dtype()), false)",
        "values": "ops::index(grad, indices)",
    },
)

# --- one index tensor over all of self's elements
op(
    "take(Tensor self, Tensor index) -> Tensor",
    "The elements at these places of the flattened tensor.",
    dynamic="take",
    variants="function method out",
    grad={"self": "ops::put(ops::zeros(self_sizes, grad.dtype()), index, grad, true)"},
)
write(
    "put(Tensor self, Tensor index, Tensor source, bool accumulate=False)",
    "Writes (or adds) elements at places of the flattened tensor.",
    "put_",
    {
        "self": "accumulate ? grad : "
        "ops::put(grad, index, ops::zeros(source_sizes, grad.dtype()), false)",
        "source": "ops::reshape(ops::take(grad, index), source_sizes)",
    },
    variants="function method",
)
op(
    "take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor",
    "gather() with broadcasting; over the flattened tensor where dim is None.",
    composite="take_along_dim",
    variants="function method out",
)

# --- gather and scatter
op(
    "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor",
    "Element [i][j][k] is self[i][index[i][j][k]][k] for dim = 1.",
    dynamic="gather",
    variants="function method out",
    grad={
        "self": "ops::scatter_add(ops::zeros(self_sizes, grad.dtype()), dim, index, grad)"
    },
)
_SCATTERED = {"self": "ops::scatter_value(grad, dim, index, 0)"}
_FROM_SRC = {"src": "gather_for(grad, dim, index, src_sizes)"}
write(
    "scatter.src(Tensor self, int dim, Tensor index, Tensor src)",
    "Writes src[i][j][k] to self[i][index[i][j][k]][k] for dim = 1.",
    "scatter_src_",
    _SCATTERED | _FROM_SRC,
)
write(
    "scatter.value(Tensor self, int dim, Tensor index, Scalar value)",
    "Writes a number to self[i][index[i][j][k]][k] for dim = 1.",
    "scatter_value_",
    _SCATTERED,
)
for _suffix, _call in {"": "scatter_mode", "_": "scatter_mode_inplace"}.items():
    op(
        f"scatter{_suffix}.reduce(Tensor self, int dim, Tensor index, Tensor src, *, "
        "str reduce) -> Tensor",
        "scatter() that adds or multiplies.",
        composite=f"{_call}(self, dim, index, src, reduce)",
        variants="function method out" if not _suffix else "method",
    )
    op(
        f"scatter{_suffix}.value_reduce(Tensor self, int dim, Tensor index, Scalar value, "
        "*, str reduce) -> Tensor",
        "scatter() of a number that adds or multiplies.",
        composite=f"{_call}(self, dim, index, value_for(self, index, value), reduce)",
        variants="function method out" if not _suffix else "method",
    )
write(
    "scatter_add(Tensor self, int dim, Tensor index, Tensor src)",
    "Adds src[i][j][k] to self[i][index[i][j][k]][k] for dim = 1.",
    "scatter_add_",
    {"self": "grad"} | _FROM_SRC,
)
write(
    "scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, "
    "bool include_self=True)",
    "Combines src and self at indices by sum, prod, mean, amax or amin.",
    "scatter_reduce_",
    vjp="scatter_reduce",
    saves="self index src result",
)

# --- a vector of indices along one dimension
op(
    "index_select(Tensor self, int dim, Tensor index) -> Tensor",
    "Slices of a dimension, in the order of index.",
    dynamic="index_select",
    variants="function method out",
    grad={
        "self": "ops::index_add(ops::zeros(self_sizes, grad.dtype()), dim, index, grad)"
    },
)
_FROM_SOURCE = "ops::reshape(ops::index_select(grad, dim, index), source_sizes)"
write(
    "index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1)",
    "Adds alpha times the slices of source to slices of self.",
    "index_add_",
    {
        "self": "grad",
        "source": f"alpha.equals(1) ? {_FROM_SOURCE} : {_FROM_SOURCE} * alpha.conj()",
    },
)
write(
    "index_copy(Tensor self, int dim, Tensor index, Tensor source)",
    "Writes the slices of source over slices of self.",
    "index_copy_",
    {"self": "ops::index_fill(grad, dim, index, 0)", "source": _FROM_SOURCE},
)
write(
    "index_fill(Tensor self, int dim, Tensor index, Tensor|Scalar value)",
    "Sets slices of self to one value.",
    "index_fill_",
    {
        "self": "ops::index_fill(grad, dim, index, 0)",
        "value": "ops::sum(ops::index_select(grad, dim, index))",
    },
    variants="function method",
)
write(
    "index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, "
    "bool include_self=True)",
    "Combines slices of source and self by prod, mean, amax or amin.",
    "index_reduce_",
    vjp="index_reduce",
    saves="self index source result",
)
op(
    "repeat_interleave.Tensor(Tensor repeats, *, int? output_size=None) -> Tensor",
    "Index i, repeats[i] times, for every i.",
    dynamic="repeat_indices",
    variants="function",
)
op(
    "repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, "
    "int? output_size=None) -> Tensor",
    "Every slice of a dimension (of the flattened tensor), as often as repeats says.",
    composite="repeat_interleave_tensor",
)
op(
    "repeat_interleave.self_int(Tensor self, int repeats, int? dim=None, *, "
    "int? output_size=None) -> Tensor",
    "Every slice of a dimension (of the flattened tensor) this often.",
    composite="repeat_interleave_int",
)
