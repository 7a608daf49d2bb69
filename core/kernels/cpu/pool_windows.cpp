// Pooling over windows of varying size and place, and moving elements by their places.
#include <atomic>
#include <cmath>
#include <vector>

#include "core/base/threads.h"
#include "core/kernels/cpu/layout.h"
#include "core/kernels/cpu/pool.h"

namespace rl::cpu {
namespace {

constexpr int64_t kGrain = 16384;

struct Range {
  int64_t begin, end;
};
using Windows = std::vector<Range>;  // of one dimension, by output

// The o-th of `out` windows that cover `in` elements as evenly as can be.
Range adaptive_range(int64_t o, int64_t out, int64_t in) {
  return {o * in / out, ((o + 1) * in + out - 1) / out};
}

Windows adaptive_windows(int64_t out, int64_t in) {
  Windows w;
  for (int64_t o = 0; o < out; ++o) w.push_back(adaptive_range(o, out, in));
  return w;
}

struct Planes {
  int64_t count = 1;
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1};
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  int64_t grain() const {
    return std::max<int64_t>(kGrain / std::max<int64_t>(std::max(in_size(), out_size()), 1), 1);
  }
};

// The last `n` dimensions are the planes'.
Planes planes_of(int n, const Tensor& big, const Tensor& small) {
  Planes p;
  for (int d = 0; d < n; ++d) {
    p.in[3 - n + d] = big.size(d - n);
    p.out[3 - n + d] = small.size(d - n);
  }
  p.count = product(IntList(big.sizes()).first(big.sizes().size() - static_cast<size_t>(n)));
  return p;
}

template <class F>
void each_window(const Planes& p, const Windows (&w)[3], const F& f) {
  int64_t o = 0;
  for (const Range& r0 : w[0])
    for (const Range& r1 : w[1])
      for (const Range& r2 : w[2]) f(o++, r0, r1, r2);
}

// Calls f(offset in the plane) for the elements of a window, in order.
template <class F>
[[gnu::always_inline]] inline void each_element(const Planes& p, Range r0, Range r1, Range r2,
                                                const F& f) {
  for (int64_t i = r0.begin; i < r0.end; ++i)
    for (int64_t j = r1.begin; j < r1.end; ++j)
      for (int64_t k = r2.begin; k < r2.end; ++k) f((i * p.in[1] + j) * p.in[2] + k);
}

template <class T>
void window_max(const Planes& p, const Windows (&w)[3], const T* in, T* out, int64_t* places) {
  using C = Compute<T>;
  each_window(p, w, [&](int64_t o, Range r0, Range r1, Range r2) {
    int64_t at = (r0.begin * p.in[1] + r1.begin) * p.in[2] + r2.begin;
    C best = -std::numeric_limits<C>::infinity();
    each_element(p, r0, r1, r2, [&](int64_t i) {
      const C v = static_cast<C>(in[i]);
      if (v > best || v != v) {
        best = v;
        at = i;
      }
    });
    out[o] = static_cast<T>(best);
    places[o] = at;
  });
}

// Whether the adaptive windows are plain ones of equal size.
bool divides(const Planes& p) {
  for (int d = 0; d < 3; ++d)
    if (p.out[d] == 0 || p.in[d] % p.out[d] != 0) return false;
  return true;
}

PoolGeometry plain_geometry(const Planes& p) {
  PoolGeometry g;
  g.planes = p.count;
  for (int d = 0; d < 3; ++d) {
    g.in[d] = p.in[d];
    g.out[d] = p.out[d];
    g.kernel[d] = g.stride[d] = p.in[d] / p.out[d];
  }
  return g;
}

void adaptive_gradient(int n, const Tensor& grad, const Tensor& out) {
  if (out.numel() == 0) return;
  const Planes p = planes_of(n, out, grad);
  if (divides(p)) return mean_pool_gradient(plain_geometry(p), grad, out);
  const Windows w[3] = {adaptive_windows(p.out[0], p.in[0]), adaptive_windows(p.out[1], p.in[1]),
                        adaptive_windows(p.out[2], p.in[2])};
  const Tensor g = as_contiguous(grad);
  fill_contiguous(out, [&](const Tensor& to) {
    dispatch(Floats{}, g.dtype(), "adaptive_avg_pool_backward", [&]<class T>() {
      parallel_for(0, p.count, p.grain(), [&](int64_t begin, int64_t end) {
        std::vector<Compute<T>> sums(static_cast<size_t>(p.in_size()));
        for (int64_t plane = begin; plane < end; ++plane) {
          std::fill(sums.begin(), sums.end(), Compute<T>(0));
          const T* const from = g.data<T>() + plane * p.out_size();
          each_window(p, w, [&](int64_t o, Range r0, Range r1, Range r2) {
            const int64_t count = (r0.end - r0.begin) * (r1.end - r1.begin) * (r2.end - r2.begin);
            const auto share = static_cast<Compute<T>>(from[o]) / static_cast<Compute<T>>(count);
            each_element(p, r0, r1, r2, [&](int64_t i) { sums[static_cast<size_t>(i)] += share; });
          });
          T* const row = to.data<T>() + plane * p.in_size();
          for (int64_t i = 0; i < p.in_size(); ++i)
            row[i] = static_cast<T>(sums[static_cast<size_t>(i)]);
        }
      });
    });
  });
}

// Starts of `out` windows of `kernel` elements by Graham's rule: floor((i + u) a) - floor(u a).
template <class T>
Windows fractional_windows(T sample, int64_t in, int64_t out, int64_t kernel) {
  Windows w;
  const T step = out > 1 ? static_cast<T>(in - kernel) / static_cast<T>(out - 1) : T(0);
  for (int64_t i = 0; i < out; ++i) {
    const int64_t start = i == out - 1 ? in - kernel
                                       : static_cast<int64_t>((static_cast<T>(i) + sample) * step) -
                                             static_cast<int64_t>(sample * step);
    w.push_back({start, start + kernel});
  }
  return w;
}

}  // namespace

