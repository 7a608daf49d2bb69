"""Copying, converting, filling and resizing tensors."""

from ops.table import op

# --- copies
op(
    "copy_(Tensor self, Tensor|Scalar src, bool non_blocking=False) -> Tensor",
    "Copies src into self, with broadcasting and conversion.",
    mutate="copy_",
    variants="method",
    node="torch::autograd::CopyBackwards",
    grad={"self": "zeros", "src": "grad"},
)
op(
    "copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor",
    "src broadcast and converted to what self is.",
    dynamic="written_copy(self, [&](const Tensor& out) { cpu::copy_(out, src, false); })",
    variants="",
    grad={"self": "zeros", "src": "grad"},
)
op(
    "clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
    "A copy.",
    dynamic="clone",
    grad={"self": "grad"},
)
op(
    "contiguous(Tensor self, *, MemoryFormat memory_format=Contiguous) -> Tensor",
    "self where its memory has this order already, else a copy in it.",
    composite="contiguous",
    variants="method",
)
op(
    "detach(Tensor self) -> Tensor",
    "The same memory without history.",
    dynamic="rl::detach(self)",
)
op(
    "detach_(Tensor self) -> Tensor",
    "Drops the history of self.",
    composite="detach_inplace(self)",
    variants="method function",
)
op(
    "_lay_out_like(Tensor self, int[] strides) -> Tensor",
    "A copy with these strides.",
    dynamic="lay_out_like",
    variants="",
    grad={"self": "grad"},
)
op(
    "sum_to_size(Tensor self, int[] size) -> Tensor",
    "Sums dimensions until the sizes are these (the reverse of broadcasting).",
    composite="sum_to_size",
    variants="method",
)

# --- conversions
op(
    "_to_dtype(Tensor self, ScalarType dtype) -> Tensor",
    "A copy in another dtype.",
    dynamic="to_dtype",
    variants="",
    node="ToCopyBackward0",
    grad={"self": "grad"},
)
op(
    "_to_copy(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, "
    "Device? device=None, bool? pin_memory=None, bool non_blocking=False, "
    "MemoryFormat? memory_format=None) -> Tensor",
    "A copy in another dtype, memory format or on another device.",
    dynamic="to_copy",
    variants="",
    grad={"self": "grad"},
)
op(
    "to.dtype(Tensor self, ScalarType dtype, bool non_blocking=False, bool copy=False, "
    "*, MemoryFormat? memory_format=None) -> Tensor",
    "self in another dtype; self itself where nothing changes.",
    composite="converted(self, dtype, std::nullopt, copy, memory_format)",
    variants="method",
)
op(
    "to.device(Tensor self, Device? device=None, ScalarType? dtype=None, "
    "bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None) "
    "-> Tensor",
    "self on a device, in a dtype; self itself where nothing changes.",
    composite="converted(self, dtype, device, copy, memory_format)",
    variants="method",
)
op(
    "to.other(Tensor self, Tensor other, bool non_blocking=False, bool copy=False, "
    "*, MemoryFormat? memory_format=None) -> Tensor",
    "self with dtype and device of another tensor.",
    composite="converted(self, other.dtype(), other.device(), copy, memory_format)",
    variants="method",
)
op(
    "type_as(Tensor self, Tensor other) -> Tensor",
    "self with dtype and device of another tensor.",
    composite="converted(self, other.dtype(), other.device(), false, std::nullopt)",
    variants="method",
)
for _name, _dtype in {
    "bool": "Bool",
    "byte": "UInt8",
    "char": "Int8",
    "short": "Int16",
    "int": "Int32",
    "long": "Int64",
    "half": "Float16",
    "bfloat16": "BFloat16",
    "float": "Float32",
    "double": "Float64",
    "cfloat": "Complex64",
    "cdouble": "Complex128",
}.items():
    op(
        f"{_name}.cast(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
        f"self as {_dtype.lower()}; self itself where it is that already.",
        composite=f"converted(self, Dtype::{_dtype}, std::nullopt, false, memory_format)",
        variants="method",
    )
op(
    "cpu(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
    "self on the CPU; self itself where it is there already.",
    composite="converted(self, std::nullopt, Device{}, false, memory_format)",
    variants="method",
)
op(
    "cuda(Tensor self, Device? device=None, bool non_blocking=False, *, "
    "MemoryFormat? memory_format=None) -> Tensor",
    "Fails: there is no CUDA device.",
    composite="converted(self, std::nullopt, Device{DeviceType::Cuda, -1}, false, "
    "memory_format)",
    variants="method",
)

# --- filling
op(
    "fill_(Tensor self, Tensor|Scalar value) -> Tensor",
    "Sets every element.",
    mutate="fill_",
    variants="method function",
    node="FillBackward3/FillBackward2",
    grad={"self": "zeros", "value": "ops::sum(grad)"},
)
op(
    "fill(Tensor self, Tensor|Scalar value) -> Tensor",
    "A tensor like self, of one value.",
    dynamic="written_copy(self, [&](const Tensor& out) { cpu::fill_(out, value); })",
    variants="function",
    node="FillBackward1/FillBackward0",
    grad={"self": "zeros", "value": "ops::sum(grad)"},
)
op(
    "zero_(Tensor self) -> Tensor",
    "Sets every element to 0.",
    mutate="zero_",
    variants="method function",
    grad={"self": "zeros"},
)

# --- geometry and storage
op(
    "resize_(Tensor self, int[] size, *, MemoryFormat? memory_format=None) -> Tensor",
    "Other sizes over the same storage, which grows where it must.",
    mutate="resize_",
    variants="method",
)
op(
    "resize_as_(Tensor self, Tensor the_template, *, MemoryFormat? memory_format=None) "
    "-> Tensor",
    "The sizes of another tensor over the same storage.",
    mutate="resize_as_",
    variants="method function",
)
op(
    "set_(Tensor self) -> Tensor",
    "Makes self an empty tensor.",
    mutate="set_",
    variants="method",
)
op(
    "set_.source(Tensor self, Tensor source) -> Tensor",
    "Makes self look at the memory of another tensor.",
    mutate="set_source_",
    variants="method",
)
op(
    "set_.source_geometry(Tensor self, Tensor source, int storage_offset, int[] size, "
    "int[] stride=[]) -> Tensor",
    "Makes self look at the storage of another tensor, with this geometry.",
    mutate="set_source_geometry_",
    variants="method",
)
