// Complex numbers as pairs of real ones and back; frexp, which has two results.
#include <cmath>

#include "core/base/threads.h"
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/tensor/iterator.h"

namespace rl {
namespace impl {
namespace {

Tensor reinterpret(const Tensor& self, IntList sizes, IntList strides, int64_t offset,
                   Dtype dtype) {
  return Tensor::make(self.storage(), dtype, sizes, strides, offset);
}

}  // namespace

Tensor view_as_real(const Tensor& self) {
  RL_CHECK(self.is_complex(), "view_as_real is only supported for complex tensors");
  Dims sizes = self.sizes(), strides = self.strides();
  for (int64_t& s : strides) s *= 2;
  sizes.push_back(2);
  strides.push_back(1);
  return reinterpret(self, sizes, strides, self.offset() * 2, to_real(self.dtype()));
}

Tensor view_as_complex(const Tensor& self) {
  const Dtype d = self.dtype();
  RL_CHECK(
      d == Dtype::Float32 || d == Dtype::Float64,
      "view_as_complex is only supported for half, float and double tensors, but got a tensor of "
      "scalar type: ",
      d);
  RL_CHECK(self.dim() > 0, "Input tensor must have one or more dimensions");
  RL_CHECK(self.sizes().back() == 2, "Tensor must have a last dimension of size 2");
  RL_CHECK(self.strides().back() == 1, "Tensor must have a last dimension with stride 1");
  Dims sizes(IntList(self.sizes()).first(self.sizes().size() - 1));
  Dims strides(IntList(self.strides()).first(sizes.size()));
  for (size_t i = 0; i < strides.size(); ++i) {
    RL_CHECK(strides[i] % 2 == 0 || sizes[i] == 1,
             "Tensor must have a stride divisible by 2 for all but last "
             "dimension");
    strides[i] /= 2;
  }
  RL_CHECK(self.offset() % 2 == 0, "Tensor must have a storage_offset divisible by 2");
  return reinterpret(self, sizes, strides, self.offset() / 2, to_complex(d));
}

}  // namespace impl

namespace plan {

void frexp(Plan& p, const Tensor& self) {
  RL_CHECK(self.is_floating(), "torch.frexp() only supports floating-point dtypes");
  p.result_like(0, self, self.dtype());
  p.result_like(1, self, Dtype::Int32);
}

}  // namespace plan

namespace cpu {
namespace {

template <class T>
void frexp_loop(std::byte* const* data, const int64_t* strides, int64_t n, const void*) {
  for (int64_t i = 0; i < n; ++i) {
    int exponent = 0;
    const auto x = static_cast<Compute<T>>(*reinterpret_cast<const T*>(data[2] + i * strides[2]));
    *reinterpret_cast<T*>(data[0] + i * strides[0]) = static_cast<T>(std::frexp(x, &exponent));
    *reinterpret_cast<int32_t*>(data[1] + i * strides[1]) = exponent;
  }
}

}  // namespace

void frexp(const Tensor& self, const Tensor& mantissa, const Tensor& exponent) {
  Loop1d loop = nullptr;
  dispatch(Floats{}, self.dtype(), "frexp", [&]<class T>() { loop = frexp_loop<T>; });
  Iterator it(self.sizes());
  for (const Tensor* t : {&mantissa, &exponent, &self})
    it.add(t->raw(), t->sizes(), t->strides(), static_cast<int64_t>(t->item_size()));
  it.run(loop, nullptr);
}

}  // namespace cpu
}  // namespace rl
