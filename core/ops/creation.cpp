// Tensors from sizes and numbers.
#include <cmath>

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

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, std::optional<Dtype> dtype,
              std::optional<Layout>, std::optional<Device> device, std::optional<bool>) {
  const bool integral = start.is_integral() && end.is_integral() && step.is_integral();
  const Dtype d = dtype.value_or(integral ? Dtype::Int64 : default_dtype());
  RL_CHECK(step.to_double() != 0, "step must be nonzero");
  RL_CHECK(std::isfinite(start.to_double()) && std::isfinite(end.to_double()), "unsupported range: ",
           start.to_double(), " -> ", end.to_double());
  const double span = end.to_double() - start.to_double();
  RL_CHECK(span == 0 || (span > 0) == (step.to_double() > 0),
           "upper bound and lower bound inconsistent with step sign");
  int64_t n = 0;
  if (integral && is_integral(d, false)) {
    const int64_t by = step.to_int(), sign = by > 0 ? 1 : -1;
    n = (end.to_int() - start.to_int() + by - sign) / by;
  } else {
    n = static_cast<int64_t>(std::ceil(span / step.to_double()));
  }
  Tensor out = rl::empty(Dims{n}, d, device.value_or(Device{}));
  if (out.is_meta()) return out;
  dispatch(RealTypes{}, d, "arange", [&]<class T>() {
    T* const p = out.data<T>();
    if constexpr (std::is_integral_v<T>) {
      const int64_t a = start.to_int(), by = step.to_int();
      for (int64_t i = 0; i < n; ++i) p[i] = static_cast<T>(a + i * by);
    } else {
      using A = std::conditional_t<is_reduced_type<T>, float, double>;
      const A a = static_cast<A>(start.to_double()), by = static_cast<A>(step.to_double());
      for (int64_t i = 0; i < n; ++i) p[i] = static_cast<T>(a + by * static_cast<A>(i));
    }
  });
  return out;
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
