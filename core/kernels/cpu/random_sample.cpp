// Poisson, binomial and gamma variates by rejection, and categorical draws by bisection.
#include "core/kernels/cpu/random_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include "core/base/error.h"
#include "core/kernels/cpu/random_stream.h"

namespace rl::cpu {
namespace {

// W. Hoermann, "The transformed rejection method for generating Poisson random variables" (1993),
// algorithm PTRS; below rate 10 the product of uniforms.
double poisson(double rate, Generator& g) {
  if (rate == 0) return 0;
  if (rate < 10) {
    const double limit = std::exp(-rate);
    double product = g.uniform();
    int64_t count = 0;
    for (; product > limit; ++count) product *= g.uniform();
    return static_cast<double>(count);
  }
  const double log_rate = std::log(rate);
  const double b = 0.931 + 2.53 * std::sqrt(rate);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double bound = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const double u = g.uniform() - 0.5;
    const double v = g.uniform();
    const double us = 0.5 - std::fabs(u);
    const double draw = std::floor((2 * a / us + b) * u + rate + 0.43);
    // PyTorch counts in int64: what does not fit becomes its lowest value.
    const double k = draw < 0x1p63 ? draw : -0x1p63;
    if (us >= 0.07 && v <= bound) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <=
        -rate + k * log_rate - std::lgamma(k + 1))
      return k;
  }
}

// log k! less its Stirling approximation.
template <class A>
A stirling_tail(A k) {
  static constexpr double kTable[] = {
      0.0810614667953272,  0.0413406959554092,  0.0276779256849983, 0.02079067210376509,
      0.0166446911898211,  0.0138761288230707,  0.0118967099458917, 0.0104112652619720,
      0.00925546218271273, 0.00833056343336287,
  };
  if (k <= 9) return static_cast<A>(kTable[static_cast<size_t>(k)]);
  const A square = (k + 1) * (k + 1);
  return static_cast<A>((1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1));
}

// Counts geometric waiting times: quick where few successes are expected.
template <class A>
A binomial_inversion(A count, A prob, Generator& g) {
  const A log_miss = std::log1p(-prob);
  A used = 0, hits = 0;
  while (true) {
    used += std::ceil(std::log(static_cast<A>(g.uniform())) / log_miss);
    if (used > count) return hits;
    hits += 1;
  }
}

// W. Hoermann, "The generation of binomial random variates" (1993), algorithm BTRS.
template <class A>
A binomial_rejection(A count, A prob, Generator& g) {
  const A deviation = std::sqrt(count * prob * (1 - prob));
  const A b = static_cast<A>(1.15 + 2.53 * deviation);
  const A a = static_cast<A>(-0.0873 + 0.0248 * b + 0.01 * prob);
  const A c = static_cast<A>(count * prob + 0.5);
  const A bound = static_cast<A>(0.92 - 4.2 / b);
  const A odds = prob / (1 - prob);
  const A alpha = static_cast<A>((2.83 + 5.1 / b) * deviation);
  const A mode = std::floor((count + 1) * prob);
  while (true) {
    const A u = static_cast<A>(static_cast<A>(g.uniform()) - 0.5);
    A v = static_cast<A>(g.uniform());
    const A us = static_cast<A>(0.5 - std::fabs(u));
    const A k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= bound) return k;
    if (k < 0 || k > count) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    const A limit = static_cast<A>(
        (mode + 0.5) * std::log((mode + 1) / (odds * (count - mode + 1))) +
        (count + 1) * std::log((count - mode + 1) / (count - k + 1)) +
        (k + 0.5) * std::log(odds * (count - k + 1) / (k + 1)) + stirling_tail(mode) +
        stirling_tail(count - mode) - stirling_tail(k) - stirling_tail(count - k));
    if (v <= limit) return k;
  }
}

template <class A>
A binomial(A count, A prob, Generator& g) {
  if (count <= 0 || prob <= 0) return 0;
  if (prob >= 1) return count;
  if (std::isnan(prob) || std::isnan(count)) return std::numeric_limits<A>::quiet_NaN();
  const A rare = prob <= static_cast<A>(0.5) ? prob : 1 - prob;
  const A hits =
      count * rare >= 10 ? binomial_rejection(count, rare, g) : binomial_inversion(count, rare, g);
  return rare == prob ? hits : count - hits;
}

