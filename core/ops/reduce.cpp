// Shapes of reductions and pieces of their derivatives.
#include "core/ops/operators.h"
#include "core/ops/ops_prelude.h"
#include "core/ops/reduce.h"

namespace rl {

uint64_t reduced_mask(std::optional<IntList> dim, int64_t dims) {
  if (!dim || dim->empty()) return dims ? ~uint64_t{0} >> (64 - dims) : 0;
  uint64_t mask = 0;
  for (const int64_t d : *dim) {
    const uint64_t bit = uint64_t{1} << wrap_dim(d, dims);
    RL_CHECK(!(mask & bit), "dim ", wrap_dim(d, dims), " appears multiple times in the list of dims");
    mask |= bit;
  }
  return mask;
}

Dims reduced_sizes(IntList sizes, uint64_t mask, bool keepdim) {
  Dims out;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!(mask >> i & 1)) out.push_back(sizes[i]);
    else if (keepdim) out.push_back(1);
  }
  return out;
}

Tensor restore_dims(const Tensor& t, size_t dims, std::optional<IntList> dim, bool keepdim) {
  if (keepdim || dims == 0 || (!dim || dim->empty())) {
    if (keepdim || dims == 0) return t;
    return ops::view(t, Dims(dims, 1));
  }
  const uint64_t mask = reduced_mask(dim, static_cast<int64_t>(dims));
  Dims sizes;
  for (size_t i = 0, k = 0; i < dims; ++i) sizes.push_back(mask >> i & 1 ? 1 : t.sizes()[k++]);
  return ops::reshape(t, sizes);
}

Tensor expand_reduced(const Tensor& grad, IntList sizes, std::optional<IntList> dim, bool keepdim) {
  return ops::expand(restore_dims(grad, sizes.size(), dim, keepdim), sizes);
}

namespace plan {

void sum_dim(Plan& p, const Tensor& self, std::optional<IntList> dim, bool keepdim,
             std::optional<Dtype> dtype) {
  const Dtype natural = is_integral(self.dtype(), true) ? Dtype::Int64 : self.dtype();
  p.result(0, reduced_sizes(self.sizes(), reduced_mask(dim, self.dim()), keepdim),
           dtype.value_or(natural), self.device());
}

}  // namespace plan
}  // namespace rl
