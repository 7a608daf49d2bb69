// Convolutions of 1 to 3 spatial dimensions on plain buffers, for every numeric dtype.
// Buffers are contiguous: x is (batch, in_channels, input...), w (out_channels,
// in_channels / groups, kernel...), y (batch, out_channels, output...). A transposed convolution is
// backward_data with the roles of its input and output exchanged.
#pragma once

#include <cstdint>

#include "core/base/dtype.h"

namespace rl::cpu {

struct ConvParams {
  int ndim = 2;  // 1 to 3; the arrays hold that many sizes, outermost first
  int64_t batch = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 1;
  int64_t input[3] = {1, 1, 1};
  int64_t output[3] = {1, 1, 1};  // as by output_size(), or larger for a padded transposed one
  int64_t kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1};
  int64_t padding[3] = {0, 0, 0};  // zeros on either side
  int64_t dilation[3] = {1, 1, 1};

  // floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1
  int64_t output_size(int d) const {
    return (input[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d] + 1;
  }
};

// y = x * w + bias. `bias` (out_channels) may be null.
void conv_forward(Dtype dtype, const ConvParams& p, const void* x, const void* w, const void* bias,
                  void* y);

// grad_x from grad_y; as a transposed convolution, `bias` (in_channels, may be null) is added.
void conv_backward_data(Dtype dtype, const ConvParams& p, const void* grad_y, const void* w,
                        const void* bias, void* grad_x);

// grad_w and grad_bias (the sum of grad_y over batch and space); either may be null.
void conv_backward_weights(Dtype dtype, const ConvParams& p, const void* grad_y, const void* x,
                           void* grad_w, void* grad_bias);

}  // namespace rl::cpu
