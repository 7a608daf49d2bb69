// Which dimensions a reduction removes, and what is left.
#pragma once

#include <optional>

#include "core/tensor/tensor.h"

namespace rl {

// Bit i is set when dimension i is reduced; None and an empty list reduce all.
uint64_t reduced_mask(std::optional<IntList> dim, int64_t dims);
Dims reduced_sizes(IntList sizes, uint64_t mask, bool keepdim);

}  // namespace rl
