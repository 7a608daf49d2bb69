// equal, isclose, allclose.
#include <atomic>

#include "core/autograd/grad_mode.h"
#include "core/base/threads.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/tensor/iterator.h"

namespace rl {
namespace {

bool all_true(const Tensor& mask) {
  const Tensor dense = as_contiguous(mask);
  const bool* const p = dense.data<bool>();
  return std::all_of(p, p + dense.numel(), [](bool b) { return b; });
}

// Sets the flag behind `context` where two pieces differ. data[0] is a stand-in for an output.
template <class T>
void differ_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void* context) {
  auto& differ = *static_cast<std::atomic<bool>*>(const_cast<void*>(context));
  constexpr int64_t kPiece = 4096;
  for (int64_t i = 0; i < n; i += kPiece) {
    if (differ.load(std::memory_order_relaxed)) return;
    bool same = true;
    for (int64_t k = i; k < std::min(n, i + kPiece); ++k)
      same &= static_cast<Compute<T>>(*reinterpret_cast<const T*>(data[0] + k * strides[0])) ==
              static_cast<Compute<T>>(*reinterpret_cast<const T*>(data[1] + k * strides[1]));
    if (!same) differ = true;
  }
}

}  // namespace

namespace impl {

Tensor equal(const Tensor& self, const Tensor& other) {
  if (self.dtype() != other.dtype()) {
    const Dtype common = promote(self.dtype(), other.dtype());
    return equal(ops::_to_dtype(self, common), ops::_to_dtype(other, common));
  }
  std::atomic<bool> differ = !(self.sizes() == other.sizes());
  if (!differ && self.numel() > 0) {
    Loop1d loop = nullptr;
    dispatch(AllTypes{}, self.dtype(), "equal", [&]<class T>() { loop = differ_loop<T>; });
    Iterator it(self.sizes());
    for (const Tensor* t : {&self, &other})
      it.add(t->raw(), t->sizes(), t->strides(), static_cast<int64_t>(t->item_size()));
    it.run(loop, &differ);
  }
  return scalar_tensor(Scalar(!differ), Dtype::Bool);
}

Tensor isclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  RL_CHECK(self.dtype() == other.dtype(), self.dtype(), " did not match ", other.dtype());
  RL_CHECK(rtol >= 0, "rtol must be greater than or equal to zero, but got ", rtol);
  RL_CHECK(atol >= 0, "atol must be greater than or equal to zero, but got ", atol);
  const GradModeGuard no_grad(false);
  Tensor close = ops::eq(self, other);
  if (equal_nan && (self.is_floating() || self.is_complex()))
    close = ops::logical_or(close, ops::logical_and(ops::isnan(self), ops::isnan(other)));
  if (rtol == 0 && atol == 0) return close;
  const bool is_bool = self.dtype() == Dtype::Bool;
  const Tensor expected = is_bool ? ops::_to_dtype(other, Dtype::Int64) : other;
  const Tensor given = is_bool ? ops::_to_dtype(self, Dtype::Int64) : self;
  const Tensor allowed = ops::abs(expected * rtol) + atol;
  const Tensor error = ops::abs(given - expected);
  const Tensor within = ops::logical_and(ops::isfinite(error), ops::le(error, allowed));
  return ops::logical_or(close, within);
}

Tensor allclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  const bool all = all_true(isclose(self, other, rtol, atol, equal_nan));
  return scalar_tensor(Scalar(all), Dtype::Bool);
}

}  // namespace impl
}  // namespace rl
