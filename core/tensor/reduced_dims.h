// Which dimensions a reduction removes, and what is left.
#pragma once

#include <optional>

#include "core/tensor/tensor.h"

namespace rl {

// Bit i is set when dimension i is reduced; None and an empty list reduce all.
uint64_t reduced_mask(std::optional<IntList> dim, int64_t dims);
inline uint64_t all_dims(int64_t dims) { return dims ? ~uint64_t{0} >> (64 - dims) : 0; }
// The mask of one dimension; none of a 0-d tensor.
uint64_t dim_mask(int64_t dim, int64_t dims);
Dims reduced_sizes(IntList sizes, uint64_t mask, bool keepdim);
// How many elements go into one result.
int64_t reduced_count(IntList sizes, uint64_t mask);

}  // namespace rl
