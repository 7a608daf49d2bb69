"""Making, filling and copying tensors."""

from ops.table import op

op(
    "copy_(Tensor self, Tensor src, bool non_blocking=False) -> Tensor",
    "Copies src into self, with broadcasting and conversion.",
    mutate="copy_",
    variants="method",
    grad={"self": "zeros", "src": "grad"},
)
op(
    "clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
    "A copy.",
    dynamic="clone",
    grad={"self": "grad"},
)
op(
    "sum_to_size(Tensor self, int[] size) -> Tensor",
    "Sums dimensions until the sizes are these (the reverse of broadcasting).",
    composite="sum_to_size",
    variants="method",
)
op(
    "_to_dtype(Tensor self, ScalarType dtype) -> Tensor",
    "A copy in another dtype, or self.",
    dynamic="to_dtype",
    variants="",
    node="ToCopyBackward0",
    grad={"self": "ops::_to_dtype(grad, self_dtype)"},
)
op(
    "_lay_out_like(Tensor self, int[] strides) -> Tensor",
    "A copy with these strides.",
    dynamic="lay_out_like",
    variants="",
    grad={"self": "grad"},
)
op(
    "fill_(Tensor self, Tensor|Scalar value) -> Tensor",
    "Sets every element.",
    mutate="fill_",
    variants="method function",
    grad={"self": "zeros", "value": "value_sum(grad)"},
)
op(
    "zero_(Tensor self) -> Tensor",
    "Sets every element to 0.",
    mutate="zero_",
    variants="method function",
    grad={"self": "zeros"},
)
op(
    "empty(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
    "bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor",
    "A tensor whose elements are whatever was in memory.",
    dynamic="empty",
    variants="function factory out",
)
op(
    "full(int[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, "
    "Device? device=None, bool? pin_memory=None) -> Tensor",
    "A tensor of one value.",
    dynamic="full",
    variants="function factory out",
)
op(
    "zeros(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
    "bool? pin_memory=None) -> Tensor",
    "A tensor of zeros.",
    dynamic="zeros",
    variants="function factory out",
)
op(
    "ones(int[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
    "bool? pin_memory=None) -> Tensor",
    "A tensor of ones.",
    dynamic="ones",
    variants="function factory out",
)
op(
    "arange(Scalar end, *, ScalarType? dtype=None, Layout? layout=None, "
    "Device? device=None, bool? pin_memory=None) -> Tensor",
    "0, 1, ... up to end, which is left out.",
    composite="ops::arange_start_step(Scalar(0), end, Scalar(1), dtype, layout, device)",
    variants="function factory out",
)
op(
    "arange.start(Scalar start, Scalar end, *, ScalarType? dtype=None, "
    "Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    "start, start + 1, ... up to end, which is left out.",
    composite="ops::arange_start_step(start, end, Scalar(1), dtype, layout, device)",
    variants="function factory out",
)
op(
    "arange.start_step(Scalar start, Scalar end, Scalar step=1, *, "
    "ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
    "bool? pin_memory=None) -> Tensor",
    "start, start + step, ... up to end, which is left out.",
    dynamic="arange",
    variants="function factory out",
)
