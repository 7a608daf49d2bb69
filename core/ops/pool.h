// The steps from public pooling operators to those with kernels.
#pragma once

#include <array>

#include "core/tensor/tensor.h"

namespace rl {

Tensor max_pooled(int n, const Tensor& self, IntList kernel_size, IntList stride, IntList padding,
                  IntList dilation, bool ceil_mode);
std::array<Tensor, 2> max_pooled1d_with_places(const Tensor& self, IntList kernel_size,
                                               IntList stride, IntList padding, IntList dilation,
                                               bool ceil_mode);
Tensor adaptive_mean(int n, const Tensor& self, IntList output_size);

}  // namespace rl
