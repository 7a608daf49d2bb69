// Masks of reduced dimensions and the sizes that they leave.
#include "core/tensor/reduced_dims.h"

namespace rl {

uint64_t reduced_mask(std::optional<IntList> dim, int64_t dims) {
  RL_CHECK(dims <= 64, "only tensors with up to 64 dims are supported");
  if (!dim || dim->empty()) return all_dims(dims);
  uint64_t mask = 0;
  for (const int64_t d : *dim) {
    const uint64_t bit = uint64_t{1} << wrap_dim(d, dims);
    RL_CHECK(!(mask & bit), "dim ", wrap_dim(d, dims),
             " appears multiple times in the list of dims");
    mask |= bit;
  }
  return dims ? mask : 0;
}

uint64_t dim_mask(int64_t dim, int64_t dims) {
  const int64_t d = wrap_dim(dim, dims);
  return dims ? uint64_t{1} << d : 0;
}

Dims reduced_sizes(IntList sizes, uint64_t mask, bool keepdim) {
  Dims out;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (!(mask >> i & 1))
      out.push_back(sizes[i]);
    else if (keepdim)
      out.push_back(1);
  }
  return out;
}

int64_t reduced_count(IntList sizes, uint64_t mask) {
  int64_t n = 1;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (mask >> i & 1) n *= sizes[i];
  return n;
}

}  // namespace rl
