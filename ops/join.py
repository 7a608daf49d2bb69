"""Joining and rearranging tensors."""

from ops.table import op

op(
    "cat(Tensor[] tensors, int dim=0) -> Tensor",
    "Joins tensors along an existing dimension.",
    plan="cat",
    kernel="cat",
    variants="function out casts",
    grad={"tensors": "cat_backward(grad, tensors_metas, dim)"},
)
op(
    "concat(Tensor[] tensors, int dim=0) -> Tensor",
    "cat() by NumPy's name.",
    composite="ops::cat(tensors, dim)",
    variants="function out casts",
)
op(
    "concatenate(Tensor[] tensors, int dim=0) -> Tensor",
    "cat() by NumPy's name.",
    composite="ops::cat(tensors, dim)",
    variants="function out casts",
)
op(
    "stack(Tensor[] tensors, int dim=0) -> Tensor",
    "Joins tensors of equal size along a new dimension.",
    plan="stack",
    kernel="stack",
    variants="function out casts",
    grad={"tensors": "ops::unbind(grad, dim)"},
)
op(
    "hstack(Tensor[] tensors) -> Tensor",
    "Joins along dimension 1 (0 for vectors).",
    composite="hstack",
    variants="function out casts",
)
op(
    "vstack(Tensor[] tensors) -> Tensor",
    "Joins rows.",
    composite="vstack",
    variants="function out casts",
)
op(
    "row_stack(Tensor[] tensors) -> Tensor",
    "Joins rows.",
    composite="vstack",
    variants="function out casts",
)
op(
    "dstack(Tensor[] tensors) -> Tensor",
    "Joins along dimension 2.",
    composite="dstack",
    variants="function out casts",
)
op(
    "column_stack(Tensor[] tensors) -> Tensor",
    "Joins columns; vectors are columns.",
    composite="column_stack",
    variants="function out casts",
)
op(
    "repeat(Tensor self, int[] repeats) -> Tensor",
    "Copies of the tensor along each dimension.",
    dynamic="repeat",
    variants="method",
    grad={"self": "repeat_backward(grad, repeats, self_sizes)"},
)
op(
    "tile(Tensor self, int[] dims) -> Tensor",
    "repeat() with missing leading counts taken as 1.",
    composite="tile",
)
op(
    "flip(Tensor self, int[] dims) -> Tensor",
    "Elements in reverse order along dimensions (a copy).",
    dynamic="flip",
    grad={"self": "ops::flip(grad, dims)"},
)
op(
    "fliplr(Tensor self) -> Tensor",
    "Columns reversed.",
    composite="fliplr",
)
op(
    "flipud(Tensor self) -> Tensor",
    "Rows reversed.",
    composite="flipud",
)
op(
    "roll(Tensor self, int[1] shifts, int[1] dims=[]) -> Tensor",
    "Elements shifted around; those that leave enter at the other end.",
    dynamic="roll",
    grad={"self": "ops::roll(grad, negated(shifts), dims)"},
)
op(
    "rot90(Tensor self, int k=1, int[] dims=[0,1]) -> Tensor",
    "Rotates by 90 degrees k times in the plane of two dimensions.",
    composite="rot90",
)
