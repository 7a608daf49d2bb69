// Convolutions by dtype: float, double and int64 have kernels, the others are converted around
// them.
#include "core/kernels/cpu/convolution_native.h"

#include <type_traits>

#include "core/kernels/cpu/convolution_gather.h"
#include "core/kernels/cpu/gemm_blocked.h"

namespace rl::cpu {
namespace {

template <class T>
void forward(const Conv3d& p, const T* x, const T* w, const T* bias, T* y) {
  int64_t extent[3];
  for (int d = 0; d < 3; ++d) {
    extent[d] = (p.output[d] - 1) * p.stride[d] + (p.kernel[d] - 1) * p.dilation[d] + 1;
  }
  Gather g{.source = PaddedImage(p.input, p.padding, extent, p.stride[2]),
           .rows = p.group_out(),
           .channels = p.group_in()};
  for (int64_t t = 0; t < p.taps(); ++t) {
    const int64_t x_tap = t % p.kernel[2], y_tap = t / p.kernel[2] % p.kernel[1];
    const int64_t z_tap = t / p.kernel[2] / p.kernel[1];
    g.taps.push_back(t);
    g.offset.push_back(
        g.source.at(z_tap * p.dilation[0], y_tap * p.dilation[1], x_tap * p.dilation[2]));
  }
  for (int d = 0; d < 3; ++d) {
    g.grid[d] = g.target[d] = p.output[d];
    g.first[d] = 0;
    g.step[d] = 1;
  }
  g.advance[0] = p.stride[0] * g.source.full[1] * g.source.pitch;
  g.advance[1] = p.stride[1] * g.source.pitch;
  g.advance[2] = 1;
  g.merge_rows();
  const int64_t row = p.group_in() * p.taps();
  run_gather(g, p.batch, p.groups, x, w, {p.group_out() * row, row, p.taps()}, bias, y);
}

// The taps that reach input positions with remainder `r` modulo the stride, and for each the output
// position that it reads, relative to the position's quotient.
struct Reach {
  std::vector<int64_t> tap, shift;
};

Reach reach_of(const Conv3d& p, int d, int64_t r) {
  Reach reach;
  for (int64_t k = 0; k < p.kernel[d]; ++k) {
    const int64_t at = r + p.padding[d] - k * p.dilation[d];
    if (at % p.stride[d] != 0) continue;
    reach.tap.push_back(k);
    reach.shift.push_back(at / p.stride[d]);
  }
  return reach;
}

// Input positions with the same remainders modulo the strides are one gather from grad_y.
template <class T>
void backward_data(const Conv3d& p, const T* grad_y, const T* w, const T* bias, T* grad_x) {
  std::vector<Reach> reach[3];
  int64_t lo[3], extent[3];
  for (int d = 0; d < 3; ++d) {
    int64_t least = 0, most = 0;
    for (int64_t r = 0; r < std::min(p.stride[d], p.input[d]); ++r) {
      reach[d].push_back(reach_of(p, d, r));
      for (int64_t shift : reach[d].back().shift) {
        least = std::min(least, shift);
        most = std::max(most, shift + ceil_div(p.input[d] - r, p.stride[d]) - 1);
      }
    }
    lo[d] = -least;
    extent[d] = most - least + 1;
  }
  const PaddedImage source(p.output, lo, extent, 1);
  const int64_t row = p.taps(), channel = p.group_in() * p.taps();
  for (size_t rz = 0; rz < reach[0].size(); ++rz) {
    for (size_t ry = 0; ry < reach[1].size(); ++ry) {
      for (size_t rx = 0; rx < reach[2].size(); ++rx) {
        Gather g{.source = source, .rows = p.group_in(), .channels = p.group_out()};
        const size_t rest[3] = {rz, ry, rx};
        for (int d = 0; d < 3; ++d) {
          g.first[d] = static_cast<int64_t>(rest[d]);
          g.step[d] = p.stride[d];
          g.target[d] = p.input[d];
          g.grid[d] = ceil_div(p.input[d] - g.first[d], p.stride[d]);
        }
        const Reach &z = reach[0][rz], &y = reach[1][ry], &x = reach[2][rx];
        for (size_t i = 0; i < z.tap.size(); ++i) {
          for (size_t j = 0; j < y.tap.size(); ++j) {
            for (size_t k = 0; k < x.tap.size(); ++k) {
              g.taps.push_back((z.tap[i] * p.kernel[1] + y.tap[j]) * p.kernel[2] + x.tap[k]);
              g.offset.push_back(
                  source.at(z.shift[i] + lo[0], y.shift[j] + lo[1], x.shift[k] + lo[2]));
            }
          }
        }
        g.advance[0] = source.full[1] * source.pitch;
        g.advance[1] = source.pitch;
        g.advance[2] = 1;
        g.merge_rows();
        run_gather(g, p.batch, p.groups, grad_y, w, {p.group_out() * channel, row, channel}, bias,
                   grad_x);
      }
    }
  }
}

// The type whose kernels compute convolutions of T.
template <class T>
using WideOf = std::conditional_t<std::is_integral_v<T>, int64_t,
                                  std::conditional_t<is_reduced_type<T>, float, Real<T>>>;

template <class W, class T, class F>
void convert(int64_t count, const T* from, W* to, const F& f) {
  parallel_for(0, count, 1 << 16, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) to[i] = f(from[i]);
  });
}

