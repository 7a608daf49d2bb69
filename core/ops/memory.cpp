// Copies in other layouts and dtypes, sums that undo broadcasting, and changes of geometry.
#include "core/ops/memory.h"

#include <atomic>
#include <cstring>

#include "core/autograd/variable.h"
#include "core/base/threads.h"
#include "core/ops/operators.h"

namespace rl {

void check_not_expanded(const Tensor& self) {
  RL_CHECK(!has_internal_overlap(self),
           "unsupported operation: more than one element of the written-to tensor refers to a "
           "single memory "
           "location. Please clone() the tensor before performing the operation.");
}

void warn_of_lost_imaginary(const Tensor& from, Dtype to) {
  static std::atomic<bool> warned = false;
  if (!from.is_complex() || is_complex(to) || to == Dtype::Bool) return;
  warn_once(warned, "Casting complex values to real discards the imaginary part");
}

Tensor converted(const Tensor& self, std::optional<Dtype> dtype, std::optional<Device> device,
                 bool copy, std::optional<MemoryFormat> format) {
  if (device && device->type == DeviceType::Cuda) check_available(device);
  const bool same = !copy && (!dtype || *dtype == self.dtype()) &&
                    (!device || device->type == self.device().type) &&
                    (!format || *format == MemoryFormat::Preserve || self.is_contiguous(*format));
  if (same) return self;
  if (dtype) warn_of_lost_imaginary(self, *dtype);
  return ops::_to_copy(self, dtype, std::nullopt, device, std::nullopt, false, format);
}

Tensor detach_inplace(const Tensor& self) {
  RL_CHECK(!is_view(self), "Can't detach views in-place. Use detach() instead.");
  if (AutogradMeta* meta = autograd_meta(self)) {
    meta->requires_grad = false;
    meta->grad_fn.reset();
    meta->output_nr = 0;
  }
  return self;
}

namespace impl {

Tensor clone(const Tensor& self, std::optional<MemoryFormat> format) {
  const MemoryFormat f = format.value_or(MemoryFormat::Preserve);
  Tensor out = f == MemoryFormat::Preserve ? empty_like(self)
                                           : empty(self.sizes(), self.dtype(), self.device(), f);
  copy_into(out, self);
  return out;
}

Tensor contiguous(const Tensor& self, MemoryFormat format) {
  if (self.is_contiguous(format)) return self;
  RL_CHECK(format != MemoryFormat::Preserve,
           "preserve memory format is unsupported by the contiguous operator");
  return ops::clone(self, format);
}

Tensor to_dtype(const Tensor& self, Dtype dtype) {
  Tensor out = empty_like(self, dtype);
  copy_into(out, self);
  return out;
}

Tensor to_copy(const Tensor& self, std::optional<Dtype> dtype, std::optional<Layout>,
               std::optional<Device> device, std::optional<bool> pin_memory, bool,
               std::optional<MemoryFormat> format) {
  Tensor out = created_empty_like(self, {dtype, device, pin_memory, format});
  if (self.is_meta() && !out.is_meta())
    fail(ErrorType::NotImplemented, "Cannot copy out of meta tensor; no data!");
  copy_into(out, self);
  return out;
}

Tensor sum_to_size(const Tensor& self, IntList size) {
  if (equal(self.sizes(), size)) return self;
  RL_CHECK(size.size() <= self.sizes().size(), "size {", size, "} is not expandable to size {",
           IntList(self.sizes()), "}.");
  const size_t lead = self.sizes().size() - size.size();
  Dims dims;
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    const bool reduced = i < lead || (size[i - lead] == 1 && self.sizes()[i] != 1);
    RL_CHECK(reduced || size[i - lead] == self.sizes()[i], "size {", size,
             "} is not expandable to size {", IntList(self.sizes()), "}.");
    if (reduced) dims.push_back(static_cast<int64_t>(i));
  }
  const Tensor sum = dims.empty() ? self : ops::sum_dim(self, IntList(dims), true);
  return lead ? ops::view(sum, size) : sum;
}

Tensor lay_out_like(const Tensor& self, IntList strides) {
  Tensor out = empty_strided(self.sizes(), strides, self.dtype(), self.device());
  copy_into(out, self);
  return out;
}

}  // namespace impl

namespace {

template <class T>
void fill_flat(T* out, int64_t n, T value) {
  std::byte zeros[sizeof(T)] = {};
  const bool zero = std::memcmp(&value, zeros, sizeof(T)) == 0;
  parallel_for(0, n, 65536, [&](int64_t first, int64_t last) {
    if (zero)
      std::memset(static_cast<void*>(out + first), 0,
                  static_cast<size_t>(last - first) * sizeof(T));
    else
      std::fill(out + first, out + last, value);
  });
}

}  // namespace

