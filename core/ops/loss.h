// Shared pieces of losses and their gradients.
#pragma once

#include "core/op/operand.h"

namespace rl {

enum class Reduction : int64_t { None = 0, Mean = 1, Sum = 2 };

// `t` as it is, its mean or its sum.
Tensor reduced(const Tensor& t, int64_t reduction);
Tensor mse_gradient(const Tensor& grad, const Tensor& x, const Tensor& target, int64_t reduction);
Tensor smooth_l1_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                          int64_t reduction, double beta);
Tensor bce_gradient(const Tensor& grad, const Tensor& x, const Tensor& target, const Tensor& weight,
                    int64_t reduction);
Tensor bce_target_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                           const Tensor& weight, int64_t reduction);
Tensor bce_logits_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                           const Tensor& weight, const Tensor& pos_weight, int64_t reduction);
Tensor bce_logits_target_gradient(const Tensor& grad, const Tensor& x, const Tensor& target,
                                  const Tensor& weight, const Tensor& pos_weight,
                                  int64_t reduction);

}  // namespace rl
