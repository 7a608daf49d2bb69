// Grid sampling: each position becomes, per dimension, some taps (an index, its weight, the
// weight's slope); the sample is the sum over all combinations of taps.
#include <algorithm>
#include <cmath>

#include "core/base/threads.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

enum class Sampling : int64_t { Linear, Nearest, Cubic };
enum class GridPadding : int64_t { Zeros, Border, Reflection };

struct GridOptions {
  Sampling sampling;
  GridPadding padding;
  bool align_corners;
};

constexpr int kMaxTaps = 4;
constexpr int kMaxPoints = 16;  // 4 * 4 for cubic pictures; volumes have 2 * 2 * 2

template <class T>
struct Taps {
  int count = 0;
  int64_t index[kMaxTaps];  // -1: outside, counts as zero
  T weight[kMaxTaps];
  T slope[kMaxTaps];  // by the grid's coordinate
};

// Folds x at `low` and `high` until it lies between; `sign` turns with each fold.
template <class T>
T reflect(T x, T low, T high, T& sign) {
  if (low == high) {
    sign = 0;
    return 0;
  }
  const T span = high - low;
  T from = x - low;
  if (from < 0) {
    from = -from;
    sign = -sign;
  }
  const T rest = std::fmod(from, span);
  const bool odd = std::fmod(std::floor(from / span), T(2)) != 0;
  if (odd) sign = -sign;
  return odd ? high - rest : low + rest;
}

// Moves a position inside; `slope` is multiplied by how it follows x.
template <class T>
T padded(T x, int64_t size, const GridOptions& o, T& slope) {
  if (o.padding == GridPadding::Zeros) return x;
  const T last = static_cast<T>(size - 1);
  if (o.padding == GridPadding::Reflection) {
    T sign = 1;
    x = o.align_corners ? reflect(x, T(0), last, sign) : reflect(x, T(-0.5), last + T(0.5), sign);
    slope *= sign;
  }
  // Not a number goes to 0, as the first comparison fails.
  if (!(x > 0)) {
    slope = 0;
    return 0;
  }
  if (x >= last) {
    slope = 0;
    return last;
  }
  return x;
}

template <class T>
int64_t inside(T x, int64_t size) {
  return x >= 0 && x < static_cast<T>(size) ? static_cast<int64_t>(x) : -1;
}