void adaptive_avg_pool(const Tensor& self, IntList size, const Tensor& out) {
  if (out.numel() == 0) return;
  const Planes p = planes_of(static_cast<int>(size.size()), self, out);
  if (divides(p)) return mean_pool(plain_geometry(p), self, out);
  const Windows w[3] = {adaptive_windows(p.out[0], p.in[0]), adaptive_windows(p.out[1], p.in[1]),
                        adaptive_windows(p.out[2], p.in[2])};
  const Tensor x = as_contiguous(self);
  fill_contiguous(out, [&](const Tensor& y) {
    dispatch(Floats{}, x.dtype(), "adaptive_avg_pool", [&]<class T>() {
      parallel_for(0, p.count, p.grain(), [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; ++plane) {
          const T* const from = x.data<T>() + plane * p.in_size();
          T* const to = y.data<T>() + plane * p.out_size();
          each_window(p, w, [&](int64_t o, Range r0, Range r1, Range r2) {
            Compute<T> sum = 0;
            each_element(p, r0, r1, r2,
                         [&](int64_t i) { sum += static_cast<Compute<T>>(from[i]); });
            const int64_t count = (r0.end - r0.begin) * (r1.end - r1.begin) * (r2.end - r2.begin);
            to[o] = static_cast<T>(sum / static_cast<Compute<T>>(count));
          });
        }
      });
    });
  });
}

void adaptive_avg_pool2d_gradient(const Tensor& grad, IntList, const Tensor& out) {
  adaptive_gradient(2, grad, out);
}
void adaptive_avg_pool3d_gradient(const Tensor& grad, IntList, const Tensor& out) {
  adaptive_gradient(3, grad, out);
}

void adaptive_max_pool(const Tensor& self, IntList size, const Tensor& out, const Tensor& places) {
  if (out.numel() == 0) return;
  const Planes p = planes_of(static_cast<int>(size.size()), self, out);
  const Windows w[3] = {adaptive_windows(p.out[0], p.in[0]), adaptive_windows(p.out[1], p.in[1]),
                        adaptive_windows(p.out[2], p.in[2])};
  const Tensor x = as_contiguous(self);
  fill_contiguous(out, [&](const Tensor& y) {
    fill_contiguous(places, [&](const Tensor& at) {
      dispatch(Floats{}, x.dtype(), "adaptive_max_pool", [&]<class T>() {
        parallel_for(0, p.count, p.grain(), [&](int64_t begin, int64_t end) {
          for (int64_t plane = begin; plane < end; ++plane)
            window_max(p, w, x.data<T>() + plane * p.in_size(), y.data<T>() + plane * p.out_size(),
                       at.data<int64_t>() + plane * p.out_size());
        });
      });
    });
  });
}

