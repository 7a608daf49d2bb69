"""Views: results that share memory with their first argument, and shape changes made of them."""

from ops.table import op

# --- elementary views
op(
    "alias(Tensor self) -> Tensor",
    "A view of the whole tensor.",
    view="rl::alias(self)",
    variants="",
    grad={"self": "grad"},
)
op(
    "view_as_self(Tensor self) -> Tensor",
    "A view of the whole tensor, as custom functions return their inputs.",
    view="rl::alias(self)",
    variants="",
    node="ViewBackward0",
    grad={"self": "grad"},
)
op(
    "transpose(Tensor self, int dim0, int dim1) -> Tensor",
    "Swaps two dimensions.",
    view="transpose",
    node="TransposeBackward0/TransposeBackward1",
    variants="function method inplace",
    grad={"self": "ops::transpose(grad, dim0, dim1)"},
)
op(
    "swapaxes(Tensor self, int axis0, int axis1) -> Tensor",
    "Swaps two dimensions.",
    choose="ops::transpose",
    variants="function method inplace",
)
op(
    "swapdims(Tensor self, int dim0, int dim1) -> Tensor",
    "Swaps two dimensions.",
    choose="ops::transpose",
    variants="function method inplace",
)
op(
    "t(Tensor self) -> Tensor",
    "The transpose of a matrix; vectors and numbers come back as they are.",
    view="t",
    node="TBackward0/TBackward1",
    variants="function method inplace",
    grad={"self": "ops::t(grad)"},
)
op(
    "permute(Tensor self, int[] dims) -> Tensor",
    "Dimensions in another order.",
    view="permute",
    grad={"self": "ops::permute(grad, inverse_permutation(dims))"},
)
op(
    "expand(Tensor self, int[] size, *, bool implicit=False) -> Tensor",
    "Repeats dimensions of size 1 without copying.",
    view="expand",
    variants="method",
    grad={"self": "ops::sum_to_size(grad, self_sizes)"},
)
op(
    "expand_as(Tensor self, Tensor other) -> Tensor",
    "Expands to the size of other.",
    composite="ops::expand(self, other.sizes())",
    variants="method",
)
op(
    "broadcast_to(Tensor self, int[] size) -> Tensor",
    "Expands to a size, as broadcasting would.",
    composite="ops::expand(self, size)",
)
op(
    "view(Tensor self, int[] size) -> Tensor",
    "The same elements in another shape, without copying.",
    view="view",
    variants="method",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "view.dtype(Tensor self, ScalarType dtype) -> Tensor",
    "The same bytes read as another dtype.",
    view="view_dtype",
    variants="method",
)
op(
    "view_as(Tensor self, Tensor other) -> Tensor",
    "Views with the size of other.",
    composite="ops::view(self, other.sizes())",
    variants="method",
)
op(
    "_unsafe_view(Tensor self, int[] size) -> Tensor",
    "A view of a tensor nobody else holds; autograd takes it for a fresh result.",
    dynamic="view",
    variants="",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "reshape(Tensor self, int[] shape) -> Tensor",
    "The same elements in another shape; a view where strides allow it, else a copy.",
    composite="reshape",
)
op(
    "reshape_as(Tensor self, Tensor other) -> Tensor",
    "Reshapes to the size of other.",
    composite="ops::reshape(self, other.sizes())",
    variants="method",
)
op(
    "as_strided(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
    "A view with any sizes, strides and offset within the storage.",
    view="as_strided",
    node="AsStridedBackward0/AsStridedBackward1",
    variants="function method inplace inplace_function",
    grad={
        "self": "as_strided_backward(grad, self_metas.at(0), size, stride, "
        "storage_offset)"
    },
)
op(
    "select(Tensor self, int dim, int index) -> Tensor",
    "One slice of a dimension, which disappears.",
    view="select",
    grad={"self": "ops::select_backward(grad, self_sizes, dim, index)"},
)
op(
    "select_backward(Tensor grad_output, int[] input_sizes, int dim, int index) -> Tensor",
    "Zeros with the gradient at one slice.",
    dynamic="select_backward",
    variants="",
    grad={"grad_output": "ops::select(grad, dim, index)"},
)
op(
    "slice(Tensor self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor",
    "Every step-th slice of a dimension from start to end.",
    view="slice",
    variants="",
    grad={"self": "ops::slice_backward(grad, self_sizes, dim, start, end, step)"},
)
op(
    "slice_backward(Tensor grad_output, int[] input_sizes, int dim, int? start, int? end, "
    "int step) -> Tensor",
    "Zeros with the gradient at some slices.",
    dynamic="slice_backward",
    variants="",
    grad={"grad_output": "ops::slice(grad, dim, start, end, step)"},
)
op(
    "narrow(Tensor self, int dim, int start, int length) -> Tensor",
    "length slices of a dimension from start on.",
    composite="narrow",
)
op(
    "narrow_copy(Tensor self, int dim, int start, int length) -> Tensor",
    "narrow() that copies.",
    composite="ops::clone(ops::narrow(self, dim, start, length), MemoryFormat::Contiguous)",
)
op(
    "unsqueeze(Tensor self, int dim) -> Tensor",
    "Inserts a dimension of size 1.",
    view="unsqueeze",
    node="UnsqueezeBackward0/UnsqueezeBackward1",
    variants="function method inplace",
    grad={"self": "ops::squeeze_dim(grad, dim)"},
)
op(
    "squeeze(Tensor self) -> Tensor",
    "Removes all dimensions of size 1.",
    view="squeeze",
    node="SqueezeBackward0/SqueezeBackward3",
    variants="function method inplace",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "squeeze.dim(Tensor self, int dim) -> Tensor",
    "Removes a dimension if its size is 1.",
    view="squeeze_dim",
    node="SqueezeBackward1/SqueezeBackward4",
    variants="function method inplace",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "squeeze.dims(Tensor self, int[] dim) -> Tensor",
    "Removes those of the dimensions whose size is 1.",
    view="squeeze_dims",
    node="SqueezeBackward2/SqueezeBackward5",
    variants="function method inplace",
    grad={"self": "ops::reshape(grad, self_sizes)"},
)
op(
    "diagonal(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor",
    "The diagonal of two dimensions, as the last dimension.",
    view="diagonal",
    grad={"self": "ops::diagonal_backward(grad, self_sizes, offset, dim1, dim2)"},
)
op(
    "diagonal_backward(Tensor grad_output, int[] input_sizes, int offset, int dim1, "
    "int dim2) -> Tensor",
    "Zeros with the gradient on a diagonal.",
    dynamic="diagonal_backward",
    variants="",
    grad={"grad_output": "ops::diagonal(grad, offset, dim1, dim2)"},
)
op(
    "unfold(Tensor self, int dimension, int size, int step) -> Tensor",
    "Sliding windows over a dimension; each window becomes the last dimension.",
    view="unfold",
    variants="method",
    grad={"self": "ops::unfold_backward(grad, self_sizes, dimension, size, step)"},
)
op(
    "unfold_backward(Tensor grad_in, int[] input_sizes, int dim, int size, int step) "
    "-> Tensor",
    "Sums the windows' gradients back.",
    dynamic="unfold_backward",
    variants="",
    grad={"grad_in": "ops::unfold(grad, dim, size, step)"},
)
op(
    "movedim(Tensor self, int[1] source, int[1] destination) -> Tensor",
    "Moves dimensions to other places.",
    composite="movedim",
)
op(
    "moveaxis(Tensor self, int[1] source, int[1] destination) -> Tensor",
    "Moves dimensions to other places.",
    composite="ops::movedim(self, source, destination)",
)
op(
    "flatten(Tensor self, int start_dim=0, int end_dim=-1) -> Tensor",
    "Joins a range of dimensions into one.",
    composite="flatten",
)
op(
    "unflatten(Tensor self, int dim, int[] sizes) -> Tensor",
    "Cuts a dimension into several.",
    composite="unflatten",
)
op(
    "ravel(Tensor self) -> Tensor",
    "One dimension with all elements.",
    composite="ops::reshape(ops::contiguous(self), Dims{-1})",
)
op(
    "squeeze_multiple(Tensor self, int[] dim) -> Tensor",
    "Removes those of the dimensions whose size is 1.",
    composite="ops::squeeze_dims(self, dim)",
    variants="",
)
op(
    "adjoint(Tensor self) -> Tensor",
    "Transpose of the last two dimensions, conjugated.",
    composite="conj(self.dim() ? ops::transpose(self, -2, -1) : self)",
)
op(
    "numpy_T(Tensor self) -> Tensor",
    "All dimensions reversed.",
    view="numpy_t",
    variants="",
    node="PermuteBackward0",
    grad={"self": "ops::numpy_T(grad)"},
)
op(
    "mT(Tensor self) -> Tensor",
    "The last two dimensions swapped.",
    composite="ops::transpose(self, -2, -1)",
    variants="",
)

