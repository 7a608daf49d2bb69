// Derivatives of running reductions and softmax; quantiles.
#pragma once

#include "core/op/op_node.h"

namespace rl {

Tensor cumsum_backward(const Tensor& grad, int64_t dim);
Tensor cumprod_backward(const Tensor& grad, const Tensor& self, int64_t dim, const Tensor& result);
Tensor logcumsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result,
                             int64_t dim);
// Derivative of the softmax gradient by the softmax itself.
Tensor softmax_double_backward(const Tensor& grad, const Tensor& grad_output, const Tensor& output,
                               int64_t dim);

// Quantiles `q` of lines along `dim`, or of all elements.
Tensor quantile_of(const Tensor& self, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view interpolation, bool skip_nan);
Tensor quantile_of(const Tensor& self, double q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view interpolation, bool skip_nan);

}  // namespace rl
