// The loops of pooling over fixed windows, by dtype, compiled once an instruction set.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"

namespace rl::cpu {

// Windows over planes of up to three dimensions, outermost first; missing ones have size 1.
struct PoolGeometry {
  int64_t planes = 1;  // batch and channels
  int64_t in[3] = {1, 1, 1};
  int64_t out[3] = {1, 1, 1};
  int64_t kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1};
  int64_t padding[3] = {0, 0, 0};
  int64_t dilation[3] = {1, 1, 1};
  // Means only: what sums are divided by (0: the elements of the window), and whether padding
  // counts.
  int64_t divisor = 0;
  bool count_padding = true;

  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  int64_t window() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t rows() const { return out[0] * out[1]; }
};

// Pointers are to one plane; rows [first, last) of its output are filled.
struct PoolLoops {
  // Beside the maxima: the winning element of the window (one byte), or its place in the plane;
  // both may be null. The first of equals wins, and the last NaN.
  void (*max)(const PoolGeometry& g, int64_t first, int64_t last, const void* in, void* out,
              uint8_t* positions, int64_t* places);
  void (*mean)(const PoolGeometry& g, int64_t first, int64_t last, const void* in, void* out);
  // Gradients of a whole plane.
  void (*max_gradient)(const PoolGeometry& g, const void* grad, const uint8_t* positions,
                       void* out);
  void (*mean_gradient)(const PoolGeometry& g, const void* grad, void* out);
};

struct PoolTable {
  PoolLoops rows[kDtypeCount];  // empty for 16-bit floats, which are converted
};

// The one of the best instruction set.
const PoolTable& pool_table();

}  // namespace rl::cpu
