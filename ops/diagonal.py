"""Triangles and diagonals of matrices, and copies with one slice replaced."""

from ops.table import op

for _name, _where in {"tril": "above", "triu": "below"}.items():
    op(
        f"{_name}(Tensor self, int diagonal=0) -> Tensor",
        f"Zeros {_where} a diagonal of the last two dimensions.",
        plan="triangle",
        kernel=_name,
        variants="function method inplace out",
        grad={"self": f"ops::{_name}(grad, diagonal)"},
    )
op(
    "diag(Tensor self, int diagonal=0) -> Tensor",
    "The diagonal of a matrix, or a matrix with this diagonal.",
    composite="diag",
    variants="function method out",
)
op(
    "diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor",
    "Matrices whose diagonals are the last dimension of self.",
    dynamic="diag_embed",
    grad={"self": "ops::diagonal(grad, offset, dim1, dim2)"},
)
op(
    "diagflat(Tensor self, int offset=0) -> Tensor",
    "A matrix whose diagonal is the flattened tensor.",
    composite="ops::diag(ops::reshape(self, Dims{-1}), offset)",
)

# --- a copy of self with a view of it replaced
_VIEWS = {
    "diagonal": (
        "int offset=0, int dim1=0, int dim2=1",
        "offset, dim1, dim2",
        "Replaces a diagonal.",
    ),
    "select": (
        "int dim, int index",
        "dim, index",
        "Replaces one slice of a dimension.",
    ),
    "slice": (
        "int dim=0, int? start=None, int? end=None, int step=1",
        "dim, start, end, step",
        "Replaces some slices of a dimension.",
    ),
    "as_strided": (
        "int[] size, int[] stride, int? storage_offset=None",
        "size, stride, storage_offset",
        "Replaces what as_strided() would show.",
    ),
}
for _name, (_params, _args, _doc) in _VIEWS.items():
    op(
        f"{_name}_scatter(Tensor self, Tensor src, {_params}) -> Tensor",
        _doc,
        dynamic=f"scattered_view(self, src, [&](const Tensor& t) {{ return "
        f"impl::{_name}(t, {_args}); }})",
        variants="function method",
        grad={
            "self": f"ops::{_name}_scatter(grad, ops::zeros(src_sizes, grad.dtype()), {_args})",
            "src": f"ops::{_name}(grad, {_args})",
        },
    )
