// Steps from the public resampling operators to the kernels.
#pragma once

#include <initializer_list>
#include <optional>

#include "core/tensor/tensor.h"

namespace rl {

using Scales = std::initializer_list<std::optional<double>>;

// Resamples the last `n` dimensions of a batch to `output_size`.
Tensor upsampled(int64_t n, const Tensor& self, IntList output_size, int64_t mode,
                 bool align_corners, Scales scales);
Tensor upsample_gradient(const Tensor& grad, IntList input_size, int64_t mode, bool align_corners,
                         Scales scales);
Tensor affine_grid_gradient(const Tensor& grad, IntList size, bool align_corners);

}  // namespace rl
