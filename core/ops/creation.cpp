// Tensors from sizes and numbers.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"

namespace rl {

Tensor value_sum(const Tensor& grad) { return ops::sum(grad); }

namespace impl {

Tensor empty(IntList size, std::optional<Dtype> dtype, std::optional<Layout>, std::optional<Device> device,
             std::optional<bool>, std::optional<MemoryFormat> format) {
  check_sizes_nonnegative(size);
  return rl::empty(size, dtype.value_or(default_dtype()), device.value_or(Device{}),
                   format.value_or(MemoryFormat::Contiguous));
}

Tensor full(IntList size, const Scalar& value, std::optional<Dtype> dtype, std::optional<Layout>,
            std::optional<Device> device, std::optional<bool>) {
  check_sizes_nonnegative(size);
  Tensor out = rl::empty(size, dtype.value_or(value.dtype()), device.value_or(Device{}));
  cpu::fill_(out, value);
  return out;
}

Tensor zeros(IntList size, std::optional<Dtype> dtype, std::optional<Layout> layout,
             std::optional<Device> device, std::optional<bool> pin) {
  return full(size, Scalar(0), dtype.value_or(default_dtype()), layout, device, pin);
}

Tensor ones(IntList size, std::optional<Dtype> dtype, std::optional<Layout> layout,
            std::optional<Device> device, std::optional<bool> pin) {
  return full(size, Scalar(1), dtype.value_or(default_dtype()), layout, device, pin);
}

}  // namespace impl

namespace cpu {

void fill_(const Tensor& self, const Operand& value) {
  if (self.is_meta()) return;
  if (value.is_tensor()) {
    RL_CHECK(value.tensor().dim() == 0, "fill_ only supports 0-dimension value tensor but got tensor with ",
             value.tensor().dim(), " dimensions.");
    return copy_into(self, value.tensor());
  }
  copy_into(self, scalar_tensor(value.scalar(), self.dtype()));
}

void zero_(const Tensor& self) { fill_(self, Scalar(0)); }

}  // namespace cpu
}  // namespace rl
