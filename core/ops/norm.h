// Shared pieces of the normalisation operators.
#pragma once

#include <array>

#include "core/op/op_node.h"

namespace rl {

// The dtype a norm's kernel works in: float for the 16-bit types. Fails for all but real floats.
Dtype norm_dtype(const Tensor& input, const char* name);
// 16-bit input may come with float parameters; everything else has one dtype. Returns the dtype of
// saved statistics.
Dtype norm_stats_dtype(const Tensor& input, std::initializer_list<const Tensor*> parameters);
// `t` in this dtype and memory format, itself where it is already; undefined stays undefined.
Tensor norm_operand(const Tensor& t, Dtype dtype, MemoryFormat format = MemoryFormat::Contiguous);
// ChannelsLast(3d) where that is how the tensor lies, else Contiguous.
MemoryFormat norm_format(const Tensor& t);
// A kernel's result in the dtype and format asked for.
inline Tensor norm_result(const Tensor& t, Dtype dtype,
                          MemoryFormat format = MemoryFormat::Contiguous) {
  return norm_operand(t, dtype, format);
}

// What a norm divides by and over, for its gradients made of differentiable operators.
struct NormFormula {
  Dims over;            // dimensions of the statistics; empty where they are constants
  Dims shared;          // dimensions a parameter is shared over
  Tensor mean, invstd;  // constants that broadcast with the input, where `over` is empty
  double eps = 0;
  bool centered = true;  // false: RMS norm
};
// Gradients of input, weight, bias. `weight` broadcasts with the input.
std::array<Tensor, 3> norm_gradients(const NormFormula& norm, const Tensor& grad,
                                     const Tensor& input, const Tensor& weight);
// Which of the first three tensor parameters, at these places, want a gradient.
Dims norm_mask(const Vjp& v, std::initializer_list<uint32_t> parameters);

}  // namespace rl
