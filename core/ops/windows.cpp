// Window functions of signal processing.
#include <cmath>
#include <numbers>

#include "core/ops/creation.h"

namespace rl {
namespace {

// f(x) for x = 0, 1, ... of a symmetric window of `length`; a periodic one is a longer one cut.
template <class F>
Tensor window(const char* name, int64_t length, bool periodic, const TensorOptions& options,
              const F& f) {
  const Dtype dtype = options.dtype.value_or(default_dtype());
  RL_CHECK(is_floating(dtype), name,
           " expects floating point dtypes, got: TensorOptions(dtype=", name_of(dtype), ")");
  RL_CHECK(length >= 0, name, " requires non-negative window_length, got window_length=", length);
  TensorOptions chosen = options;
  chosen.dtype = dtype;
  if (length == 1) return created(Dims{1}, Scalar(1), chosen);
  Tensor out = created_empty(Dims{length}, chosen);
  if (out.is_meta()) return out;
  const int64_t last = periodic ? length : length - 1;
  dispatch(Floats{}, dtype, name, [&]<class T>() {
    T* const p = out.data<T>();
    for (int64_t i = 0; i < length; ++i) p[i] = static_cast<T>(f(static_cast<Compute<T>>(i), last));
  });
  return out;
}

constexpr double kPi = std::numbers::pi;

}  // namespace

Tensor cosine_window(const char* name, int64_t length, bool periodic, double alpha, double beta,
                     const TensorOptions& options) {
  return window(name, length, periodic, options, [&]<class A>(A i, int64_t last) {
    const A angle = i * static_cast<A>(2 * kPi / static_cast<double>(last));
    return std::cos(angle) * static_cast<A>(-beta) + static_cast<A>(alpha);
  });
}

Tensor hann_window(int64_t length, bool periodic, const TensorOptions& options) {
  return cosine_window("hann_window", length, periodic, 0.5, 0.5, options);
}

Tensor blackman_window(int64_t length, bool periodic, const TensorOptions& options) {
  return window("blackman_window", length, periodic, options, [&]<class A>(A i, int64_t last) {
    const A angle = i * static_cast<A>(kPi / static_cast<double>(last));
    return std::cos(angle * 4) * static_cast<A>(0.08) - std::cos(angle * 2) * static_cast<A>(0.5) +
           static_cast<A>(0.42);
  });
}

Tensor bartlett_window(int64_t length, bool periodic, const TensorOptions& options) {
  return window("bartlett_window", length, periodic, options, [&]<class A>(A i, int64_t last) {
    const A x = i * static_cast<A>(2 / static_cast<double>(last));
    return static_cast<int64_t>(i) <= last / 2 ? x : 2 - x;
  });
}

Tensor kaiser_window(int64_t length, bool periodic, double beta, const TensorOptions& options) {
  return window("kaiser_window", length, periodic, options, [&]<class A>(A i, int64_t last) {
    const double half = static_cast<double>(last) / 2, size = std::fabs(beta);
    const double x = (static_cast<double>(i) - half) / half;
    const double bessel = std::cyl_bessel_i(0.0, size * std::sqrt(std::max(0.0, 1 - x * x)));
    return static_cast<A>(bessel / std::cyl_bessel_i(0.0, size));
  });
}

}  // namespace rl