// G. Marsaglia and W. Tsang, "A simple method for generating gamma variables" (2000). The shape
// stays in T and the constants are rounded to float, as PyTorch has them.
template <class T>
double gamma(T alpha, Generator& g) {
  double scale = 1;
  if (alpha < 1) {
    if (alpha == 0) return 0;
    scale = std::pow(1 - g.uniform(), static_cast<double>(1 / alpha));
    alpha += 1;
  }
  const double d = alpha - 1.0f / 3.0f;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    double x, y;
    do {
      x = g.normal();
      y = 1 + c * x;
    } while (y <= 0);
    const double v = y * y * y;
    const double u = 1 - g.uniform();
    const double square = x * x;
    if (u < 1 - 0.0331f * square * square) return scale * d * v;
    if (std::log(u) < 0.5 * square + d * (1 - v + std::log(v))) return scale * d * v;
  }
}

template <class T>
T narrow(double value) {
  if constexpr (is_reduced_type<T>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

}  // namespace

template <class T>
void sample_poisson(Generator& g, T* out, const T* rate, int64_t n) {
  const std::lock_guard lock(g.mutex());
  for (int64_t i = 0; i < n; ++i) {
    const auto lambda = static_cast<double>(rate[i]);
    RL_CHECK(lambda >= 0, "invalid Poisson rate, expected rate to be non-negative");
    out[i] = narrow<T>(poisson(lambda, g));
  }
}

template <class T>
void sample_binomial(Generator& g, T* out, const T* count, const T* prob, int64_t n) {
  const std::lock_guard lock(g.mutex());
  for (int64_t i = 0; i < n; ++i) out[i] = binomial(count[i], prob[i], g);
}

template <class T>
void sample_gamma(Generator& g, T* out, const T* alpha, int64_t n) {
  const std::lock_guard lock(g.mutex());
  for (int64_t i = 0; i < n; ++i) {
    out[i] = std::max(std::numeric_limits<T>::min(), static_cast<T>(gamma(alpha[i], g)));
  }
}

template <class T>
void sample_multinomial(Generator& g, int64_t* out, const T* weights, int64_t rows,
                        int64_t categories, int64_t samples) {
  using A = Compute<T>;
  const std::lock_guard lock(g.mutex());
  std::vector<A> cumulative(static_cast<size_t>(categories));
  for (int64_t row = 0; row < rows; ++row) {
    A sum = 0;
    for (int64_t j = 0; j < categories; ++j) {
      const auto w = static_cast<A>(weights[row * categories + j]);
      RL_CHECK(!(w < 0), "invalid multinomial distribution (encountering probability entry < 0)");
      RL_CHECK(
          std::isfinite(w),
          "invalid multinomial distribution (encountering probability entry = infinity or NaN)");
      cumulative[j] = sum += w;
    }
    RL_CHECK(sum > 0, "invalid multinomial distribution (sum of probabilities <= 0)");
    for (A& c : cumulative) c /= sum;
    cumulative.back() = 1;
    int64_t* const to = out + row * samples;
    stream_doubles(g, samples, [&](int64_t i, double u) {
      const auto found = std::lower_bound(cumulative.begin(), cumulative.end(), u,
                                          [](A c, double x) { return c < x; });
      to[i] = found - cumulative.begin();
    });
  }
}

#define RL_SAMPLES(T)                                                 \
  template void sample_poisson<T>(Generator&, T*, const T*, int64_t); \
  template void sample_multinomial<T>(Generator&, int64_t*, const T*, int64_t, int64_t, int64_t);
RL_SAMPLES(Half)
RL_SAMPLES(BFloat16)
RL_SAMPLES(float)
RL_SAMPLES(double)
#undef RL_SAMPLES
template void sample_binomial<float>(Generator&, float*, const float*, const float*, int64_t);
template void sample_binomial<double>(Generator&, double*, const double*, const double*, int64_t);
template void sample_gamma<float>(Generator&, float*, const float*, int64_t);
template void sample_gamma<double>(Generator&, double*, const double*, int64_t);

}  // namespace rl::cpu
