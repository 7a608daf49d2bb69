// Pooling over fixed windows: planes and rows over threads, 16-bit floats by way of float.
#include "core/kernels/cpu/pool.h"

#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/convert.h"
#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/reduce_loops.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;  // window elements a thread should have at least

template <class To, class From>
void convert_all(const From* from, To* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = convert<To>(from[i]);
}

// Calls f(first, last, plane) for pieces of the output's rows, no piece reaching over a plane's
// end.
template <class F>
void over_rows(const PoolGeometry& g, const F& f) {
  const int64_t work = std::max<int64_t>(g.out[2] * g.window(), 1);
  parallel_for(0, g.planes * g.rows(), std::max<int64_t>(kGrain / work, 1),
               [&](int64_t begin, int64_t end) {
                 while (begin < end) {
                   const int64_t plane = begin / g.rows(), first = begin % g.rows();
                   const int64_t last = std::min(g.rows(), first + end - begin);
                   f(first, last, plane);
                   begin += last - first;
                 }
               });
}

template <class F>
void over_planes(const PoolGeometry& g, int64_t work, const F& f) {
  parallel_for(0, g.planes, std::max<int64_t>(kGrain / std::max<int64_t>(work, 1), 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t plane = begin; plane < end; ++plane) f(plane);
               });
}

// 16-bit planes become float ones for `f(float in, float out, plane)`.
template <class F>
void through_float(const PoolGeometry& g, const Tensor& in, int64_t in_size, const Tensor& out,
                   int64_t out_size, const F& f) {
  dispatch(Types<Half, BFloat16>{}, in.dtype(), "pool", [&]<class T>() {
    parallel_for(0, g.planes, std::max<int64_t>(kGrain / std::max<int64_t>(g.in_size(), 1), 1),
                 [&](int64_t begin, int64_t end) {
                   std::vector<float> x(static_cast<size_t>(in_size)),
                       y(static_cast<size_t>(out_size));
                   for (int64_t plane = begin; plane < end; ++plane) {
                     convert_all(in.data<T>() + plane * in_size, x.data(), in_size);
                     f(x.data(), y.data(), plane);
                     convert_all(y.data(), out.data<T>() + plane * out_size, out_size);
                   }
                 });
  });
}

const PoolLoops& loops_of(Dtype d) {
  return pool_table().rows[static_cast<int>(is_reduced(d) ? Dtype::Float32 : d)];
}

std::byte* plane_of(const Tensor& t, int64_t plane, int64_t size) {
  return t.raw() + plane * size * static_cast<int64_t>(t.item_size());
}

// At most one of positions and places is defined; all are contiguous.
void max_pool(const PoolGeometry& g, const Tensor& x, const Tensor& y, const Tensor& positions,
              const Tensor& places) {
  const PoolLoops& loops = loops_of(x.dtype());
  const auto run = [&](int64_t first, int64_t last, const void* in, void* out, int64_t plane) {
    loops.max(g, first, last, in, out,
              positions.defined() ? positions.data<uint8_t>() + plane * g.out_size() : nullptr,
              places.defined() ? places.data<int64_t>() + plane * g.out_size() : nullptr);
  };
  if (is_reduced(x.dtype())) {
    through_float(
        g, x, g.in_size(), y, g.out_size(),
        [&](const float* in, float* out, int64_t plane) { run(0, g.rows(), in, out, plane); });
    return;
  }
  over_rows(g, [&](int64_t first, int64_t last, int64_t plane) {
    run(first, last, plane_of(x, plane, g.in_size()), plane_of(y, plane, g.out_size()), plane);
  });
}

void max_pool_places(int n, const Tensor& self, const PoolArguments& a, const Tensor& out,
                     const Tensor& places) {
  if (out.numel() == 0) return;
  const PoolGeometry g = pool_geometry(n, self.sizes(), a);
  const Tensor x = as_contiguous(self);
  fill_contiguous(places, [&](const Tensor& at) {
    fill_contiguous(out, [&](const Tensor& y) { max_pool(g, x, y, Tensor(), at); });
  });
}