// `count` elements of T as W, in their place if they are.
template <class T, class W>
class Widened {
 public:
  Widened(const void* data, int64_t count)
      : data_(static_cast<const T*>(data)), copy_(std::is_same_v<T, W> || !data ? 0 : count) {
    if constexpr (!std::is_same_v<T, W>) {
      if (data) convert(count, data_, copy_.get(), [](const T& v) { return static_cast<W>(v); });
    }
  }
  const W* get() const {
    if constexpr (std::is_same_v<T, W>) {
      return data_;
    } else {
      return copy_.get();
    }
  }

 private:
  const T* data_;
  Scratch<W> copy_;
};

// Space for `count` results as W that finish() brings to their place as T.
template <class T, class W>
class Narrowed {
 public:
  Narrowed(void* data, int64_t count)
      : data_(static_cast<T*>(data)),
        count_(count),
        copy_(std::is_same_v<T, W> || !data ? 0 : count) {}
  W* get() const {
    if constexpr (std::is_same_v<T, W>) {
      return data_;
    } else {
      return copy_.get();
    }
  }
  void finish() const {
    if constexpr (!std::is_same_v<T, W>) {
      if (data_) convert(count_, copy_.get(), data_, [](const W& v) { return static_cast<T>(v); });
    }
  }

 private:
  T* data_;
  int64_t count_;
  Scratch<W> copy_;
};

// A bilinear map of complex arrays by four of their parts: f(a, b, out) on real arrays.
template <class R, class F>
void by_parts(const void* a, int64_t na, const void* b, int64_t nb, void* out, int64_t n,
              const F& f) {
  using Z = std::complex<R>;
  Scratch<R> pa(2 * na), pb(2 * nb), po(3 * n);
  const auto split = [](const void* z, int64_t count, R* to) {
    convert(count, static_cast<const Z*>(z), to, [](const Z& v) { return v.real(); });
    convert(count, static_cast<const Z*>(z), to + count, [](const Z& v) { return v.imag(); });
  };
  split(a, na, pa.get());
  split(b, nb, pb.get());
  R *real = po.get(), *imag = real + n, *other = imag + n;
  f(pa.get(), pb.get(), real);
  f(pa.get() + na, pb.get() + nb, other);
  for (int64_t i = 0; i < n; ++i) real[i] -= other[i];
  f(pa.get(), pb.get() + nb, imag);
  f(pa.get() + na, pb.get(), other);
  Z* to = static_cast<Z*>(out);
  for (int64_t i = 0; i < n; ++i) to[i] = Z(real[i], imag[i] + other[i]);
}

