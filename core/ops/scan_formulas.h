// Derivatives of running reductions, softmax and sorting.
#pragma once

#include "core/op/op_node.h"

namespace rl {

Tensor cumsum_backward(const Tensor& grad, int64_t dim);
Tensor cumprod_backward(const Tensor& grad, const Tensor& self, int64_t dim, const Tensor& result);
Tensor logcumsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim);
// Derivative of the softmax gradient by the softmax itself.
Tensor softmax_double_backward(const Tensor& grad, const Tensor& grad_output, const Tensor& output,
                               int64_t dim);

}  // namespace rl