void max_pool_positions(int n, const Tensor& self, const PoolArguments& a, bool keep,
                        const Tensor& out, const Tensor& positions) {
  if (out.numel() == 0) return;
  const PoolGeometry g = pool_geometry(n, self.sizes(), a);
  const Tensor x = as_contiguous(self);
  fill_contiguous(
      out, [&](const Tensor& y) { max_pool(g, x, y, keep ? positions : Tensor(), Tensor()); });
}

PoolGeometry mean_geometry(int n, IntList sizes, IntList kernel, IntList stride, IntList padding,
                           bool ceil_mode, bool count_padding, std::optional<int64_t> divisor) {
  constexpr int64_t kOne[] = {1};
  PoolGeometry g = pool_geometry(n, sizes, {kernel, stride, padding, kOne, ceil_mode});
  g.divisor = divisor.value_or(0);
  g.count_padding = count_padding;
  return g;
}

// One window that is the whole plane.
bool is_whole(const PoolGeometry& g) {
  bool whole = true;
  for (int d = 0; d < 3; ++d)
    whole = whole && g.out[d] == 1 && g.kernel[d] == g.in[d] && g.padding[d] == 0;
  return whole;
}

}  // namespace

void mean_pool(const PoolGeometry& g, const Tensor& self, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor x = as_contiguous(self);
  if (is_whole(g) && g.in_size() > 1 && is_floating(x.dtype())) {
    const Tensor planes = alias(x, Dims{g.planes, g.in_size()}, Dims{g.in_size(), 1}, x.offset());
    ReduceContext context;
    context.divisor = static_cast<double>(g.divisor ? g.divisor : g.in_size());
    return fill_contiguous(
        out, [&](const Tensor& y) { reduce(ReduceKind::Sum, "avg_pool", planes, 2, context, y); });
  }
  const PoolLoops& loops = loops_of(x.dtype());
  fill_contiguous(out, [&](const Tensor& y) {
    if (is_reduced(x.dtype())) {
      through_float(g, x, g.in_size(), y, g.out_size(), [&](const float* in, float* to, int64_t) {
        loops.mean(g, 0, g.rows(), in, to);
      });
      return;
    }
    over_rows(g, [&](int64_t first, int64_t last, int64_t plane) {
      loops.mean(g, first, last, plane_of(x, plane, g.in_size()), plane_of(y, plane, g.out_size()));
    });
  });
}

void mean_pool_gradient(const PoolGeometry& g, const Tensor& grad, const Tensor& out) {
  if (out.numel() == 0) return;
  const Tensor dy = as_contiguous(grad);
  const PoolLoops& loops = loops_of(dy.dtype());
  fill_contiguous(out, [&](const Tensor& dx) {
    if (is_reduced(dy.dtype())) {
      through_float(g, dy, g.out_size(), dx, g.in_size(),
                    [&](const float* in, float* to, int64_t) { loops.mean_gradient(g, in, to); });
      return;
    }
    over_planes(g, g.out_size() * g.window(), [&](int64_t plane) {
      loops.mean_gradient(g, plane_of(dy, plane, g.out_size()), plane_of(dx, plane, g.in_size()));
    });
  });
}

#define RL_MAX_POOL_ARGUMENTS                                                            \
  const Tensor &self, IntList kernel, IntList stride, IntList padding, IntList dilation, \
      bool ceil_mode

void max_pool2d(RL_MAX_POOL_ARGUMENTS, const Tensor& out, const Tensor& places) {
  max_pool_places(2, self, {kernel, stride, padding, dilation, ceil_mode}, out, places);
}
void max_pool3d(RL_MAX_POOL_ARGUMENTS, const Tensor& out, const Tensor& places) {
  max_pool_places(3, self, {kernel, stride, padding, dilation, ceil_mode}, out, places);
}
void max_pool2d_positions(RL_MAX_POOL_ARGUMENTS, bool keep, const Tensor& out,
                          const Tensor& positions) {
  max_pool_positions(2, self, {kernel, stride, padding, dilation, ceil_mode}, keep, out, positions);
}
void max_pool3d_positions(RL_MAX_POOL_ARGUMENTS, bool keep, const Tensor& out,
                          const Tensor& positions) {
  max_pool_positions(3, self, {kernel, stride, padding, dilation, ceil_mode}, keep, out, positions);
}
#undef RL_MAX_POOL_ARGUMENTS

