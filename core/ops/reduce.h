// Helpers of reductions: the dtype of sums, checks.
#pragma once

#include "core/tensor/reduced_dims.h"

namespace rl {

// The dtype sums and products have when none is asked for.
inline Dtype sum_dtype(Dtype d) { return is_integral(d, true) ? Dtype::Int64 : d; }
// IndexError where a dimension without elements would be reduced.
void check_not_empty(const char* op, const Tensor& self, int64_t dim);

}  // namespace rl
