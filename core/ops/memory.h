// Helpers of operators that make, fill and copy tensors.
#pragma once

#include <optional>
#include <utility>

#include "core/base/device.h"
#include "core/tensor/tensor.h"

namespace rl {

class Operand;

// What the factories' keyword arguments say; `layout` has one value and needs no place here.
struct TensorOptions {
  std::optional<Dtype> dtype;
  std::optional<Device> device;
  std::optional<bool> pin_memory;
  std::optional<MemoryFormat> format = std::nullopt;
};

// RuntimeError for devices and pinned memory this build does not have.
void check_available(std::optional<Device> device, std::optional<bool> pin_memory = {});
// RuntimeError where several elements of a tensor to be written share memory.
void check_not_expanded(const Tensor& self);

// No gaps and no sharing: in some order of dimensions the elements are one flat array from raw()
// on.
inline bool is_dense(const Tensor& t) {
  return t.is_contiguous() || is_non_overlapping_and_dense(t.sizes(), t.strides());
}

Tensor created_empty(IntList size, const TensorOptions& options);
Tensor created(IntList size, const Scalar& value, const TensorOptions& options);
Tensor created_empty_like(const Tensor& self, const TensorOptions& options);
Tensor created_like(const Tensor& self, const Scalar& value, const TensorOptions& options);
// Options with dtype and device of `self` where they say nothing.
TensorOptions options_of(const Tensor& self, TensorOptions given);

// The values of t in another dtype, its strides kept; outside of the graph.
inline Tensor cast(const Tensor& t, Dtype dtype) {
  if (t.dtype() == dtype) return t;
  Tensor out = empty_like(t, dtype);
  copy_into(out, t);
  return out;
}

// `self` where it already is what is asked for, else ops::_to_copy.
Tensor converted(const Tensor& self, std::optional<Dtype> dtype, std::optional<Device> device,
                 bool copy, std::optional<MemoryFormat> format);
// Drops the history of self; RuntimeError for views.
Tensor detach_inplace(const Tensor& self);
// Sets all elements; the number must fit.
void fill(const Tensor& self, const Scalar& value);

// A copy of self after `write(copy)`: the functional form of an in-place kernel.
template <class F>
Tensor written_copy(const Tensor& self, const F& write) {
  Tensor out = empty_like(self);
  copy_into(out, self);
  write(out);
  return out;
}
// The same, whose copy is contiguous.
template <class F>
Tensor written_contiguous(const Tensor& self, const F& write) {
  Tensor out = contiguous_copy(self, self.dtype());
  write(out);
  return out;
}

}  // namespace rl
