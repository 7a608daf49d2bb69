// Where the windows of pooling lie.
#include "core/kernels/cpu/pool.h"

namespace rl::cpu {

int64_t pooled_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation,
                    bool ceil_mode) {
  RL_CHECK(stride != 0, "stride should not be zero");
  RL_CHECK(pad >= 0, "pad must be non-negative, but got pad: ", pad);
  RL_CHECK(pad <= ((kernel - 1) * dilation + 1) / 2,
           "pad should be at most half of effective kernel size, but got pad=", pad,
           ", kernel_size=", kernel, " and dilation=", dilation);
  const int64_t room = in + 2 * pad - dilation * (kernel - 1) - 1 + (ceil_mode ? stride - 1 : 0);
  int64_t out = (room >= 0 ? room / stride : -((stride - 1 - room) / stride)) + 1;
  // The last window starts inside the input or its padding on the left.
  if (ceil_mode && (out - 1) * stride >= in + pad) --out;
  return out;
}

Dims with_space(IntList sizes, int n, const int64_t* space) {
  Dims out(sizes);
  for (int d = 0; d < n; ++d) out[out.size() - static_cast<size_t>(n - d)] = space[d];
  return out;
}

PoolGeometry pool_geometry(int n, IntList sizes, const PoolArguments& a) {
  PoolGeometry g;
  const auto rank = static_cast<int64_t>(sizes.size());
  for (int d = 0; d < n; ++d) {
    const auto at = [d](IntList v) { return v[v.size() == 1 ? 0 : static_cast<size_t>(d)]; };
    const int to = 3 - n + d;
    g.in[to] = sizes[static_cast<size_t>(wrap_dim(d - n, rank))];
    g.kernel[to] = at(a.kernel);
    g.stride[to] = a.stride.empty() ? g.kernel[to] : at(a.stride);
    g.padding[to] = at(a.padding);
    g.dilation[to] = at(a.dilation);
    g.out[to] = pooled_size(g.in[to], g.kernel[to], g.stride[to], g.padding[to], g.dilation[to],
                            a.ceil_mode);
    RL_CHECK(g.padding[to] <= g.kernel[to] / 2,
             "pad should be smaller than or equal to half of kernel size, but got pad = ",
             a.padding, ", kernel size = ", a.kernel);
  }
  g.planes = product(sizes.first(sizes.size() - static_cast<size_t>(n)));
  return g;
}

}  // namespace rl::cpu
