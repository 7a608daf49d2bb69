// Derivatives of reductions, and what their expressions in the table call.
#pragma once

#include "core/op/op_node.h"

namespace rl {

using OptDims = std::optional<IntList>;

Tensor mean_backward(const Tensor& grad, IntList sizes, OptDims dim, bool keepdim);
Tensor prod_backward(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor prod_dim_backward(const Tensor& grad, const Tensor& self, const Tensor& result, int64_t dim,
                         bool keepdim);
// The gradient of the extremum or median of all elements, in equal parts to those that equal it.
Tensor share_among_equals(const Tensor& grad, const Tensor& self, const Tensor& result);
Tensor extremum_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptDims dim,
                         bool keepdim);
Tensor aminmax_backward(const Vjp& v, const Tensor& self, const Tensor& min, const Tensor& max,
                        std::optional<int64_t> dim, bool keepdim);
// The gradient of elements that were picked along a dimension, back in their places.
Tensor picked_backward(const Tensor& grad, const Tensor& indices, IntList sizes, int64_t dim,
                       bool keepdim);

Tensor var_backward(const Tensor& grad, const Tensor& self, OptDims dim, const Scalar& correction,
                    bool keepdim);
Tensor std_backward(const Tensor& grad, const Tensor& self, const Tensor& result, OptDims dim,
                    const Scalar& correction, bool keepdim);
Tensor var_mean_backward(const Vjp& v, const Tensor& self, OptDims dim, const Scalar& correction,
                         bool keepdim);
Tensor std_mean_backward(const Vjp& v, const Tensor& self, const Tensor& std, OptDims dim,
                         const Scalar& correction, bool keepdim);

// 2 where no order is given.
inline Scalar norm_order(const Scalar& p) { return p.is_none() ? Scalar(2) : p; }
Tensor norm_backward(const Tensor& grad, const Tensor& self, const Scalar& ord,
                     const Tensor& result, OptDims dim, bool keepdim);
Tensor logsumexp_backward(const Tensor& grad, const Tensor& self, const Tensor& result, IntList dim,
                          bool keepdim);

}  // namespace rl
