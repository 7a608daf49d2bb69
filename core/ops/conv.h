// Geometry of convolutions, and the steps from the public operators to the one convolution.
#pragma once

#include "core/op/op_node.h"

namespace rl {

// Sizes of a convolution's output.
Dims convolution_sizes(IntList input, IntList weight, IntList stride, IntList padding,
                       IntList dilation, bool transposed, IntList output_padding, int64_t groups);

// Sets the bias' gradient too where it is wanted, for it costs little beside the weight's.
Tensor convolution_weight_gradient(Vjp& v, const Tensor& grad, const Tensor& input,
                                   IntList weight_size, IntList stride, IntList padding,
                                   IntList dilation, bool transposed, IntList output_padding,
                                   int64_t groups);
// What convolution_weight_gradient found, else the sum over all but the channels.
Tensor convolution_bias_gradient(Vjp& v, const Tensor& grad);

// Public operators of `n` spatial dimensions; the input may lack the batch.
Tensor convolved(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                 const Tensor& bias, IntList stride, IntList padding, IntList dilation,
                 int64_t groups);
Tensor convolved_padded(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                        const Tensor& bias, IntList stride, std::string_view padding,
                        IntList dilation, int64_t groups);
Tensor convolved_transposed(const char* name, int64_t n, const Tensor& input, const Tensor& weight,
                            const Tensor& bias, IntList stride, IntList padding,
                            IntList output_padding, int64_t groups, IntList dilation);

}  // namespace rl
