// Running sums, products and extrema: one line along the dimension, or a block of neighbouring
// ones.
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <optional>

#include "core/base/threads.h"
#include "core/ops/ops.h"

namespace rl::cpu {
namespace {

constexpr int64_t kBlock = 256;  // lines side by side
constexpr int64_t kGrain = 32768;

// A contiguous tensor as outer x n x inner.
struct Lines {
  int64_t outer = 1, n = 1, inner = 1;
  Lines(const Tensor& t, int64_t dim) {
    if (t.dim() == 0) return;
    const int64_t at = wrap_dim(dim, t.dim());
    n = t.size(at);
    for (int64_t d = 0; d < t.dim(); ++d) (d < at ? outer : inner) *= d == at ? 1 : t.size(d);
  }
  // f(offset, m): m lines that start at offset, offset + 1, ...; elements of one are `inner` apart.
  template <class F>
  void each(const F& f) const {
    if (outer * n * inner == 0) return;
    const int64_t along = (inner + kBlock - 1) / kBlock;
    parallel_for(0, outer * along, std::max<int64_t>(1, kGrain / (n * std::min(inner, kBlock))),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const int64_t first = i % along * kBlock;
                     f(i / along * n * inner + first, std::min(kBlock, inner - first));
                   }
                 });
  }
};

// As PyTorch accumulates on the CPU: float in double, 16-bit floats in float.
template <class T>
using Acc = std::conditional_t<
    std::is_integral_v<T>, int64_t,
    std::conditional_t<std::is_same_v<T, float>, double,
                       std::conditional_t<std::is_same_v<T, Complex64>, Complex128, Compute<T>>>>;

template <class T>
Acc<T> widen(T x) {
  return static_cast<Acc<T>>(static_cast<Compute<T>>(x));
}
template <class T>
T narrow(Acc<T> x) {
  if constexpr (is_reduced_type<T>)
    return T(static_cast<float>(x));
  else
    return static_cast<T>(x);
}

template <class T, class Step>
void scan(const T* in, T* out, const Lines& lines, Acc<T> start, const Step& step) {
  lines.each([&](int64_t offset, int64_t m) {
    const T* p = in + offset;
    T* to = out + offset;
    if (m == 1) {
      Acc<T> acc = start;
      for (int64_t k = 0; k < lines.n; ++k) {
        acc = step(acc, widen(p[k * lines.inner]));
        to[k * lines.inner] = narrow<T>(acc);
      }
      return;
    }
    Acc<T> acc[kBlock];
    for (int64_t j = 0; j < m; ++j) acc[j] = start;
    for (int64_t k = 0; k < lines.n; ++k, p += lines.inner, to += lines.inner) {
      for (int64_t j = 0; j < m; ++j) {
        acc[j] = step(acc[j], widen(p[j]));
        to[j] = narrow<T>(acc[j]);
      }
    }
  });
}

template <class T>
bool is_nan(T x) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return static_cast<Compute<T>>(x) != static_cast<Compute<T>>(x);
}

template <bool kLargest>
void running_extremum(const Tensor& given, int64_t dim, const Tensor& values,
                      const Tensor& indices) {
  const Tensor self = as_contiguous(given);
  const Lines lines(self, dim);
  dispatch(RealAndBool{}, self.dtype(), kLargest ? "cummax_cpu" : "cummin_cpu", [&]<class T>() {
    lines.each([&](int64_t offset, int64_t m) {
      const T* const p = self.data<T>() + offset;
      T* const to = values.data<T>() + offset;
      int64_t* const at = indices.data<int64_t>() + offset;
      for (int64_t j = 0; j < m; ++j) {
        T best = p[j];
        int64_t place = 0;
        for (int64_t k = 0; k < lines.n; ++k) {
          const T x = p[k * lines.inner + j];
          const auto a = static_cast<Compute<T>>(x), b = static_cast<Compute<T>>(best);
          if (is_nan(x) || (!is_nan(best) && (kLargest ? a >= b : a <= b))) {
            best = x;
            place = k;
          }
          to[k * lines.inner + j] = best;
          at[k * lines.inner + j] = place;
        }
      }
    });
  });
}

// log(exp(a) + exp(b)).
template <class A>
A log_add(A a, A b) {
  if constexpr (is_complex_type<A>) {
    if (std::isnan(a.real()) || std::isnan(a.imag()) || std::isnan(b.real()) ||
        std::isnan(b.imag()))
      return A(NAN, NAN);
    const A low = a.real() < b.real() ? a : b, high = a.real() < b.real() ? b : a;
    if (!std::isfinite(low.real()) && low.real() == high.real())
      return low.real() < 0 ? low : std::log(std::exp(low) + std::exp(high));
    return high + std::log(A(1) + std::exp(low - high));
  } else {
    if (std::isnan(a) || std::isnan(b)) return a + b;
    const A low = std::min(a, b), high = std::max(a, b);
    return low != high || std::isfinite(low) ? high + std::log1p(std::exp(low - high)) : a;
  }
}

}  // namespace

void cumsum(const Tensor& self, int64_t dim, std::optional<Dtype>, const Tensor& out) {
  const Tensor in = as_contiguous(self, out.dtype());
  dispatch(NumberTypes{}, out.dtype(), "cumsum_out_cpu", [&]<class T>() {
    scan(in.data<T>(), out.data<T>(), Lines(in, dim), Acc<T>(0),
         [](Acc<T> a, Acc<T> x) { return a + x; });
  });
}

void cumprod(const Tensor& self, int64_t dim, std::optional<Dtype>, const Tensor& out) {
  const Tensor in = as_contiguous(self, out.dtype());
  dispatch(NumberTypes{}, out.dtype(), "cumprod_out_cpu", [&]<class T>() {
    scan(in.data<T>(), out.data<T>(), Lines(in, dim), Acc<T>(1),
         [](Acc<T> a, Acc<T> x) { return a * x; });
  });
}

void logcumsumexp(const Tensor& self, int64_t dim, const Tensor& out) {
  const Tensor in = as_contiguous(self);
  dispatch(FloatsAndComplex{}, out.dtype(), "logcumsumexp_out_cpu", [&]<class T>() {
    scan(in.data<T>(), out.data<T>(), Lines(in, dim),
         Acc<T>(-std::numeric_limits<Real<Acc<T>>>::infinity()),
         [](Acc<T> a, Acc<T> x) { return log_add(x, a); });
  });
}

void cummax(const Tensor& self, int64_t dim, const Tensor& values, const Tensor& indices) {
  running_extremum<true>(self, dim, values, indices);
}
void cummin(const Tensor& self, int64_t dim, const Tensor& values, const Tensor& indices) {
  running_extremum<false>(self, dim, values, indices);
}

}  // namespace rl::cpu
