// p-norm distances between rows.
#pragma once

#include "core/tensor/tensor.h"

namespace rl::cpu {

// x1 (batch, P, M), x2 (batch, R, M), out (batch, P, R): contiguous, float or double.
void cdist(const Tensor& x1, const Tensor& x2, double p, const Tensor& out);
// The gradient of x1; 0 where the norm has none.
void cdist_backward(const Tensor& grad, const Tensor& x1, const Tensor& x2, double p,
                    const Tensor& distances, const Tensor& out);

}  // namespace rl::cpu
