// Planes read through a table of indices a dimension: padding with elements and nearest neighbours.
#pragma once

#include <vector>

#include "core/tensor/tensor.h"

namespace rl::cpu {

// out[a][b][c] = in[at[0][a]][at[1][b]][at[2][c]] in every plane.
struct IndexMap {
  int64_t planes = 1;
  int64_t in[3] = {1, 1, 1};
  std::vector<int64_t> at[3] = {{0}, {0}, {0}};

  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const {
    return static_cast<int64_t>(at[0].size() * at[1].size() * at[2].size());
  }
};

// `in` and `out` are contiguous and of one dtype.
void gather_planes(const IndexMap& map, const Tensor& in, const Tensor& out);
// The transpose: adds the elements of `grad` to zeros.
void scatter_planes(const IndexMap& map, const Tensor& grad, const Tensor& out);

}  // namespace rl::cpu
