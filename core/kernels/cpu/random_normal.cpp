// Normal fills and the distributions that transform one uniform or normal double each.
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <numbers>
#include <type_traits>

#include "core/kernels/cpu/random_fill.h"
#include "core/kernels/cpu/random_stream.h"
#include "core/kernels/cpu/random_table.h"

namespace rl::cpu {
namespace {

constexpr int kBlock = 16;
constexpr double kTwoPi = 2.0 * std::numbers::pi;

// Out of an integer's range: what the x86 conversion instruction gives.
template <class T>
T narrow(double value) {
  if constexpr (is_reduced_type<T>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<T>) {
    using Wide = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
    constexpr auto kMin = static_cast<double>(std::numeric_limits<Wide>::min());
    const bool fits = value >= kMin && value < -kMin;
    return static_cast<T>(fits ? static_cast<Wide>(value) : std::numeric_limits<Wide>::min());
  } else {
    return static_cast<T>(value);
  }
}

// Box-Muller in one block of 16: radii from the first eight, angles from the last eight.
void normal_block(const uint32_t* raw, double* out, double mean, double std) {
  double sample[kBlock];
  for (int k = 0; k < kBlock / 2; ++k) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit_double(raw + 2 * k)));
    const double angle = kTwoPi * unit_double(raw + kBlock + 2 * k);
    sample[k] = std::fma(radius * std::cos(angle), std, mean);
    sample[k + kBlock / 2] = std::fma(radius * std::sin(angle), std, mean);
  }
  std::memcpy(out, sample, sizeof(sample));
}

// `count` whole blocks; 16-bit types are computed in float.
template <class T>
void normal_blocks(const uint32_t* raw, T* out, int64_t count, double mean, double std) {
  const auto mean_f = static_cast<float>(mean), std_f = static_cast<float>(std);
  if constexpr (std::is_same_v<T, double>) {
    for (int64_t b = 0; b < count; ++b)
      normal_block(raw + 2 * kBlock * b, out + kBlock * b, mean, std);
  } else if constexpr (std::is_same_v<T, float>) {
    random_table().normal_float(raw, out, count, mean_f, std_f);
  } else {
    alignas(64) float wide[kTileWords];
    random_table().normal_float(raw, wide, count, mean_f, std_f);
    for (int64_t i = 0; i < kBlock * count; ++i) out[i] = wide[i];
  }
}

// Calls store(i, z) with standard normal z, in the serial stream of Generator::normal().
template <class F>
void stream_normals(Generator& g, int64_t n, const F& store) {
  int64_t done = 0;
  if (n > 0 && g.next_normal()) store(done++, g.normal());
  const int64_t pairs = (n - done) / 2;
  stream_tiles<4>(g, pairs, 2048, [&](const uint32_t* raw, int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const double angle = kTwoPi * unit_double(raw + 4 * i);
      const double radius = std::sqrt(-2.0 * std::log1p(-unit_double(raw + 4 * i + 2)));
      const int64_t to = done + 2 * (first + i);
      store(to, radius * std::cos(angle));
      store(to + 1, radius * std::sin(angle));
    }
  });
  if (done + 2 * pairs < n) store(n - 1, g.normal());
}

template <class T>
void normal_serial(Generator& g, T* out, int64_t n, double mean, double std) {
  stream_normals(g, n, [&](int64_t i, double z) { out[i] = narrow<T>(std::fma(z, std, mean)); });
}

template <class T>
void normal_contiguous(Generator& g, T* out, int64_t n, double mean, double std) {
  if (n < kBlock) return normal_serial(g, out, n, mean, std);
  constexpr int64_t kDraws = std::is_same_v<T, double> ? 2 * kBlock : kBlock;
  constexpr int64_t kGrain = (std::is_same_v<T, double> ? 4096 : 131072) / kBlock;
  stream_tiles<kDraws>(g, n / kBlock, kGrain,
                       [&](const uint32_t* raw, int64_t first, int64_t count) {
                         normal_blocks(raw, out + kBlock * first, count, mean, std);
                       });
  const int64_t rest = n % kBlock;
  if (rest == 0) return;
  // The last 16 elements are drawn again; float and double have drawn words for the rest before.
  if constexpr (!is_reduced_type<T>) g.engine().skip(rest * kDraws / kBlock);
  uint32_t raw[kDraws];
  g.engine().fill(raw, kDraws);
  normal_blocks(raw, out + n - kBlock, 1, mean, std);
}

}  // namespace