# --- several views at once
op(
    "split.Tensor(Tensor self, int split_size, int dim=0) -> Tensor[]",
    "Pieces of split_size, the last one shorter.",
    view="split_size",
    variants="function method multi_view",
    node="SplitBackward0",
    grad={"self": "split_backward(v, dim)"},
)
op(
    "split(Tensor self, int[] split_size, int dim=0) -> Tensor[]",
    "Pieces of the given sizes.",
    view="split_sizes",
    variants="function method multi_view",
    node="SplitWithSizesBackward0",
    grad={"self": "split_backward(v, dim)"},
)
op(
    "split_with_sizes(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]",
    "Pieces of the given sizes.",
    view="split_sizes",
    variants="function method multi_view",
    node="SplitWithSizesBackward0",
    grad={"self": "split_backward(v, dim)"},
)
op(
    "chunk(Tensor self, int chunks, int dim=0) -> Tensor[]",
    "At most this many pieces of equal size, the last one shorter.",
    composite="chunk",
)
op(
    "unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]",
    "chunk(); kept for its name.",
    composite="chunk",
)
op(
    "tensor_split(Tensor self, int sections, int dim=0) -> Tensor[]",
    "This many pieces, sizes differing by at most one.",
    composite="tensor_split_sections",
)
op(
    "tensor_split.indices(Tensor self, int[] indices, int dim=0) -> Tensor[]",
    "Pieces between the given indices.",
    composite="tensor_split_indices",
)
op(
    "tensor_split.tensor(Tensor self, Tensor tensor_indices_or_sections, int dim=0) "
    "-> Tensor[]",
    "Pieces by a tensor of indices, or a number of sections.",
    composite="tensor_split_tensor",
)
op(
    "hsplit(Tensor self, int sections) -> Tensor[]",
    "Pieces along dimension 1 (0 for vectors).",
    composite="hsplit_sections",
)
op(
    "hsplit.array(Tensor self, int[] indices) -> Tensor[]",
    "Pieces along dimension 1 (0 for vectors).",
    composite="hsplit_indices",
)
op(
    "vsplit(Tensor self, int sections) -> Tensor[]",
    "Pieces along dimension 0.",
    composite="vsplit_sections",
)
op(
    "vsplit.array(Tensor self, int[] indices) -> Tensor[]",
    "Pieces along dimension 0.",
    composite="vsplit_indices",
)
op(
    "dsplit(Tensor self, int sections) -> Tensor[]",
    "Pieces along dimension 2.",
    composite="dsplit_sections",
)
op(
    "dsplit.array(Tensor self, int[] indices) -> Tensor[]",
    "Pieces along dimension 2.",
    composite="dsplit_indices",
)
op(
    "unbind(Tensor self, int dim=0) -> Tensor[]",
    "All slices of a dimension.",
    view="unbind",
    variants="function method multi_view",
    grad={"self": "unbind_backward(v, dim)"},
)