// Cubic convolution with a = -0.75 (Keys, 1981): weights of the four neighbours at distance 1 + t,
// t, ...
template <class T>
void cubic(T t, T* weight, T* slope) {
  const T a = T(-0.75);
  const auto near = [&](T x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [&](T x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const auto near_slope = [&](T x) { return (3 * (a + 2) * x - 2 * (a + 3)) * x; };
  const auto far_slope = [&](T x) { return (3 * a * x - 10 * a) * x + 8 * a; };
  weight[0] = far(t + 1);
  weight[1] = near(t);
  weight[2] = near(1 - t);
  weight[3] = far(2 - t);
  slope[0] = far_slope(t + 1);
  slope[1] = near_slope(t);
  slope[2] = -near_slope(1 - t);
  slope[3] = -far_slope(2 - t);
}

template <class T>
Taps<T> taps_of(T position, int64_t size, const GridOptions& o) {
  Taps<T> taps;
  const T extent = static_cast<T>(o.align_corners ? size - 1 : size);
  T slope = extent / 2;
  T x = o.align_corners ? (position + 1) / 2 * extent : ((position + 1) * extent - 1) / 2;
  if (o.sampling == Sampling::Cubic) {
    const T base = std::floor(x);
    taps.count = 4;
    cubic(x - base, taps.weight, taps.slope);
    for (int k = 0; k < 4; ++k) {
      T unused = 1;
      taps.index[k] = inside(padded(base + static_cast<T>(k - 1), size, o, unused), size);
      taps.slope[k] *= slope;
    }
    return taps;
  }
  x = padded(x, size, o, slope);
  if (o.sampling == Sampling::Nearest) {
    taps.count = 1;
    taps.index[0] = inside(std::nearbyint(x), size);
    taps.weight[0] = 1;
    taps.slope[0] = 0;
    return taps;
  }
  const T base = std::floor(x);
  taps.count = 2;
  taps.index[0] = inside(base, size);
  taps.index[1] = inside(base + 1, size);
  taps.weight[0] = base + 1 - x;
  taps.weight[1] = x - base;
  taps.slope[0] = -slope;
  taps.slope[1] = slope;
  return taps;
}

// All that one position reads.
template <class T>
struct Points {
  int count = 0;
  int64_t offset[kMaxPoints];
  T weight[kMaxPoints];
  T slope[kMaxPoints][3];  // by x, y, z
};

struct Geometry {
  int64_t batch, channels, positions, plane;
  int dims;
  int64_t sizes[3], steps[3];  // of x, y, z
  Geometry(const Tensor& input, const Tensor& grid)
      : batch(input.size(0)), channels(input.size(1)), dims(static_cast<int>(input.dim()) - 2) {
    plane = 1;
    for (int d = 0; d < dims; ++d) {
      sizes[d] = input.size(-1 - d);
      steps[d] = plane;
      plane *= sizes[d];
    }
    positions = grid.numel() / std::max<int64_t>(batch * dims, 1);
  }
};

template <class T>
Points<T> points_of(const T* position, const Geometry& g, const GridOptions& o) {
  Taps<T> taps[3];
  for (int d = 0; d < g.dims; ++d) taps[d] = taps_of(position[d], g.sizes[d], o);
  Points<T> points;
  const int depth = g.dims == 3 ? taps[2].count : 1;
  for (int k = 0; k < depth; ++k)
    for (int j = 0; j < taps[1].count; ++j)
      for (int i = 0; i < taps[0].count; ++i) {
        const int at[3] = {i, j, k};
        int64_t offset = 0;
        T weight = 1;
        bool seen = true;
        for (int d = 0; d < g.dims; ++d) {
          seen = seen && taps[d].index[at[d]] >= 0;
          offset += taps[d].index[at[d]] * g.steps[d];
          weight *= taps[d].weight[at[d]];
        }
        if (!seen) continue;
        const int n = points.count++;
        points.offset[n] = offset;
        points.weight[n] = weight;
        for (int d = 0; d < g.dims; ++d) {
          T slope = taps[d].slope[at[d]];
          for (int e = 0; e < g.dims; ++e)
            if (e != d) slope *= taps[e].weight[at[e]];
          points.slope[n][d] = slope;
        }
      }
  return points;
}

template <class T>
void sample(const GridOptions& options, const Tensor& input, const Tensor& grid,
            const Tensor& out) {
  const Geometry g(input, grid);
  const T* const from = input.data<T>();
  T* const to = out.data<T>();
  parallel_for(0, g.batch * g.positions, 1 + 4096 / (1 + g.channels),
               [&](int64_t first, int64_t last) {
                 for (int64_t p = first; p < last; ++p) {
                   const int64_t n = p / g.positions, at = p % g.positions;
                   const Points<T> points = points_of(grid.data<T>() + p * g.dims, g, options);
                   for (int64_t c = 0; c < g.channels; ++c) {
                     const T* const plane = from + (n * g.channels + c) * g.plane;
                     T sum = 0;
                     for (int k = 0; k < points.count; ++k)
                       sum += points.weight[k] * plane[points.offset[k]];
                     to[(n * g.channels + c) * g.positions + at] = sum;
                   }
                 }
               });
}

// Positions of one sample write to the same planes, so threads share samples out.
template <class T>
void sample_backward(const GridOptions& options, const Tensor& grad, const Tensor& input,
                     const Tensor& grid, const Tensor& grad_input, const Tensor& grad_grid) {
  const Geometry g(input, grid);
  const T* const from = input.data<T>();
  T* const dx = grad_input.data<T>();
  std::fill_n(dx, grad_input.numel(), T(0));
  parallel_for(0, g.batch, 1, [&](int64_t first, int64_t last) {
    for (int64_t p = first * g.positions; p < last * g.positions; ++p) {
      const int64_t n = p / g.positions, at = p % g.positions;
      const Points<T> points = points_of(grid.data<T>() + p * g.dims, g, options);
      T slopes[3] = {0, 0, 0};
      for (int64_t c = 0; c < g.channels; ++c) {
        const int64_t plane = (n * g.channels + c) * g.plane;
        const T dy = grad.data<T>()[(n * g.channels + c) * g.positions + at];
        for (int k = 0; k < points.count; ++k) {
          dx[plane + points.offset[k]] += dy * points.weight[k];
          const T value = from[plane + points.offset[k]] * dy;
          for (int d = 0; d < g.dims; ++d) slopes[d] += value * points.slope[k][d];
        }
      }
      for (int d = 0; d < g.dims; ++d) grad_grid.data<T>()[p * g.dims + d] = slopes[d];
    }
  });
}

// 16-bit floats are computed in float.
Dtype wide(const Tensor& t) { return is_reduced(t.dtype()) ? Dtype::Float32 : t.dtype(); }

// `to` itself where the kernel may fill it, else a tensor to be copied there.
Tensor target(const Tensor& to, Dtype dtype) {
  return to.dtype() == dtype && to.is_contiguous() ? to : empty(to.sizes(), dtype);
}
void deliver(const Tensor& to, const Tensor& from) {
  if (!to.is_same(from)) copy_into(to, from);
}

}  // namespace

void grid_sampler(const Tensor& input, const Tensor& grid, int64_t interpolation_mode,
                  int64_t padding_mode, bool align_corners, const Tensor& out) {
  if (out.numel() == 0) return;
  const GridOptions options{Sampling{interpolation_mode}, GridPadding{padding_mode}, align_corners};
  const Dtype dtype = wide(input);
  const Tensor result = target(out, dtype);
  dispatch(WideFloats{}, dtype, "grid_sampler_2d_cpu_kernel_impl", [&]<class T>() {
    sample<T>(options, as_contiguous(input, dtype), as_contiguous(grid, dtype), result);
  });
  deliver(out, result);
}

void grid_sampler_backward(const Tensor& grad_output, const Tensor& input, const Tensor& grid,
                           int64_t interpolation_mode, int64_t padding_mode, bool align_corners,
                           const Tensor& grad_input, const Tensor& grad_grid) {
  const GridOptions options{Sampling{interpolation_mode}, GridPadding{padding_mode}, align_corners};
  const Dtype dtype = wide(input);
  const Tensor dx = target(grad_input, dtype), dgrid = target(grad_grid, dtype);
  dispatch(WideFloats{}, dtype, "grid_sampler_2d_backward_cpu_kernel_impl", [&]<class T>() {
    sample_backward<T>(options, as_contiguous(grad_output, dtype), as_contiguous(input, dtype),
                       as_contiguous(grid, dtype), dx, dgrid);
  });
  deliver(grad_input, dx);
  deliver(grad_grid, dgrid);
}

}  // namespace rl::cpu
