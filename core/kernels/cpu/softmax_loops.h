// The loops of softmax and log_softmax with their gradients, compiled once an instruction set.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"

namespace rl::cpu {

inline constexpr int64_t kSoftmaxColumns = 128;  // most columns a call takes

// Of `count` contiguous rows of n elements, or of m columns whose elements lie `stride` apart.
// `scratch` holds n floats (rows of 16-bit types use it).
struct SoftmaxLoops {
  void (*rows)(const void* in, void* out, int64_t count, int64_t n, float* scratch);
  void (*columns)(const void* in, void* out, int64_t m, int64_t n, int64_t stride);
  void (*backward_rows)(const void* grad, const void* result, void* out, int64_t count, int64_t n);
  void (*backward_columns)(const void* grad, const void* result, void* out, int64_t m, int64_t n,
                           int64_t stride);
};

struct SoftmaxTable {
  const SoftmaxLoops* plain[kDtypeCount];
  const SoftmaxLoops* log[kDtypeCount];
};

}  // namespace rl::cpu
