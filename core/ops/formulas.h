// Named pieces of derivative formulas that take more than a line.
#pragma once

#include "core/op/op_node.h"

namespace rl {

// The gradient of a reduction, stretched back over the reduced dimensions.
Tensor expand_reduced(const Tensor& grad, IntList sizes, std::optional<IntList> dim, bool keepdim);
// Puts reduced dimensions back as size 1.
Tensor restore_dims(const Tensor& t, size_t dims, std::optional<IntList> dim, bool keepdim);
// Scatters the gradient of base.as_strided(...) back over the base's elements.
Tensor as_strided_backward(const Tensor& grad, const Geometry& base, IntList sizes, IntList strides,
                           std::optional<int64_t> offset);

// Gradient of a number that was written everywhere.
Tensor value_sum(const Tensor& grad);

}  // namespace rl
