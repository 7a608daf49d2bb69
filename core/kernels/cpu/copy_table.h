// The loops of copies that profit from wide registers, compiled once an instruction set.
#pragma once

#include "core/base/dtype.h"

namespace rl::cpu {

struct CopyTable {
  // Contiguous conversions by [to][from]; null for pairs that the portable loop serves.
  using Convert = void (*)(void* out, const void* in, int64_t n);
  Convert convert[kDtypeCount][kDtypeCount];
  // out[r * out_step + c] = in[c * in_step + r] for elements of 1, 2, 4, 8 bytes (by log2).
  using Transpose = void (*)(void* out, const void* in, int64_t rows, int64_t cols,
                             int64_t out_step, int64_t in_step);
  Transpose transpose[4];
};

// The one of the best instruction set.
const CopyTable& copy_table();

}  // namespace rl::cpu