void fractional_max_pool(const Tensor& self, IntList kernel, IntList size, const Tensor& samples,
                         const Tensor& out, const Tensor& places) {
  if (out.numel() == 0) return;
  const int n = static_cast<int>(size.size());
  const Planes p = planes_of(n, self, out);
  const Tensor x = as_contiguous(self), u = as_contiguous(samples);
  dispatch(Floats{}, x.dtype(), "fractional_max_pool", [&]<class T>() {
    parallel_for(0, p.count, p.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        const T* const draw = u.data<T>() + plane * n;
        // Planes are sampled (width, height), volumes (time, height, width).
        const auto windows = [&](int d, int which) {
          if (d < 3 - n) return Windows{{0, 1}};
          return fractional_windows<Compute<T>>(draw[which], p.in[d], p.out[d],
                                                kernel[static_cast<size_t>(d - 3 + n)]);
        };
        const Windows w[3] = {windows(0, 0), windows(1, 1), windows(2, n == 2 ? 0 : 2)};
        window_max(p, w, x.data<T>() + plane * p.in_size(), out.data<T>() + plane * p.out_size(),
                   places.data<int64_t>() + plane * p.out_size());
      }
    });
  });
}

namespace {

// to[place] = value, or += where kAdd, plane by plane; IndexError-free places are the caller's
// promise unless `limit` is given, with which a wrong one is a RuntimeError.
template <bool kAdd>
void place_elements(int n, const Tensor& values, const Tensor& indices, const Tensor& out) {
  const Planes p = planes_of(n, out, values);
  const Tensor x = as_contiguous(values), places = as_contiguous(indices);
  std::atomic<int64_t> wrong{-1};
  fill_contiguous(out, [&](const Tensor& to) {
    dispatch(Floats{}, x.dtype(), "max_pool_backward", [&]<class T>() {
      using C = Compute<T>;
      parallel_for(0, p.count, p.grain(), [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; ++plane) {
          const T* const from = x.data<T>() + plane * p.out_size();
          const int64_t* const at = places.data<int64_t>() + plane * p.out_size();
          T* const row = to.data<T>() + plane * p.in_size();
          std::fill_n(row, p.in_size(), T(0));
          for (int64_t i = 0; i < p.out_size(); ++i) {
            if (static_cast<uint64_t>(at[i]) >= static_cast<uint64_t>(p.in_size())) {
              wrong = at[i];
              continue;
            }
            if constexpr (kAdd)
              row[at[i]] = static_cast<T>(static_cast<C>(row[at[i]]) + static_cast<C>(from[i]));
            else
              row[at[i]] = from[i];
          }
        }
      });
    });
  });
  if (kAdd || wrong == -1) return;
  std::string volume;
  for (int d = 3 - n; d < 3; ++d) volume += (volume.empty() ? "" : "x") + std::to_string(p.in[d]);
  fail(ErrorType::Runtime, "Found an invalid max index: ", wrong.load(),
       " (output volumes are of size ", volume, ")");
}

}  // namespace

void from_places(const Tensor& grad, const Tensor& indices, IntList, int64_t spatial,
                 const Tensor& out) {
  place_elements<true>(static_cast<int>(spatial), grad, indices, out);
}

void at_places(const Tensor& self, const Tensor& indices, int64_t spatial, const Tensor& out) {
  const Planes p = planes_of(static_cast<int>(spatial), self, indices);
  const Tensor x = as_contiguous(self), places = as_contiguous(indices);
  dispatch(Floats{}, x.dtype(), "max_pool_double_backward", [&]<class T>() {
    for (int64_t i = 0; i < out.numel(); ++i) {
      const int64_t at = places.data<int64_t>()[i];
      const bool inside = static_cast<uint64_t>(at) < static_cast<uint64_t>(p.in_size());
      out.data<T>()[i] = inside ? x.data<T>()[i / p.out_size() * p.in_size() + at] : T(0);
    }
  });
}

void max_unpool2d(const Tensor& self, const Tensor& indices, IntList, const Tensor& out) {
  place_elements<false>(2, self, indices, out);
}
void max_unpool3d(const Tensor& self, const Tensor& indices, IntList, IntList, IntList,
                  const Tensor& out) {
  place_elements<false>(3, self, indices, out);
}

}  // namespace rl::cpu
