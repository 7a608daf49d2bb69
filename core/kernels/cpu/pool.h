// Geometry of pooling, and what other kernels share of it.
#pragma once

#include "core/kernels/cpu/pool_table.h"
#include "core/tensor/tensor.h"

namespace rl::cpu {

struct PoolArguments {
  IntList kernel, stride, padding, dilation;
  bool ceil_mode = false;
};

// Outputs along a dimension; RuntimeError where stride or padding make no sense.
int64_t pooled_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation,
                    bool ceil_mode);
// The geometry of pooling over the last `n` dimensions of `sizes`; RuntimeError for one that cannot
// be.
PoolGeometry pool_geometry(int n, IntList sizes, const PoolArguments& a);
// `sizes` with the last `n` replaced.
Dims with_space(IntList sizes, int n, const int64_t* space);

// Fills a contiguous or channels-last result with the means of windows, or their gradient.
void mean_pool(const PoolGeometry& g, const Tensor& self, const Tensor& out);
void mean_pool_gradient(const PoolGeometry& g, const Tensor& grad, const Tensor& out);

}  // namespace rl::cpu
