// Extrema with their places: the loops, by dtype, compiled once an instruction set; and the driver.
#pragma once

#include <optional>

#include "core/tensor/tensor.h"

namespace rl::cpu {

struct ArgLoops {
  // The first place of the extremum of n contiguous elements; NaN wins.
  void (*row)(const void* data, int64_t n, void* value, int64_t* index);
  // The same for each of m <= kArgColumns columns, whose elements lie `stride` apart.
  void (*columns)(const void* data, int64_t m, int64_t n, int64_t stride, void* values,
                  int64_t* indices);
};
inline constexpr int64_t kArgColumns = 256;

struct ArgTable {
  const ArgLoops* largest[kDtypeCount];
  const ArgLoops* smallest[kDtypeCount];
};

// Extrema along `dim`, or of all elements in memory order of a contiguous copy; `values` may be
// undefined. Results are contiguous.
void arg_extremum(bool largest, const Tensor& self, std::optional<int64_t> dim,
                  const Tensor& values, const Tensor& indices);

}  // namespace rl::cpu
