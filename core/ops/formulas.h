// Named pieces of derivative formulas that take more than a line.
#pragma once

#include "core/op/op_node.h"
#include "core/ops/reduce_formulas.h"
#include "core/ops/scan_formulas.h"

namespace rl {

// The gradient of a reduction, stretched back over the reduced dimensions.
Tensor expand_reduced(const Tensor& grad, IntList sizes, std::optional<IntList> dim, bool keepdim);
// Puts reduced dimensions back as size 1.
Tensor restore_dims(const Tensor& t, size_t dims, std::optional<IntList> dim, bool keepdim);
// Scatters the gradient of base.as_strided(...) back over the base's elements.
Tensor as_strided_backward(const Tensor& grad, const TensorGeometry& base, IntList sizes,
                           IntList strides, std::optional<int64_t> offset);

Dims inverse_permutation(IntList dims);
// Joins the gradients of pieces; missing ones count as zero.
Tensor split_backward(Vjp& v, int64_t dim);
Tensor unbind_backward(Vjp& v, int64_t dim);
TensorVec cat_backward(const Tensor& grad, const std::vector<TensorGeometry>& metas, int64_t dim);
Tensor repeat_backward(const Tensor& grad, IntList repeats, IntList sizes);
Dims negated(IntList v);
// t times the conjugate of a number.
Tensor scaled(const Tensor& t, const Scalar& by);

}  // namespace rl
