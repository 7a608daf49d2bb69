// Copies in other layouts and dtypes, and sums that undo broadcasting.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl::impl {

Tensor clone(const Tensor& self, std::optional<MemoryFormat> format) {
  const MemoryFormat f = format.value_or(MemoryFormat::Preserve);
  Tensor out = f == MemoryFormat::Preserve ? empty_like(self)
                                           : empty(self.sizes(), self.dtype(), self.device(), f);
  copy_into(out, self);
  return out;
}

Tensor to_dtype(const Tensor& self, Dtype dtype) {
  Tensor out = empty_like(self, dtype);
  copy_into(out, self);
  return out;
}

Tensor sum_to_size(const Tensor& self, IntList size) {
  if (equal(self.sizes(), size)) return self;
  RL_CHECK(size.size() <= self.sizes().size(), "size {", size,
           "} is not expandable to size {", IntList(self.sizes()), "}.");
  const size_t lead = self.sizes().size() - size.size();
  Dims dims;
  for (size_t i = 0; i < self.sizes().size(); ++i) {
    const bool reduced = i < lead || (size[i - lead] == 1 && self.sizes()[i] != 1);
    RL_CHECK(reduced || size[i - lead] == self.sizes()[i], "size {", size,
             "} is not expandable to size {", IntList(self.sizes()), "}.");
    if (reduced) dims.push_back(static_cast<int64_t>(i));
  }
  const Tensor sum = ops::sum_dim(self, IntList(dims), true);
  return lead ? ops::view(sum, size) : sum;
}

Tensor lay_out_like(const Tensor& self, IntList strides) {
  Tensor out = empty_strided(self.sizes(), strides, self.dtype(), self.device());
  copy_into(out, self);
  return out;
}

}  // namespace rl::impl