void max_pool_gradient(const Tensor& grad, const Tensor& positions, IntList sizes, IntList kernel,
                       IntList stride, IntList padding, IntList dilation, bool ceil_mode,
                       int64_t spatial, const Tensor& out) {
  if (out.numel() == 0) return;
  const PoolGeometry g = pool_geometry(static_cast<int>(spatial), sizes,
                                       {kernel, stride, padding, dilation, ceil_mode});
  const Tensor dy = as_contiguous(grad);
  const PoolLoops& loops = loops_of(dy.dtype());
  const auto won = [&](int64_t plane) { return positions.data<uint8_t>() + plane * g.out_size(); };
  fill_contiguous(out, [&](const Tensor& dx) {
    if (is_reduced(dy.dtype())) {
      through_float(g, dy, g.out_size(), dx, g.in_size(),
                    [&](const float* in, float* to, int64_t plane) {
                      loops.max_gradient(g, in, won(plane), to);
                    });
      return;
    }
    over_planes(g, g.in_size(), [&](int64_t plane) {
      loops.max_gradient(g, plane_of(dy, plane, g.out_size()), won(plane),
                         plane_of(dx, plane, g.in_size()));
    });
  });
}

void pool_places(const Tensor& positions, IntList sizes, IntList kernel, IntList stride,
                 IntList padding, IntList dilation, bool ceil_mode, int64_t spatial,
                 const Tensor& out) {
  const PoolGeometry g = pool_geometry(static_cast<int>(spatial), sizes,
                                       {kernel, stride, padding, dilation, ceil_mode});
  const uint8_t* const won = positions.data<uint8_t>();
  int64_t* const places = out.data<int64_t>();
  for (int64_t i = 0; i < out.numel(); ++i) {
    const int64_t k[3] = {won[i] / (g.kernel[1] * g.kernel[2]), won[i] / g.kernel[2] % g.kernel[1],
                          won[i] % g.kernel[2]};
    const int64_t o[3] = {i / (g.out[1] * g.out[2]) % g.out[0], i / g.out[2] % g.out[1],
                          i % g.out[2]};
    int64_t at = 0;
    for (int d = 0; d < 3; ++d)
      at = at * g.in[d] + o[d] * g.stride[d] - g.padding[d] + k[d] * g.dilation[d];
    places[i] = at;
  }
}

#define RL_MEAN_ARGUMENTS                                                              \
  IntList kernel, IntList stride, IntList padding, bool ceil_mode, bool count_padding, \
      std::optional<int64_t> divisor

void avg_pool2d(const Tensor& self, RL_MEAN_ARGUMENTS, const Tensor& out) {
  mean_pool(
      mean_geometry(2, self.sizes(), kernel, stride, padding, ceil_mode, count_padding, divisor),
      self, out);
}
void avg_pool3d(const Tensor& self, RL_MEAN_ARGUMENTS, const Tensor& out) {
  mean_pool(
      mean_geometry(3, self.sizes(), kernel, stride, padding, ceil_mode, count_padding, divisor),
      self, out);
}
void avg_pool2d_gradient(const Tensor& grad, IntList sizes, RL_MEAN_ARGUMENTS, const Tensor& out) {
  mean_pool_gradient(
      mean_geometry(2, sizes, kernel, stride, padding, ceil_mode, count_padding, divisor), grad,
      out);
}
void avg_pool3d_gradient(const Tensor& grad, IntList sizes, RL_MEAN_ARGUMENTS, const Tensor& out) {
  mean_pool_gradient(
      mean_geometry(3, sizes, kernel, stride, padding, ceil_mode, count_padding, divisor), grad,
      out);
}
#undef RL_MEAN_ARGUMENTS

}  // namespace rl::cpu