void fill(const Tensor& self, const Scalar& value) {
  check_number_fits(value, self.dtype());
  if (self.is_meta() || self.numel() == 0) return;
  if (!is_dense(self)) return copy_into(self, scalar_tensor(value, self.dtype()));
  dispatch(AllTypes{}, self.dtype(), "fill_",
           [&]<class T>() { fill_flat(self.data<T>(), self.numel(), value.to<T>()); });
}

namespace cpu {

void fill_(const Tensor& self, const Operand& value) {
  if (!value.is_tensor()) return fill(self, value.scalar());
  const Tensor& t = value.tensor();
  RL_CHECK(t.dim() == 0, "fill_ only supports 0-dimension value tensor but got tensor with ",
           t.dim(), " dimensions.");
  if (!self.is_meta() && !t.is_meta()) copy_into(self, t);
}

void copy_(const Tensor& self, const Operand& src, bool) {
  check_not_expanded(self);
  if (!src.is_tensor()) return fill(self, src.scalar());
  const Tensor& from = src.tensor();
  if (!(self.sizes() == from.sizes())) {
    const Dims shape = broadcast_sizes(self.sizes(), from.sizes());
    RL_CHECK(shape == self.sizes(), "output with shape ", IntList(self.sizes()),
             " doesn't match the broadcast shape ", IntList(shape));
  }
  if (from.is_meta() && !self.is_meta())
    fail(ErrorType::NotImplemented, "Cannot copy out of meta tensor; no data!");
  warn_of_lost_imaginary(from, self.dtype());
  copy_into(self, from);
}

void zero_(const Tensor& self) { fill(self, Scalar(0)); }

void resize_(const Tensor& self, IntList size, std::optional<MemoryFormat> format) {
  RL_CHECK(!requires_grad(self), "cannot resize variables that require grad");
  check_sizes_nonnegative(size);
  const MemoryFormat f = format.value_or(MemoryFormat::Contiguous);
  RL_CHECK(f != MemoryFormat::Preserve, "Unsupported memory format Preserve");
  if (f == MemoryFormat::Contiguous && equal(self.sizes(), size)) return;
  const bool channels = f != MemoryFormat::Contiguous;
  const size_t rank = f == MemoryFormat::ChannelsLast ? 4 : 5;
  RL_CHECK(!channels || size.size() == rank, "required rank ", rank, " tensor to use ",
           rank == 4 ? "channels_last" : "channels_last_3d", " format");
  const Dims strides = channels ? channels_last_strides(size) : contiguous_strides(size);
  const size_t bytes = storage_bytes(size, strides, self.offset(), self.item_size());
  if (bytes > self.storage()->nbytes()) {
    RL_CHECK(self.storage()->resizable(), "Trying to resize storage that is not resizable");
    self.storage()->resize(bytes);
  }
  self.impl()->set_geometry(size, strides, self.offset());
}

void resize_as_(const Tensor& self, const Tensor& other, std::optional<MemoryFormat> format) {
  const Dims sizes = other.sizes();
  MemoryFormat f = format.value_or(MemoryFormat::Contiguous);
  if (f == MemoryFormat::Preserve)
    f = !other.is_contiguous() && other.is_contiguous(MemoryFormat::ChannelsLast)
            ? MemoryFormat::ChannelsLast
            : MemoryFormat::Contiguous;
  resize_(self, sizes, f);
}

void set_(const Tensor& self) {
  self.impl()->storage = Storage::make(0, self.device());
  self.impl()->set_geometry(Dims{0}, Dims{1}, 0);
}

void set_source_(const Tensor& self, const Tensor& source) {
  set_source_geometry_(self, source, source.offset(), source.sizes(), source.strides());
}

void set_source_geometry_(const Tensor& self, const Tensor& source, int64_t offset, IntList size,
                          IntList stride) {
  RL_CHECK(self.dtype() == source.dtype(), "Could not set tensor of type ",
           type_name(source.dtype()), " to a tensor of type ", type_name(self.dtype()));
  RL_CHECK(offset >= 0, "Tensor: invalid storage offset ", offset);
  check_sizes_nonnegative(size);
  const Dims sizes(size),
      strides = stride.empty() && !size.empty() ? contiguous_strides(size) : Dims(stride);
  RL_CHECK(sizes.size() == strides.size(), "mismatch in length of strides and shape");
  const size_t bytes = storage_bytes(sizes, strides, offset, self.item_size());
  if (bytes > source.storage()->nbytes()) {
    RL_CHECK(source.storage()->resizable(), "Trying to resize storage that is not resizable");
    source.storage()->resize(bytes);
  }
  const Ptr<Storage> storage = source.storage();  // source may be self
  self.impl()->storage = storage;
  self.impl()->set_geometry(sizes, strides, offset);
}

}  // namespace cpu
}  // namespace rl