template <class Z>
void add_bias(Z* y, const Z* bias, int64_t batch, int64_t channels, int64_t plane) {
  if (!bias) return;
  for (int64_t i = 0; i < batch * channels; ++i) {
    for (int64_t j = 0; j < plane; ++j) y[i * plane + j] += bias[i % channels];
  }
}

struct Counts {
  int64_t x, w, y;
  explicit Counts(const Conv3d& p)
      : x(p.batch * p.in_channels * p.in_plane()),
        w(p.out_channels * p.group_in() * p.taps()),
        y(p.batch * p.out_channels * p.out_plane()) {}
};

}  // namespace

void conv_forward(Dtype dtype, const ConvParams& params, const void* x, const void* w,
                  const void* bias, void* y) {
  const Conv3d p(params);
  const Counts n(p);
  dispatch(NumberTypes(), dtype, "convolution", [&]<class T>() {
    using W = WideOf<T>;
    if constexpr (is_complex_type<T>) {
      by_parts<W>(x, n.x, w, n.w, y, n.y,
                  [&](const W* a, const W* b, W* out) { forward<W>(p, a, b, nullptr, out); });
      add_bias(static_cast<T*>(y), static_cast<const T*>(bias), p.batch, p.out_channels,
               p.out_plane());
    } else {
      const Widened<T, W> wx(x, n.x), ww(w, n.w), wb(bias, p.out_channels);
      const Narrowed<T, W> out(y, n.y);
      forward<W>(p, wx.get(), ww.get(), wb.get(), out.get());
      out.finish();
    }
  });
}

void conv_backward_data(Dtype dtype, const ConvParams& params, const void* grad_y, const void* w,
                        const void* bias, void* grad_x) {
  const Conv3d p(params);
  const Counts n(p);
  dispatch(NumberTypes(), dtype, "convolution_backward", [&]<class T>() {
    using W = WideOf<T>;
    if constexpr (is_complex_type<T>) {
      by_parts<W>(grad_y, n.y, w, n.w, grad_x, n.x,
                  [&](const W* a, const W* b, W* out) { backward_data<W>(p, a, b, nullptr, out); });
      add_bias(static_cast<T*>(grad_x), static_cast<const T*>(bias), p.batch, p.in_channels,
               p.in_plane());
    } else {
      const Widened<T, W> wy(grad_y, n.y), ww(w, n.w), wb(bias, p.in_channels);
      const Narrowed<T, W> out(grad_x, n.x);
      backward_data<W>(p, wy.get(), ww.get(), wb.get(), out.get());
      out.finish();
    }
  });
}

void conv_backward_weights(Dtype dtype, const ConvParams& params, const void* grad_y, const void* x,
                           void* grad_w, void* grad_bias) {
  const Conv3d p(params);
  const Counts n(p);
  dispatch(NumberTypes(), dtype, "convolution_backward", [&]<class T>() {
    using W = WideOf<T>;
    if constexpr (is_complex_type<T>) {
      if (grad_w) {
        by_parts<W>(grad_y, n.y, x, n.x, grad_w, n.w, [&](const W* a, const W* b, W* out) {
          weight_gradient<W>(p, a, b, out, nullptr);
        });
      }
      T* sums = static_cast<T*>(grad_bias);
      const T* from = static_cast<const T*>(grad_y);
      if (sums) std::fill_n(sums, p.out_channels, T(0));
      for (int64_t i = 0; sums && i < n.y; ++i) sums[i / p.out_plane() % p.out_channels] += from[i];
    } else {
      const Widened<T, W> wy(grad_y, n.y), wx(x, n.x);
      const Narrowed<T, W> out(grad_w, n.w), sums(grad_bias, p.out_channels);
      weight_gradient<W>(p, wy.get(), wx.get(), out.get(), sums.get());
      out.finish();
      sums.finish();
    }
  });
}

}  // namespace rl::cpu