template <class T>
void fill_normal(Generator& g, T* out, int64_t n, double mean, double std) {
  const std::lock_guard lock(g.mutex());
  if constexpr (is_complex_type<T>) {
    const double part = std / std::numbers::sqrt2;
    normal_contiguous(g, reinterpret_cast<Real<T>*>(out), 2 * n, mean, part);
  } else {
    normal_contiguous(g, out, n, mean, std);
  }
}

template <class T>
void fill_normal_serial(Generator& g, T* out, int64_t n, double mean, double std) {
  const std::lock_guard lock(g.mutex());
  if constexpr (is_complex_type<T>) {
    const double part = std / std::numbers::sqrt2;
    normal_serial(g, reinterpret_cast<Real<T>*>(out), 2 * n, mean, part);
  } else {
    normal_serial(g, out, n, mean, std);
  }
}

template <class T>
void fill_log_normal(Generator& g, T* out, int64_t n, double mean, double std) {
  const std::lock_guard lock(g.mutex());
  stream_normals(
      g, n, [&](int64_t i, double z) { out[i] = narrow<T>(std::exp(std::fma(z, std, mean))); });
}

template <class T>
void fill_exponential(Generator& g, T* out, int64_t n, double lambda) {
  const std::lock_guard lock(g.mutex());
  const double scale = -1.0 / lambda;
  stream_doubles(g, n, [&](int64_t i, double x) { out[i] = narrow<T>(scale * std::log1p(-x)); });
}

template <class T>
void fill_geometric(Generator& g, T* out, int64_t n, double p) {
  const std::lock_guard lock(g.mutex());
  const double scale = std::log1p(-p);
  stream_doubles(g, n,
                 [&](int64_t i, double x) { out[i] = narrow<T>(std::ceil(std::log(x) / scale)); });
}

template <class T>
void fill_cauchy(Generator& g, T* out, int64_t n, double median, double sigma) {
  const std::lock_guard lock(g.mutex());
  stream_doubles(g, n, [&](int64_t i, double x) {
    out[i] = narrow<T>(std::fma(std::tan(std::numbers::pi * (x - 0.5)), sigma, median));
  });
}

#define RL_NORMAL(T)                                                     \
  template void fill_normal<T>(Generator&, T*, int64_t, double, double); \
  template void fill_normal_serial<T>(Generator&, T*, int64_t, double, double);
#define RL_FLOAT(T)                                                          \
  RL_NORMAL(T)                                                               \
  template void fill_exponential<T>(Generator&, T*, int64_t, double);        \
  template void fill_geometric<T>(Generator&, T*, int64_t, double);          \
  template void fill_log_normal<T>(Generator&, T*, int64_t, double, double); \
  template void fill_cauchy<T>(Generator&, T*, int64_t, double, double);
RL_FLOAT(Half)
RL_FLOAT(BFloat16)
RL_FLOAT(float)
RL_FLOAT(double)
RL_NORMAL(Complex64)
RL_NORMAL(Complex128)
template void fill_geometric<uint8_t>(Generator&, uint8_t*, int64_t, double);
template void fill_geometric<int8_t>(Generator&, int8_t*, int64_t, double);
template void fill_geometric<int16_t>(Generator&, int16_t*, int64_t, double);
template void fill_geometric<int32_t>(Generator&, int32_t*, int64_t, double);
template void fill_geometric<int64_t>(Generator&, int64_t*, int64_t, double);
#undef RL_FLOAT
#undef RL_NORMAL

}  // namespace rl::cpu
